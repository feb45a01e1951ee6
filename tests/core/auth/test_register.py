from __future__ import annotations

from typing import Any

import pytest

from wrencos_core.auth.errors import EmailTaken
from wrencos_core.auth.models.session import Session
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.accounts import Accounts, Person
from wrencos_core.errors import Invalid, PermissionDenied
from wrencos_core.identity import ANONYMOUS, SYSTEM, Identity, Role
from wrencos_core.testing.threads import run_in_threads

PASSWORD = "Jasmine-rice-42"


def test_answers_with_the_users_id_and_tokens_that_work(register: Any, bearer: Any) -> None:
    answer = register()
    assert answer.status_code == 201
    assert set(answer.json) == {"userId", "token", "refreshToken"}
    assert answer.json["userId"].startswith("user_")
    assert bearer(answer.json["token"]) == 200


@pytest.mark.parametrize("role", ["customer", "staff", "admin"])
def test_nobody_gains_a_role_by_registering(register: Any, role: str) -> None:
    user_id = register(role=role).json["userId"]
    stored = User.get(user_id)
    assert stored.role == "customer"
    assert stored.permissions == []


def test_stores_what_was_given_and_an_argon2id_hash(register: Any) -> None:
    answer = register(
        email="  Lan@Example.TEST ", username="Lan.Ng", phone="+84 90 123 4567", locale="vi"
    )
    user = User.get(answer.json["userId"])
    assert (user.email, user.username) == ("lan@example.test", "lan.ng")
    assert (user.phone, user.locale) == ("+84 90 123 4567", "vi")
    assert (user.first_name, user.last_name) == ("Lan", "Nguyễn")
    assert user.password_hash.startswith("$argon2id$v=19$")
    assert user.email_verified_at is None


def test_makes_up_a_username_that_does_not_tell_the_address(register: Any) -> None:
    answer = register(email="secret.name@example.test", firstName="Đức")
    username = User.get(answer.json["userId"]).username
    assert username.startswith("duc-")
    assert "secret" not in username


def test_an_address_is_taken_however_it_is_written(register: Any) -> None:
    assert register().status_code == 201
    again = register(email="LAN@example.test")
    assert again.status_code == 409
    assert again.json["type"] == "urn:wrencos:problem:email-taken"
    assert again.content_type == "application/problem+json"


def test_a_username_is_taken(register: Any) -> None:
    assert register(username="lan").status_code == 201
    again = register(email="other@example.test", username="LAN")
    assert again.status_code == 409
    assert again.json["type"] == "urn:wrencos:problem:username-taken"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", None),
        ("email", "no address"),
        ("email", "a@b"),
        ("email", 5),
        ("password", None),
        ("password", "short"),
        ("password", "x" * 257),
        ("password", "\ud800" * 12),
        ("firstName", None),
        ("firstName", "   "),
        ("firstName", "x" * 81),
        ("lastName", None),
        ("role", "owner"),
        ("username", "no spaces"),
        ("username", "ab"),
        ("phone", "call me"),
        ("locale", "fr"),
        ("isAdmin", True),
        ("permissions", ["auth.users.write"]),
    ],
)
def test_bad_input_is_named_by_its_field(register: Any, field: str, value: Any) -> None:
    answer = register(**{field: value})
    assert answer.status_code == 422, answer.json
    assert list(answer.json["errors"]) == [field]
    assert User.objects.count() == 0


@pytest.mark.parametrize(
    "password", ["password1234", "Qwertyuiop!", "lan.nguyen-2026", "aaaaaaaaaaaa", "1234567890"]
)
def test_a_password_that_is_easily_guessed_is_refused(register: Any, password: str) -> None:
    answer = register(email="lan.nguyen@example.test", password=password)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["password"]


@pytest.mark.parametrize("field", ["firstName", "lastName"])
@pytest.mark.parametrize("name", ["You won!\n\nClaim it", "See http://evil.example/x", "\u202e"])
def test_a_name_can_be_no_message_in_our_mail(
    register: Any, login: Any, run_jobs: Any, sent_mail: Any, field: str, name: str
) -> None:
    answer = register(**{field: name})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    run_jobs()
    assert sent_mail() == []
    assert login().patch("/api/auth/me", json={field: name}).status_code == 422


def test_publishes_the_event_without_personal_data(register: Any, outbox_events: Any) -> None:
    user_id = register().json["userId"]
    (event,) = outbox_events("auth.user_registered")
    assert event["_id"] == f"{user_id}:registered"
    assert event["payload"]["user_id"] == user_id
    assert event["payload"]["role"] == "customer"
    assert "lan" not in str(event["payload"]).lower()


def test_many_at_once_with_one_address_make_one_user(platform: Any, outbox_events: Any) -> None:
    accounts = platform.services.require(Accounts)

    def attempt(number: int) -> Any:
        return accounts.register(
            Person(
                email="lan@example.test", password=PASSWORD, first_name="Lan", last_name=str(number)
            )
        )

    outcomes = run_in_threads(8, attempt)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 7
    assert all(isinstance(error, EmailTaken) for error in refused), refused
    assert User.objects.count() == Session.objects.count() == 1
    assert len(outbox_events("auth.user_registered")) == 1


@pytest.mark.parametrize(
    "identity", [ANONYMOUS, Identity(user_id="user_x", role=Role.STAFF), Identity("user_y")]
)
def test_only_admins_and_the_cli_make_users_with_a_role(platform: Any, identity: Identity) -> None:
    person = Person(email="a@example.test", password=PASSWORD, first_name="A", last_name="B")
    with pytest.raises(PermissionDenied):
        platform.services.require(Accounts).create_user(identity, person, Role.ADMIN)
    assert User.objects.count() == 0


def test_the_cli_makes_an_admin_and_it_is_audited(platform: Any) -> None:
    from wrencos_core.audit import AuditEntry

    person = Person(email="a@example.test", password=PASSWORD, first_name="A", last_name="B")
    cli = Identity(is_system=True, channel="cli")
    user_id = platform.services.require(Accounts).create_user(cli, person, Role.ADMIN)
    assert User.get(user_id).role == "admin"
    entry = AuditEntry.objects.get(target=user_id)
    assert (entry.action, entry.channel) == ("auth.users.create", "cli")
    assert "argon2" not in str(entry.to_mongo())


@pytest.mark.parametrize(
    ("role", "permissions"),
    [(Role.CUSTOMER, ("shop.tables.read",)), (Role.STAFF, ("shop.tables.burn",))],
)
def test_grants_at_creation_are_checked(
    platform: Any, role: Role, permissions: tuple[str, ...]
) -> None:
    person = Person(email="a@example.test", password=PASSWORD, first_name="A", last_name="B")
    with pytest.raises(Invalid):
        platform.services.require(Accounts).create_user(SYSTEM, person, role, permissions)
    assert User.objects.count() == 0
