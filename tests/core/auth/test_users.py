from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wrencos_core.audit import AuditEntry
from wrencos_core.auth.errors import LastAdmin
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.users import Users
from wrencos_core.identity import SYSTEM, Role
from wrencos_core.testing.threads import run_in_threads


def test_lists_users_newest_first_in_pages(login: Any, clock: Any) -> None:
    admin = login("admin")
    ids = [admin.user_id]
    for _ in range(4):
        clock.advance(timedelta(seconds=1))
        ids.insert(0, login().user_id)
    admin.token = login("admin", email="fresh@example.test").token
    body = admin.get("/api/users?page=2&limit=2").json
    assert set(body) == {"users", "totalCount", "page", "totalPages"}
    assert (body["totalCount"], body["page"], body["totalPages"]) == (6, 2, 3)
    assert [user["userId"] for user in body["users"]] == ids[1:3]
    assert {"userId", "email", "role", "createdAt"} <= set(body["users"][0])
    assert "argon2" not in admin.get("/api/users").get_data(as_text=True)


def test_filters_by_role(login: Any) -> None:
    admin, staff = login("admin"), login("staff")
    login()
    body = admin.get("/api/users?role=staff").json
    assert [user["userId"] for user in body["users"]] == [staff.user_id]
    assert body["totalCount"] == 1


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("nguyen", {"duc"}),
        ("NGUYỄN duc", {"duc"}),
        ("đức", {"duc"}),
        ("duc@exam", {"duc"}),
        ("mai", {"mai"}),
        ("yen", set()),
        ("duc tran", set()),
        (".*", set()),
        ("example", set()),
    ],
)
def test_searches_words_by_their_beginning(login: Any, search: str, found: set[str]) -> None:
    admin = login("admin", first_name="Boss", last_name="Of All")
    login(email="duc@example.test", first_name="Đức", last_name="Nguyễn")
    login(email="mai@example.test", first_name="Mai", last_name="Trần")
    body = admin.get("/api/users", query_string={"search": search}).json
    assert {user["email"].split("@")[0] for user in body["users"]} == found
    assert body["totalCount"] == len(found)


def test_a_changed_name_is_found(login: Any) -> None:
    admin, lan = login("admin"), login()
    lan.patch("/api/auth/me", json={"firstName": "Thảo", "phone": "+84 901 234 567"})
    for search in ("thao", "84901"):
        body = admin.get(f"/api/users?search={search}").json
        assert [user["userId"] for user in body["users"]] == [lan.user_id]


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=0", "page"), ("limit=101", "limit"), ("role=owner", "role")],
)
def test_a_bad_query_is_named(login: Any, query: str, field: str) -> None:
    answer = login("admin").get(f"/api/users?{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize("path", ["", "/user_x"])
def test_reading_needs_the_permission(login: Any, path: str) -> None:
    assert login().get(f"/api/users{path}").status_code == 403
    assert login("staff").get(f"/api/users{path}").status_code == 403
    trusted = login("staff", ["auth.users.read"]).get(f"/api/users{path}")
    assert trusted.status_code == (404 if path else 200)


def test_shows_one_user(login: Any) -> None:
    admin, lan = login("admin"), login()
    answer = admin.get(f"/api/users/{lan.user_id}")
    assert answer.json["user"]["userId"] == lan.user_id
    assert admin.get("/api/users/user_nobody").status_code == 404


def test_an_erased_user_is_not_listed(login: Any) -> None:
    admin, lan = login("admin"), login()
    lan.delete("/api/auth/me", json={"password": "Jasmine-rice-42"})
    assert admin.get("/api/users").json["totalCount"] == 1
    answer = admin.put(f"/api/users/{lan.user_id}/roles", json={"newRole": "admin"})
    assert answer.status_code == 404


def test_a_role_change_counts_at_once(login: Any, outbox_events: Any) -> None:
    admin, lan = login("admin"), login()
    answer = admin.put(
        f"/api/users/{lan.user_id}/roles", json={"newRole": "admin", "userId": lan.user_id}
    )
    assert answer.status_code == 200
    assert set(answer.json) == {"message", "updatedUser"}
    assert answer.json["updatedUser"]["role"] == "admin"
    assert lan.get("/api/users").status_code == 200
    assert (
        lan.put(f"/api/users/{admin.user_id}/roles", json={"newRole": "staff"}).status_code == 200
    )
    assert admin.get("/api/users").status_code == 403
    events = [event["payload"] for event in outbox_events("auth.user_role_changed")]
    assert [(e["old_role"], e["new_role"]) for e in events] == [
        ("customer", "admin"),
        ("admin", "staff"),
    ]
    entry = AuditEntry.objects.get(action="auth.users.set_role", target=lan.user_id)
    assert (entry.actor, entry.changes) == (admin.user_id, {"role": ["customer", "admin"]})


@pytest.mark.parametrize("path", ["roles", "permissions"])
def test_only_admins_change_roles_and_permissions(login: Any, path: str) -> None:
    body = {"newRole": "admin"} if path == "roles" else {"permissions": ["shop.tables.write"]}
    trusted = login("staff", ["auth.users.read", "auth.users.write"])
    for caller in (login(), login("staff"), trusted):
        answer = caller.put(f"/api/users/{caller.user_id}/{path}", json=body)
        assert answer.status_code == 403
        before = User.get(caller.user_id)
        assert before.role != "admin"
        assert "shop.tables.write" not in before.permissions


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "newRole"),
        ({"newRole": "owner"}, "newRole"),
        ({"newRole": "staff", "userId": "user_other"}, "userId"),
        ({"newRole": "staff", "permissions": []}, "permissions"),
    ],
)
def test_a_bad_role_change_is_named(login: Any, body: Any, field: str) -> None:
    admin, lan = login("admin"), login()
    answer = admin.put(f"/api/users/{lan.user_id}/roles", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert User.get(lan.user_id).role == "customer"


def test_grants_count_at_once_and_go_with_the_role(login: Any, platform: Any) -> None:
    admin, staff = login("admin"), login("staff")
    path = f"/api/users/{staff.user_id}/permissions"
    answer = admin.put(path, json={"permissions": ["auth.users.read", "auth.users.read"]})
    assert answer.status_code == 200
    assert answer.json["updatedUser"]["permissions"] == ["auth.users.read"]
    assert staff.get("/api/users").status_code == 200
    for role in ("customer", "staff"):
        admin.put(f"/api/users/{staff.user_id}/roles", json={"newRole": role})
    assert staff.get("/api/users").status_code == 403


def test_grants_are_for_staff_and_for_known_permissions(login: Any) -> None:
    admin, staff, lan = login("admin"), login("staff"), login()
    unknown = admin.put(
        f"/api/users/{staff.user_id}/permissions", json={"permissions": ["shop.tables.burn"]}
    )
    assert unknown.status_code == 422
    assert list(unknown.json["errors"]) == ["permissions"]
    for user in (lan, admin):
        path = f"/api/users/{user.user_id}/permissions"
        assert admin.put(path, json={"permissions": ["shop.tables.read"]}).status_code == 409
    for body in ({}, {"permissions": "all"}, {"permissions": [5]}):
        path = f"/api/users/{staff.user_id}/permissions"
        assert admin.put(path, json=body).status_code == 422


def test_a_disabled_user_loses_access_at_once(
    login: Any, register: Any, sign_in: Any, bearer: Any, client: Any, outbox_events: Any
) -> None:
    admin, pair = login("admin"), register().json
    path = f"/api/users/{pair['userId']}/status"
    answer = admin.put(path, json={"disabled": True})
    assert answer.json["updatedUser"]["disabled"] is True
    assert bearer(pair["token"]) == 401
    refresh = client.post("/api/auth/refresh", json={"refreshToken": pair["refreshToken"]})
    assert refresh.status_code == 401
    refused = sign_in()
    assert refused.status_code == 403
    assert refused.json["type"] == "urn:wrencos:problem:account-disabled"
    assert sign_in(password="not-my-password").status_code == 401
    assert len(outbox_events("auth.user_disabled")) == 1
    assert admin.put(path, json={"disabled": False}).json["updatedUser"]["disabled"] is False
    assert sign_in().status_code == 200
    assert bearer(pair["token"]) == 401, "enabling brings no old login back"
    assert len(outbox_events("auth.user_enabled")) == 1


def test_staff_disable_customers_only(login: Any) -> None:
    trusted = login("staff", ["auth.users.write"])
    for target, status in ((login(), 200), (login("staff"), 403), (login("admin"), 403)):
        answer = trusted.put(f"/api/users/{target.user_id}/status", json={"disabled": True})
        assert answer.status_code == status
    assert login("staff").put("/api/users/user_x/status", json={}).status_code == 403


@pytest.mark.parametrize("body", [{}, {"disabled": "yes"}, {"disabled": 1}, {"disabled": None}])
def test_a_bad_status_is_named(login: Any, body: Any) -> None:
    admin, lan = login("admin"), login()
    answer = admin.put(f"/api/users/{lan.user_id}/status", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["disabled"]
    assert User.get(lan.user_id).disabled_at is None


def test_the_last_enabled_admin_stays(login: Any) -> None:
    admin, other = login("admin"), login("admin")
    assert (
        admin.put(f"/api/users/{other.user_id}/status", json={"disabled": True}).status_code == 200
    )
    path = f"/api/users/{admin.user_id}"
    for answer in (
        admin.put(f"{path}/roles", json={"newRole": "customer"}),
        admin.put(f"{path}/status", json={"disabled": True}),
    ):
        assert answer.status_code == 409
        assert answer.json["type"] == "urn:wrencos:problem:last-admin"
    assert User.get(admin.user_id).role == "admin"


@pytest.mark.parametrize("round_", range(3))
def test_admins_who_demote_each_other_at_once_leave_one(
    login: Any, platform: Any, round_: int
) -> None:
    users = platform.services.require(Users)
    ids = [login("admin").user_id for _ in range(4)]

    def remove(number: int) -> Any:
        if number % 2:
            return users.disable(SYSTEM, ids[number])
        return users.set_role(SYSTEM, ids[number], Role.CUSTOMER)

    outcomes = run_in_threads(4, remove)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert [type(error) for error in refused] == [LastAdmin]
    assert User.objects(role="admin", disabled_at=None).count() == 1


def test_a_role_set_at_once_by_many_changes_once(
    login: Any, platform: Any, outbox_events: Any
) -> None:
    user_id, users = login().user_id, platform.services.require(Users)
    outcomes = run_in_threads(6, lambda _: users.set_role(SYSTEM, user_id, Role.STAFF))
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(outbox_events("auth.user_role_changed")) == 1
    assert AuditEntry.objects(action="auth.users.set_role").count() == 1
