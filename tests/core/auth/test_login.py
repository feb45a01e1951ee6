from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.accounts import Accounts
from wrencos_core.auth.services.passwords import Passwords
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.errors import NotAuthenticated, TooManyRequests
from wrencos_core.testing.threads import run_in_threads

PASSWORD = "Jasmine-rice-42"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_answers_with_tokens_and_the_user(register: Any, sign_in: Any, bearer: Any) -> None:
    user_id = register().json["userId"]
    answer = sign_in("LAN@example.test")
    assert answer.status_code == 200
    assert set(answer.json) == {"token", "refreshToken", "user"}
    assert bearer(answer.json["token"]) == 200
    user = answer.json["user"]
    assert (user["userId"], user["email"]) == (user_id, "lan@example.test")
    assert (user["role"], user["firstName"], user["disabled"]) == ("customer", "Lan", False)


def test_wrong_password_and_unknown_address_get_one_answer(register: Any, sign_in: Any) -> None:
    register()
    wrong, unknown = sign_in(password="not-my-password"), sign_in("nobody@example.test")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json["type"] == "urn:wrencos:problem:invalid-credentials"
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    told = [{k: v for k, v in a.json.items() if k != "requestId"} for a in (wrong, unknown)]
    assert told[0] == told[1]


def test_an_unknown_address_costs_a_hash_too(
    platform: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    passwords = platform.services.require(Passwords)
    real = passwords._matches

    def counting(stored: str, password: str) -> bool:
        verified.append(stored)
        return bool(real(stored, password))

    monkeypatch.setattr(passwords, "_matches", counting)
    sign_in("nobody@example.test")
    assert len(verified) == 1
    assert not passwords.is_outdated(verified[0])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": PASSWORD}, "email"),
        ({"email": "lan@example.test"}, "password"),
        ({"email": "lan@example.test", "password": {"$ne": ""}}, "password"),
        ({"email": {"$gt": ""}, "password": PASSWORD}, "email"),
        ({"email": "lan", "password": PASSWORD}, "email"),
        ({"email": "lan@example.test", "password": PASSWORD, "remember": True}, "remember"),
    ],
)
def test_bad_input_is_named_by_its_field(client: Any, body: Any, field: str) -> None:
    answer = client.post("/api/auth/login", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_guesses_at_one_account_are_throttled_and_forgotten(
    register: Any, sign_in: Any, clock: Any, platform: Any
) -> None:
    register()
    most = platform.settings_for(AuthSettings).login_attempts_per_account_and_address
    for _ in range(most):
        assert sign_in(password="not-my-password").status_code == 401
        clock.advance(timedelta(seconds=1))
    refused = sign_in()
    assert refused.status_code == 429
    # The window slides: the first guess leaves it 15 minutes after it was made.
    assert refused.headers["Retry-After"] == str(15 * 60 - most)
    clock.advance(timedelta(seconds=15 * 60 - most))
    assert sign_in().status_code == 200
    assert sign_in().status_code == 200


def test_an_unknown_account_is_throttled_alike(sign_in: Any, platform: Any) -> None:
    most = platform.settings_for(AuthSettings).login_attempts_per_account_and_address
    statuses = [sign_in("nobody@example.test").status_code for _ in range(most + 1)]
    assert statuses == [401] * most + [429]


def test_guesses_from_one_address_are_throttled_across_accounts(make_platform: Any) -> None:
    platform = make_platform(settings={AuthSettings: {"login_attempts_per_address": 3}})
    accounts = platform.services.require(Accounts)
    for number in range(3):
        with pytest.raises(NotAuthenticated):
            accounts.login(f"u{number}@example.test", PASSWORD, "192.0.2.1")
    with pytest.raises(Exception, match="Too many attempts"):
        accounts.login("u4@example.test", PASSWORD, "192.0.2.1")
    with pytest.raises(NotAuthenticated):
        accounts.login("u5@example.test", PASSWORD, "192.0.2.2")


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(
    platform: Any, register: Any, sign_in: Any, client: Any
) -> None:
    register()
    settings = platform.settings_for(AuthSettings)
    body = {"email": "lan@example.test", "password": "not-my-password"}
    # More than the account may be tried in all: what one address is refused is not counted for it.
    statuses = {
        client.post(
            "/api/auth/login", json=body, environ_base={"REMOTE_ADDR": f"2001:db8::{n + 1:x}"}
        ).status_code
        for n in range(settings.login_attempts_per_account)
    }
    assert statuses == {401, 429}
    assert sign_in().status_code == 200


def test_guesses_at_one_account_from_many_addresses_are_throttled(make_platform: Any) -> None:
    platform = make_platform(settings={AuthSettings: {"login_attempts_per_account": 5}})
    accounts = platform.services.require(Accounts)
    for number in range(5):
        with pytest.raises(NotAuthenticated):
            accounts.login("lan@example.test", "not-my-password", f"192.0.2.{number}")
    with pytest.raises(TooManyRequests):
        accounts.login("lan@example.test", "not-my-password", "192.0.2.9")


def test_a_right_password_uncounts_only_itself_for_the_account(
    make_platform: Any, make_app: Any
) -> None:
    platform = make_platform(settings={AuthSettings: {"login_attempts_per_account": 3}})
    client = make_app(platform).test_client()
    body = {"email": "l@example.test", "password": PASSWORD, "firstName": "L", "lastName": "N"}
    assert client.post("/api/auth/register", json=body).status_code == 201
    accounts = platform.services.require(Accounts)
    for number in range(2):
        with pytest.raises(NotAuthenticated):
            accounts.login("l@example.test", "not-my-password", f"192.0.2.{number}")
    for _ in range(3):
        accounts.login("l@example.test", PASSWORD, "192.0.2.7")
    with pytest.raises(NotAuthenticated):
        accounts.login("l@example.test", "not-my-password", "192.0.2.2")
    with pytest.raises(TooManyRequests):
        accounts.login("l@example.test", "not-my-password", "192.0.2.3")


def test_guesses_at_once_do_not_outrun_the_count(platform: Any, register: Any) -> None:
    register()
    accounts = platform.services.require(Accounts)
    most = platform.settings_for(AuthSettings).login_attempts_per_account_and_address
    outcomes = run_in_threads(
        most + 6, lambda n: accounts.login("lan@example.test", f"guess-number-{n}", "192.0.2.1")
    )
    refused = [type(outcome).__name__ for outcome in outcomes]
    assert sorted(set(refused)) == ["InvalidCredentials", "TooManyRequests"]
    assert refused.count("InvalidCredentials") == most


def test_a_right_password_forgets_the_wrong_ones(
    register: Any, sign_in: Any, platform: Any
) -> None:
    register()
    most = platform.settings_for(AuthSettings).login_attempts_per_account_and_address
    for _ in range(2):
        for _ in range(most - 1):
            assert sign_in(password="not-my-password").status_code == 401
        assert sign_in().status_code == 200


def test_a_hash_with_old_parameters_is_renewed(register: Any, sign_in: Any, platform: Any) -> None:
    user_id = register().json["userId"]
    other = Passwords(AuthSettings(password_memory_kib=9 * 1024, password_rounds=3))
    User.raw().update_one({"_id": user_id}, {"$set": {"password_hash": other.hash(PASSWORD)}})
    assert platform.services.require(Passwords).is_outdated(User.get(user_id).password_hash)
    assert sign_in().status_code == 200
    assert not platform.services.require(Passwords).is_outdated(User.get(user_id).password_hash)
    assert sign_in().status_code == 200


@pytest.mark.parametrize("change", [{"password_hash": "another"}, {"disabled_at": NOW}])
def test_a_change_while_the_password_is_verified_refuses_the_login(
    platform: Any,
    register: Any,
    sign_in: Any,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
) -> None:
    user_id = register().json["userId"]
    before = User.get(user_id).live_sessions
    passwords = platform.services.require(Passwords)
    real = passwords.verify

    def verify_and_change(stored: str, password: str) -> bool:
        answer = bool(real(stored, password))
        User.raw().update_one({"_id": user_id}, {"$set": change})
        return answer

    monkeypatch.setattr(passwords, "verify", verify_and_change)
    assert sign_in().status_code == 401
    assert User.get(user_id).live_sessions == before


def test_only_the_newest_sessions_stay_alive(make_platform: Any, make_app: Any) -> None:
    platform = make_platform(settings={AuthSettings: {"sessions_per_user": 2}})
    client = make_app(platform).test_client()
    body = {"email": "l@example.test", "password": PASSWORD, "firstName": "L", "lastName": "N"}
    tokens = [client.post("/api/auth/register", json=body).json["token"]]
    for _ in range(2):
        answer = client.post("/api/auth/login", json={k: body[k] for k in ("email", "password")})
        tokens.append(answer.json["token"])
    statuses = [
        client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code
        for token in tokens
    ]
    assert statuses == [401, 200, 200]


def test_secrets_are_neither_answered_nor_logged(
    register: Any, sign_in: Any, client: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    user_id = register().json["userId"]
    answer = sign_in()
    sign_in(password="a-wrong-secret-word")
    client.post("/api/auth/refresh", json={"refreshToken": answer.json["refreshToken"]})
    client.post("/api/auth/register", json={"password": PASSWORD, "email": 5})
    stored = User.get(user_id)
    logged = "".join(capfd.readouterr())
    assert "/api/auth/login" in logged
    for secret in (
        PASSWORD,
        "a-wrong-secret-word",
        stored.password_hash,
        answer.json["token"],
        answer.json["refreshToken"],
    ):
        assert secret not in logged
    shown = client.get(
        "/api/auth/me/export", headers={"Authorization": f"Bearer {answer.json['token']}"}
    ).get_data(as_text=True)
    for text in (answer.get_data(as_text=True), shown):
        assert "argon2" not in text
        assert "passwordHash" not in text
        assert "password_hash" not in text
        assert "token_hash" not in text
