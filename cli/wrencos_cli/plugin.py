"""`wrencos plugin`: what is installed, what a plugin brings, and the beginning of a new one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wrencos_cli.session import Session, pass_session
from wrencos_core.cli import fail, print_json, print_table

if TYPE_CHECKING:
    from wrencos_core.platform import Platform
    from wrencos_core.plugins import PluginStatus

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("plugin")
def command() -> None:
    """List plugins, show one, or begin a new one."""


@command.command("list")
@_AS_JSON
@pass_session
def list_plugins(session: Session, as_json: bool) -> None:
    """List the plugins: enabled, disabled, or refused and why."""
    statuses = session.offline().plugins.statuses
    rows = [summary(statuses[name]) for name in sorted(statuses)]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["Plugin", "Version", "State", "Description"],
        [(r["name"], r["version"], _state(r), r["reason"] or r["description"]) for r in rows],
    )


def _state(row: dict[str, Any]) -> str:
    return "built in" if row["built_in"] else str(row["state"])


def summary(status: PluginStatus) -> dict[str, Any]:
    """What there is to say of a plugin in one line."""
    from wrencos_core.platform import BUILT_IN

    module = status.module.__name__ if status.module else None
    return {
        "name": status.name,
        "title": status.info.title if status.info else None,
        "description": status.info.description if status.info else None,
        "version": status.info.version if status.info else None,
        "state": status.state,
        "reason": status.reason or None,
        "built_in": module in BUILT_IN,
        "module": module,
    }


@command.command("show")
@click.argument("name")
@_AS_JSON
@pass_session
def show(session: Session, name: str, as_json: bool) -> None:
    """Show what the plugin NAME brings."""
    platform = session.offline()
    status = platform.plugins.statuses.get(name)
    if status is None:
        fail(f"There is no plugin {name!r}; `wrencos plugin list` has those there are.")
    data = summary(status) | _brought(platform, name)
    if as_json:
        print_json(data)
        return
    rows = [(key.replace("_", " ").capitalize(), _cell(value)) for key, value in data.items()]
    print_table(["", name], [row for row in rows if row[1]])


def _brought(platform: Platform, name: str) -> dict[str, list[str]]:
    """The names of all that an enabled plugin registered; empty lists for one that is off."""

    def collect(hook: str, **arguments: Any) -> list[Any]:
        return [
            item for owner, item in platform.plugins.collect(hook, **arguments) if owner == name
        ]

    settings = collect("register_settings")
    return {
        "settings": [cls.environment_name(field) for cls in settings for field in cls.model_fields],
        "collections": [m._get_collection_name() for m in collect("register_models")],
        "migrations": [migration.id for migration in collect("register_migrations")],
        "permissions": [permission.name for permission in collect("register_permissions")],
        "subscribers": [
            f"{s.name} ({s.event.name})" for s in collect("register_subscribers", platform=platform)
        ],
        "jobs": [job.name for job in collect("register_jobs", platform=platform)],
        "schedules": [s.name for s in collect("register_schedules", platform=platform)],
        "commands": [command.name or "" for command in collect("register_commands")],
        "hooks": sorted(
            caller.name
            for caller in platform.plugins.pluggy.get_hookcallers(
                platform.plugins.pluggy.get_plugin(name)
            )
            or ()
        ),
    }


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(value)
    return "yes" if value is True else str(value or "")


@command.command("new")
@click.argument("name")
@click.option(
    "--path",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder in which the plugin's folder is made [default: this one].",
)
def new(name: str, path: Path) -> None:
    """Begin the plugin NAME: a distribution that works, with tests that pass.

    It is made in the folder wrencos-NAME. It stores notes, to show where everything goes.
    """
    from wrencos_cli.plugin_template import write_plugin

    folder = write_plugin(name, path)
    click.echo(f"Made {folder}. Next:\n")
    click.echo(f"  pip install -e {folder}\n  pytest {folder}\n  wrencos plugin show {name}")
