"""`wrencos user`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cli.places import Run, printed
from wrencos_core.audit import AuditEntry

MAIL = "linh@example.test"
PASSWORD = "Jasmine-rice-42"


def log_in(client: FlaskClient, password: str) -> int:
    body = {"email": MAIL, "password": password}
    return client.post("/api/auth/login", json=body).status_code


def users(run: Run, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = printed(run("user", "list", "--json", *options))["users"]
    return found


def test_a_generated_password_is_shown_and_works(run: Run, client: FlaskClient) -> None:
    made = printed(run("user", "create", MAIL, "--role", "admin", "--json"))
    assert log_in(client, made["password"]) == 200
    (row,) = users(run)
    assert (row["id"], row["role"]) == (made["id"], "admin")
    assert "password" not in json.dumps(row)


def test_a_password_from_standard_input(run: Run, client: FlaskClient) -> None:
    made = run("user", "create", MAIL, "--role", "admin", "--password-stdin", input=f"{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    assert log_in(client, PASSWORD) == 200


def test_roles_and_states(run: Run, client: FlaskClient) -> None:
    run("user", "create", "first@example.test", "--role", "admin")
    made = run("user", "create", MAIL, "--role", "customer", "--password-stdin", input=PASSWORD)
    assert made.exit_code == 0
    assert run("user", "set-role", MAIL, "staff").output == f"{MAIL} is staff now.\n"
    assert [row["email"] for row in users(run, "--role", "staff")] == [MAIL]
    (row,) = users(run, "--search", "linh")
    assert run("user", "disable", row["id"]).exit_code == 0
    assert log_in(client, PASSWORD) == 403
    assert users(run, "--search", "linh")[0]["disabled"] is True
    assert run("user", "enable", MAIL).exit_code == 0
    assert log_in(client, PASSWORD) == 200
    entry = AuditEntry.raw().find_one({"action": "auth.users.disable"})
    assert entry["channel"] == "cli"


def test_permissions_of_staff(run: Run) -> None:
    create = ["user", "create", MAIL, "--permission", "auth.users.read", "--role"]
    assert run(*create, "customer").exit_code == 2
    assert run(*create, "staff").exit_code == 0
    assert users(run)[0]["permissions"] == ["auth.users.read"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "no-address", "--role", "admin"], "email"),
        (["create", MAIL], "--role"),
        (["create", MAIL, "--role", "queen"], "queen"),
        (["create", MAIL, "--role", "admin", "--password-stdin"], "no password"),
        (["set-role", "nobody@example.test", "staff"], "nobody@example.test"),
        (["disable", "user_unknown"], "user_unknown"),
        (["enable", "nobody@example.test"], "nobody@example.test"),
    ],
)
def test_what_is_refused(run: Run, arguments: list[str], message: str) -> None:
    refused = run("user", *arguments)
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert not users(run)


def test_an_address_is_taken_once_and_an_admin_stays(run: Run) -> None:
    assert run("user", "create", MAIL, "--role", "admin").exit_code == 0
    assert run("user", "create", MAIL, "--role", "staff").exit_code == 2
    assert run("user", "set-role", MAIL, "customer").exit_code == 2
    assert run("user", "disable", MAIL).exit_code == 2
    assert users(run)[0]["role"] == "admin"


def test_an_empty_table_says_so(run: Run) -> None:
    assert run("user", "list").output == "No users.\n"
    run("user", "create", MAIL, "--role", "admin")
    assert MAIL in run("user", "list").output
