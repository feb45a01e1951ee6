from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest

from wrencos_core.auth.errors import RefreshSuperseded
from wrencos_core.auth.models.session import Session
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.sessions import Sessions, TokenPair
from wrencos_core.testing.threads import run_in_threads


@pytest.fixture
def refresh(client: Any) -> Any:
    return lambda token, **headers: client.post(
        "/api/auth/refresh", json={"refreshToken": token}, headers=headers
    )


def test_rotates(register: Any, refresh: Any, bearer: Any) -> None:
    first = register().json
    second = refresh(first["refreshToken"])
    assert second.status_code == 200
    assert set(second.json) == {"token", "refreshToken"}
    assert second.json["refreshToken"] != first["refreshToken"]
    assert bearer(second.json["token"]) == 200
    assert refresh(second.json["refreshToken"]).status_code == 200


def test_only_a_hash_is_stored(register: Any) -> None:
    token = register().json["refreshToken"]
    stored = str(Session.raw().find_one())
    assert not any(part in stored for part in (token, *token.split(".")[1:]))
    assert len(token.split(".")[1]) >= 43, "256 random bits"


def test_reuse_ends_the_family_and_its_access_tokens(
    register: Any, refresh: Any, bearer: Any, sign_in: Any, clock: Any
) -> None:
    first = register().json
    other = sign_in().json
    second = refresh(first["refreshToken"]).json
    clock.advance(timedelta(seconds=11))
    stolen = refresh(first["refreshToken"])
    assert stolen.status_code == 401
    assert stolen.json["type"] == "urn:wrencos:problem:refresh-token-reused"
    assert bearer(first["token"]) == bearer(second["token"]) == 401
    assert refresh(second["refreshToken"]).status_code == 401
    assert bearer(other["token"]) == 200, "another login of the user goes on"


def test_an_older_token_than_the_last_ends_the_family_without_grace(
    register: Any, refresh: Any, bearer: Any, clock: Any
) -> None:
    first = register().json
    second = refresh(first["refreshToken"]).json
    third = refresh(second["refreshToken"]).json
    assert refresh(first["refreshToken"]).status_code == 401
    assert bearer(third["token"]) == 401


def test_a_repeated_request_gets_nothing_and_ends_nothing(
    register: Any, refresh: Any, bearer: Any, clock: Any
) -> None:
    first = register().json
    second = refresh(first["refreshToken"]).json
    clock.advance(timedelta(seconds=10))
    repeated = refresh(first["refreshToken"])
    assert repeated.status_code == 409
    assert repeated.json["type"] == "urn:wrencos:problem:refresh-superseded"
    assert "token" not in repeated.json
    assert "refreshToken" not in repeated.json
    assert bearer(second["token"]) == 200
    assert refresh(second["refreshToken"]).status_code == 200


def test_of_many_at_once_exactly_one_wins(platform: Any, register: Any, refresh: Any) -> None:
    token = register().json["refreshToken"]
    sessions = platform.services.require(Sessions)
    outcomes = run_in_threads(8, lambda _: sessions.refresh(token))
    won = [outcome for outcome in outcomes if isinstance(outcome, TokenPair)]
    assert len(won) == 1
    assert sum(isinstance(outcome, RefreshSuperseded) for outcome in outcomes) == 7, outcomes
    assert refresh(won[0].refresh_token).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "garbage",
        lambda token: token + "x",
        lambda token: token[:-1],
        lambda token: "é" + token,
        lambda token: token.replace(".", "", 1),
        lambda token: f"{token.split('.')[0]}.{'A' * 43}.{token.split('.')[2]}",
    ],
)
def test_a_token_that_was_never_issued_is_refused_and_ends_nothing(
    register: Any, refresh: Any, bearer: Any, change: Any
) -> None:
    pair = register().json
    answer = refresh(change(pair["refreshToken"]))
    assert answer.status_code == 401
    assert answer.json["type"] == "urn:wrencos:problem:invalid-refresh-token"
    assert bearer(pair["token"]) == 200


def test_lasts_thirty_days_from_the_last_refresh(register: Any, refresh: Any, clock: Any) -> None:
    token = register().json["refreshToken"]
    clock.advance(timedelta(days=29))
    token = refresh(token).json["refreshToken"]
    clock.advance(timedelta(days=29))
    token = refresh(token).json["refreshToken"]
    clock.advance(timedelta(days=30))
    assert refresh(token).status_code == 401


def test_works_beside_an_expired_access_token(register: Any, refresh: Any, clock: Any) -> None:
    pair = register().json
    clock.advance(timedelta(minutes=16))
    expired = f"Bearer {pair['token']}"
    assert refresh(pair["refreshToken"], Authorization=expired).status_code == 200


@pytest.mark.parametrize("body", [{}, {"refreshToken": 5}, {"refreshToken": ""}])
def test_bad_input_is_named(client: Any, body: Any) -> None:
    answer = client.post("/api/auth/refresh", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["refreshToken"]


def test_an_access_token_lasts_fifteen_minutes(register: Any, client: Any, clock: Any) -> None:
    token = register().json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    clock.advance(timedelta(minutes=15, seconds=-1))
    assert client.get("/api/auth/me", headers=headers).status_code == 200
    clock.advance(timedelta(seconds=1))
    expired = client.get("/api/auth/me", headers=headers)
    assert expired.status_code == 401
    assert expired.json["type"] == "urn:wrencos:problem:token-expired"


def forged(key: str, algorithm: str = "HS256", **changes: Any) -> str:
    user = User.raw().find_one()
    claims = {
        "sub": user["_id"],
        "sid": user["live_sessions"][0],
        "type": "access",
        "exp": 4102444800,
    } | changes
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None}, key, algorithm
    )


def test_forged_and_garbage_access_tokens_are_401(
    register: Any, client: Any, platform: Any
) -> None:
    register()
    key = platform.secret_key
    nested = jwt.encode({"a": 1}, key).split(".")
    deep = "W1tb" * 20000
    headers = [
        "Bearer",
        "Bearer ",
        "Bearer garbage",
        "Bearer a.b.c",
        "Bearer ééé",
        "Basic bGFuOmxhbg==",
        f"Bearer {nested[0]}.{deep}.{nested[2]}",
        f"Bearer {forged('x' * 40)}",
        f"Bearer {forged('', 'none')}",
        f"Bearer {forged(key, sub=None)}",
        f"Bearer {forged(key, sub=5)}",
        f"Bearer {forged(key, sid={'$ne': ''})}",
        f"Bearer {forged(key, sid='session_other')}",
        f"Bearer {forged(key, type='refresh')}",
        f"Bearer {forged(key, exp=None)}",
    ]
    for header in headers:
        answer = client.get("/api/auth/me", headers={"Authorization": header})
        assert answer.status_code == 401, header[:60]
        assert answer.content_type == "application/problem+json"
    good = client.get("/api/auth/me", headers={"Authorization": f"Bearer {forged(key)}"})
    assert good.status_code == 200, "the test's own forgery is wrong"


def test_jwt_required_of_the_library_gives_our_problems(
    register: Any, app: Any, client: Any, platform: Any
) -> None:
    from flask_jwt_extended import current_user, get_jwt_identity, jwt_required

    @jwt_required()  # type: ignore[untyped-decorator]
    def view() -> str:
        assert current_user.user_id == get_jwt_identity()
        return str(get_jwt_identity())

    def answer(token: str) -> Any:
        with app.test_request_context(headers={"Authorization": f"Bearer {token}"}):
            try:
                return app.make_response(view())
            except Exception as error:
                return app.make_response(app.handle_user_exception(error))

    pair = register().json
    assert answer(pair["token"]).get_data(as_text=True) == pair["userId"]
    platform.services.require(Sessions).end_all(pair["userId"], "test")
    for token, slug in ((pair["token"], "session-ended"), ("garbage", "invalid-token")):
        refused = answer(token)
        assert refused.status_code == 401
        assert refused.json["type"] == f"urn:wrencos:problem:{slug}"
