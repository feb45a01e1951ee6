from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from wrencos_core.auth.models.one_time_token import OneTimeToken
from wrencos_core.auth.models.session import Session
from wrencos_core.auth.models.user import User, search_query
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.testing.queries import assert_uses_index

MOMENT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def directory(platform: Any) -> UserDirectory:
    found: UserDirectory = platform.services.require(UserDirectory)
    return found


def test_finds_people_for_other_plugins(directory: UserDirectory, login: Any) -> None:
    lan, mai = login(email="lan@example.test"), login(first_name="Mai")
    home = {"street": "1 Lê Lợi", "city": "Huế", "country": "VN"}
    lan.patch("/api/auth/me", json={"address": home})
    found = directory.find(lan.user_id)
    assert found is not None
    assert (found.email, found.display_name) == ("lan@example.test", "Lan Nguyễn")
    assert found.address is not None
    assert found.address.city == "Huế"
    many = directory.find_many([lan.user_id, mai.user_id, "user_nobody", lan.user_id])
    assert set(many) == {lan.user_id, mai.user_id}
    by_email = directory.find_by_email(" LAN@example.test")
    assert by_email is not None
    assert by_email.user_id == lan.user_id


def test_finds_nobody(directory: UserDirectory) -> None:
    assert directory.find("user_nobody") is None
    assert directory.find_many([]) == {}
    assert directory.find_by_email("no address") is None


def test_tells_that_a_user_was_erased(directory: UserDirectory, login: Any) -> None:
    lan = login()
    lan.delete("/api/auth/me", json={"password": "Jasmine-rice-42"})
    found = directory.find(lan.user_id)
    assert found is not None
    assert found.is_erased
    assert found.display_name.startswith("erased-")


@pytest.mark.parametrize(
    "query", [{"is_erased": False}, {"is_erased": False, "role": "staff"}], ids=["all", "by role"]
)
def test_lists_are_read_off_an_index_in_order(platform: Any, query: dict[str, Any]) -> None:
    assert_uses_index(User.raw().find(query).sort([("created_at", -1), ("_id", -1)]))


def test_a_search_uses_an_index(platform: Any) -> None:
    query = {"is_erased": False, **search_query(["lan", "ngu"])}
    ordered = User.raw().find(query).sort([("created_at", -1), ("_id", -1)])
    assert_uses_index(ordered, sorts_in_memory=True)


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (User, {"email": "lan@example.test"}),
        (User, {"_id": "user_x", "live_sessions": "session_x", "disabled_at": None}),
        (User, {"is_erased": False, "role": "admin", "_id": {"$ne": "x"}, "disabled_at": None}),
        (Session, {"user_id": "user_x"}),
        (Session, {"expires_at": {"$lte": MOMENT}}),
        (OneTimeToken, {"token_hash": "x", "purpose": "verify_email", "closed_at": None}),
        (OneTimeToken, {"user_id": "user_x", "purpose": "verify_email", "closed_at": None}),
        (OneTimeToken, {"expires_at": {"$lte": MOMENT}}),
    ],
)
def test_no_query_scans_a_collection(platform: Any, model: Any, query: dict[str, Any]) -> None:
    assert_uses_index(model.raw().find(query))
