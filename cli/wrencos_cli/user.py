"""`wrencos user`: accounts, by someone who holds the keys of the machine."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from typing import Any

import click

from wrencos_core.cli import fail, pass_platform, print_json, print_table
from wrencos_core.identity import Identity, Role
from wrencos_core.platform import Platform

# Whoever can run a command on the shop's machine is its owner.
CLI = Identity(is_system=True, channel="cli")
_ROLES = click.Choice([role.value for role in Role])
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("user")
def command() -> None:
    """Create users and change their role or state."""


@command.command("create")
@click.argument("email")
@click.option("--role", type=_ROLES, required=True, help="What the user is to the shop.")
@click.option("--permission", "permissions", multiple=True, help="Granted to staff; repeatable.")
@click.option("--first-name", default="", help="First name [default: the address's first part].")
@click.option("--last-name", default="", help="Last name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--generate-password", is_flag=True, help="Make one up and show it once.")
@_AS_JSON
@pass_platform
def create(
    platform: Platform,
    email: str,
    role: str,
    permissions: tuple[str, ...],
    first_name: str,
    last_name: str,
    password_stdin: bool,
    generate_password: bool,
    as_json: bool,
) -> None:
    """Create a user with the address EMAIL.

    On a terminal it asks for a password, else it makes one up and shows it once.
    """
    from wrencos_core.auth.services.accounts import Accounts, Person

    if password_stdin and generate_password:
        raise click.UsageError("--password-stdin and --generate-password exclude each other.")
    if permissions and role != Role.STAFF:
        raise click.UsageError("--permission is for --role staff.")
    password, shown = _password(password_stdin, generate_password)
    name = first_name or email.partition("@")[0] or email
    person = Person(
        email=email, password=password, first_name=name, last_name=last_name or role.title()
    )
    accounts = platform.services.require(Accounts)
    user_id = accounts.create_user(CLI, person, Role(role), tuple(permissions))
    if as_json:
        print_json({"id": user_id, "email": email, "role": role, "password": shown})
        return
    click.echo(f"Created {role} {email}: {user_id}")
    if shown:
        click.echo(f"Password, shown only now: {shown}")


def _password(from_stdin: bool, generate: bool) -> tuple[str, str | None]:
    """The password, and once more when it must be shown."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        return given or fail("There is no password on standard input."), None
    if not generate and sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), None
    made = secrets.token_urlsafe(18)
    return made, made


@command.command("list")
@click.option("--role", type=_ROLES, help="Only these.")
@click.option("--search", help="Beginning of an address, a name or a phone number.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@_AS_JSON
@pass_platform
def list_users(
    platform: Platform, role: str | None, search: str | None, limit: int, as_json: bool
) -> None:
    """List users, the newest first."""
    from wrencos_core.auth.services.users import Users

    page = platform.services.require(Users).list(
        skip=0, limit=limit, role=Role(role) if role else None, search=search
    )
    rows = [_shown(row) for row in page.rows]
    if as_json:
        print_json({"users": rows, "total": page.total})
        return
    columns = ["Id", "Address", "Name", "Role", "State", "Since (UTC)"]
    print_table(columns, [_cells(row) for row in rows], empty="No users.")
    if page.total > len(rows):
        click.echo(f"{len(rows)} of {page.total}; --limit shows more.")


def _shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "id": row["_id"],
        "email": row["email"],
        "username": row["username"],
        "name": f"{row['first_name']} {row['last_name']}",
        "role": row["role"],
        "permissions": row.get("permissions", []),
        "disabled": bool(row.get("disabled_at")),
        "created_at": row["created_at"],
    }


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    state = "disabled" if row["disabled"] else "active"
    since = row["created_at"].strftime("%Y-%m-%d")
    return row["id"], row["email"], row["name"], row["role"], state, since


@command.command("set-role")
@click.argument("user")
@click.argument("role", type=_ROLES)
@pass_platform
def set_role(platform: Platform, user: str, role: str) -> None:
    """Give USER (an id or an address) another ROLE, which counts at once."""
    from wrencos_core.auth.services.users import Users

    row = platform.services.require(Users).set_role(CLI, _id_of(platform, user), Role(role))
    click.echo(f"{row['email']} is {row['role']} now.")


@command.command("disable")
@click.argument("user")
@pass_platform
def disable(platform: Platform, user: str) -> None:
    """End the logins of USER (an id or an address) and keep them out."""
    from wrencos_core.auth.services.users import Users

    row = platform.services.require(Users).disable(CLI, _id_of(platform, user))
    click.echo(f"{row['email']} is disabled.")


@command.command("enable")
@click.argument("user")
@pass_platform
def enable(platform: Platform, user: str) -> None:
    """Let the disabled USER (an id or an address) log in again."""
    from wrencos_core.auth.services.users import Users

    row = platform.services.require(Users).enable(CLI, _id_of(platform, user))
    click.echo(f"{row['email']} can log in again.")


def _id_of(platform: Platform, user: str) -> str:
    if "@" not in user:
        return user
    from wrencos_core.contracts.auth import UserDirectory

    found = platform.services.require(UserDirectory).find_by_email(user)
    return found.user_id if found else fail(f"There is no user with the address {user}.")
