from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wrencos_core.auth.models.one_time_token import OneTimeToken
from wrencos_core.auth.models.session import Session
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.privacy import Privacy
from wrencos_core.identity import Identity

PASSWORD = "Jasmine-rice-42"
NEW = "Lotus-blossom-77"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/auth/logout"),
        ("POST", "/api/auth/logout-all"),
        ("GET", "/api/auth/me"),
        ("PATCH", "/api/auth/me"),
        ("DELETE", "/api/auth/me"),
        ("GET", "/api/auth/me/export"),
        ("PUT", "/api/auth/password"),
        ("POST", "/api/auth/verify-email/resend"),
        ("GET", "/api/users"),
        ("GET", "/api/users/user_x"),
        ("PUT", "/api/users/user_x/roles"),
        ("PUT", "/api/users/user_x/permissions"),
        ("PUT", "/api/users/user_x/status"),
    ],
)
def test_needs_a_login(client: Any, method: str, path: str) -> None:
    answer = client.open(path, method=method, json={})
    assert answer.status_code == 401
    assert answer.json["type"] == "urn:wrencos:problem:not-authenticated"


def test_logging_out_ends_this_login_only(
    register: Any, sign_in: Any, bearer: Any, client: Any
) -> None:
    first, second = register().json, sign_in().json
    answer = client.post("/api/auth/logout", headers={"Authorization": f"Bearer {first['token']}"})
    assert answer.status_code == 200
    assert (bearer(first["token"]), bearer(second["token"])) == (401, 200)
    gone = client.post("/api/auth/refresh", json={"refreshToken": first["refreshToken"]})
    assert gone.status_code == 401


def test_logging_out_everywhere_ends_all(
    register: Any, sign_in: Any, bearer: Any, client: Any
) -> None:
    first, second = register().json, sign_in().json
    client.post("/api/auth/logout-all", headers={"Authorization": f"Bearer {first['token']}"})
    assert (bearer(first["token"]), bearer(second["token"])) == (401, 401)
    assert Session.objects(ended_at=None).count() == 0


def test_shows_the_account_with_its_effective_permissions(login: Any) -> None:
    caller = login("staff", ["shop.tables.write"])
    answer = caller.get("/api/auth/me").json
    assert answer["user"]["userId"] == caller.user_id
    assert answer["user"]["permissions"] == ["shop.tables.write"]
    assert answer["permissions"] == ["shop.tables.read", "shop.tables.write"]
    assert login("customer").get("/api/auth/me").json["permissions"] == []


def test_changes_only_what_is_sent(login: Any) -> None:
    caller = login()
    home = {"street": "1 Lê Lợi", "city": "Huế", "country": "VN"}
    body = {"phone": "0901 234 567", "address": home, "locale": "vi"}
    answer = caller.patch("/api/auth/me", json=body)
    assert answer.status_code == 200
    user = answer.json["user"]
    assert (user["phone"], user["locale"], user["lastName"]) == ("0901 234 567", "vi", "Nguyễn")
    assert user["address"] == home | {"state": None, "zip": None}
    cleared = caller.patch("/api/auth/me", json={"phone": None, "address": None}).json["user"]
    assert (cleared["phone"], cleared["address"]) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"email": "x@example.test"},
        {"role": "admin"},
        {"permissions": ["auth.users.write"]},
        {"disabled": False},
        {"firstName": None},
        {"firstName": ""},
        {"username": "no spaces"},
        {"phone": "call me"},
        {"locale": "fr"},
        {"address": {"street": "1 Lê Lợi"}},
        {"address": {"street": "1", "city": "Huế", "country": "Vietnam"}},
        {"address": "1 Lê Lợi"},
    ],
)
def test_a_profile_change_is_checked_and_gains_nothing(login: Any, body: Any) -> None:
    caller = login()
    before = User.raw().find_one({"_id": caller.user_id})
    answer = caller.patch("/api/auth/me", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(body)
    assert User.raw().find_one({"_id": caller.user_id}) == before


def test_another_ones_username_is_taken(login: Any, register: Any) -> None:
    register(username="lan")
    answer = login().patch("/api/auth/me", json={"username": "Lan"})
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:wrencos:problem:username-taken"


def test_a_new_password_counts_and_ends_other_logins(
    register: Any, sign_in: Any, bearer: Any, client: Any, run_jobs: Any, sent_mail: Any
) -> None:
    mine, other = register().json, sign_in().json
    answer = client.put(
        "/api/auth/password",
        json={"oldPassword": PASSWORD, "newPassword": NEW},
        headers={"Authorization": f"Bearer {mine['token']}"},
    )
    assert answer.status_code == 200
    assert (bearer(mine["token"]), bearer(other["token"])) == (200, 401)
    assert (sign_in(password=PASSWORD).status_code, sign_in(password=NEW).status_code) == (401, 200)
    run_jobs()
    assert any("was changed" in message["subject"] for message in sent_mail())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"oldPassword": "not-my-password", "newPassword": NEW}, "oldPassword"),
        ({"oldPassword": PASSWORD, "newPassword": "short"}, "newPassword"),
        ({"oldPassword": PASSWORD, "newPassword": "password1234"}, "newPassword"),
        ({"newPassword": NEW}, "oldPassword"),
        ({"oldPassword": PASSWORD}, "newPassword"),
    ],
)
def test_a_password_change_is_checked(login: Any, body: Any, field: str) -> None:
    caller = login()
    before = User.get(caller.user_id).password_hash
    answer = caller.put("/api/auth/password", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert User.get(caller.user_id).password_hash == before


def test_guesses_with_a_stolen_token_are_throttled(login: Any) -> None:
    caller = login()
    body = {"oldPassword": "not-my-password", "newPassword": NEW}
    statuses = [caller.put("/api/auth/password", json=body).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_guesses_at_the_login_do_not_keep_the_owner_from_confirming(
    register: Any, sign_in: Any, client: Any
) -> None:
    headers = {"Authorization": f"Bearer {register().json['token']}"}
    while sign_in(password="not-my-password").status_code == 401:
        pass
    body = {"oldPassword": PASSWORD, "newPassword": NEW}
    assert client.put("/api/auth/password", json=body, headers=headers).status_code == 200


def test_exports_what_every_plugin_stores(login: Any) -> None:
    caller = login()
    answer = caller.get("/api/auth/me/export")
    assert answer.status_code == 200
    plugins = answer.json["plugins"]
    assert plugins["shop"] == {"tables": [{"owner": caller.user_id, "seats": 4}]}
    (account,) = plugins["auth"]["account"]
    assert account["id"] == caller.user_id
    assert account["email"].endswith("@example.test")
    assert len(plugins["auth"]["sessions"]) == 1


def test_erases_in_every_plugin_and_says_what_stays(
    register: Any, sign_in: Any, client: Any, shop: Any, bearer: Any, outbox_events: Any
) -> None:
    pair = register(phone="0901 234 567").json
    headers = {"Authorization": f"Bearer {pair['token']}"}
    answer = client.delete("/api/auth/me", json={"password": PASSWORD}, headers=headers)
    assert answer.status_code == 200
    told = {entry["plugin"]: entry for entry in answer.json["plugins"]}
    assert told["shop"]["kept"] == {"bills": "Kept for the tax office."}
    assert told["auth"]["erased"]["account"] == 1
    assert shop.seen_email == "lan@example.test", "auth must be the last to erase"
    stored = str(User.raw().find_one({"_id": pair["userId"]}))
    for trace in ("lan@", "Lan", "Nguy", "0901", "argon2"):
        assert trace not in stored
    assert Session.objects.count() == OneTimeToken.objects.count() == 0
    assert bearer(pair["token"]) == 401
    assert sign_in().status_code == 401
    assert len(outbox_events("auth.user_erased")) == 1
    assert register().status_code == 201, "the address is free again"


def test_an_erasure_that_one_plugin_refuses_changes_nothing(
    platform: Any, login: Any, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = login()
    before = User.raw().find_one({"_id": caller.user_id})
    monkeypatch.setattr(shop, "broken", True)
    with pytest.raises(RuntimeError, match="bolted"):
        platform.services.require(Privacy).erase(Identity(user_id=caller.user_id), PASSWORD)
    assert User.raw().find_one({"_id": caller.user_id}) == before
    assert caller.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize("body", [{}, {"password": "not-my-password"}])
def test_erasure_needs_the_password(login: Any, body: Any) -> None:
    caller = login()
    answer = caller.delete("/api/auth/me", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["password"]
    assert not User.get(caller.user_id).is_erased


def test_the_last_admin_cannot_erase_themselves(login: Any) -> None:
    admin = login("admin")
    answer = admin.delete("/api/auth/me", json={"password": PASSWORD})
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:wrencos:problem:last-admin"


def test_the_nightly_purge_forgets_what_has_expired(
    platform: Any, register: Any, sign_in: Any, clock: Any, run_jobs: Any
) -> None:
    user_id = register().json["userId"]
    clock.advance(timedelta(days=29))
    sign_in()
    clock.advance(timedelta(days=2))
    platform.jobs.enqueue("auth.purge_expired")
    run_jobs()
    assert OneTimeToken.objects.count() == 0
    (left,) = Session.objects
    assert User.get(user_id).live_sessions == [left.id]
    assert [s.name for s in platform.schedules if s.job == "auth.purge_expired"]
