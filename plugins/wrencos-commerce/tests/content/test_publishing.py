"""Products go on sale and off it at the moment set for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.publishing import (
    PUBLISH_DUE,
    Publishing,
    due_changes,
    rescheduled,
)
from wrencos_core.api import SYSTEM, Platform, database
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
Events = Callable[..., list[dict[str, Any]]]

START = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
MS, HOUR = timedelta(milliseconds=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _start(clock: Any) -> None:
    clock.move_to(START)


@pytest.fixture
def publishing(platform: Platform) -> Publishing:
    return platform.services.require(Publishing)


def row_of(id: str) -> dict[str, Any]:
    row: dict[str, Any] = Product.raw().find_one({"_id": id})
    return row


def test_a_product_is_published_at_its_moment_and_withdrawn_at_the_other(
    client: FlaskClient,
    admin: Caller,
    clock: Any,
    publishing: Publishing,
    outbox_events: Events,
) -> None:
    body = {
        "name": "Advent set",
        "price": 10,
        "publishAt": (START + HOUR).isoformat(),
        "unpublishAt": (START + 2 * HOUR).isoformat(),
    }
    id = admin.post("/api/products", json=body).get_json()["productId"]
    path, told = f"/api/products/{id}", len(outbox_events("commerce.products_changed"))
    assert client.get(path).status_code == 404
    clock.move_to(START + HOUR - MS)
    assert publishing.run() == 0
    assert client.get(path).status_code == 404
    clock.move_to(START + HOUR)
    assert publishing.run() == 1
    assert publishing.run() == 0
    assert client.get(path).status_code == 200
    assert "publish_at" not in row_of(id)
    clock.move_to(START + 2 * HOUR)
    assert publishing.run() == 1
    assert client.get(path).status_code == 404
    assert "unpublish_at" not in row_of(id)
    assert len(outbox_events("commerce.products_changed")) == told + 2
    actions = [
        entry["action"]
        for entry in database()["core_audit_entries"].find({"target": id}).sort("_id", 1)
    ]
    assert sorted(actions[-2:]) == ["commerce.products.publish", "commerce.products.unpublish"]


def test_the_job_is_due_every_minute(platform: Platform, run_jobs: Callable[[], int]) -> None:
    (schedule,) = [one for one in platform.schedules if one.job == PUBLISH_DUE]
    assert schedule.every == timedelta(minutes=1)
    platform.jobs.enqueue(PUBLISH_DUE)
    assert run_jobs() == 1


@pytest.mark.parametrize(
    ("publish", "unpublish", "active"),
    [(1, 2, False), (2, 1, True), (1, 1, False), (1, None, True), (None, 1, False)],
)
def test_when_both_moments_have_passed_the_later_counts(
    publishing: Publishing,
    make_product: MakeProduct,
    clock: Any,
    publish: int | None,
    unpublish: int | None,
    active: bool,
) -> None:
    def moment(hours: int | None) -> datetime | None:
        return None if hours is None else START + hours * HOUR

    id = make_product(publish_at=moment(publish), unpublish_at=moment(unpublish))
    clock.move_to(START + 5 * HOUR)
    assert publishing.run() == 1
    row = row_of(id)
    assert row["is_active"] is active
    assert row.get("publish_at") is None
    assert row.get("unpublish_at") is None


def test_two_runs_at_once_publish_once(
    publishing: Publishing, make_product: MakeProduct, clock: Any, outbox_events: Events
) -> None:
    ids = [make_product(publish_at=START + HOUR) for _ in range(5)]
    told = len(outbox_events("commerce.products_changed"))
    clock.advance(HOUR)
    outcomes = run_in_threads(3, lambda _: publishing.run())
    assert sum(outcome for outcome in outcomes if isinstance(outcome, int)) == 5, outcomes
    assert all(row_of(id)["is_active"] and row_of(id)["version"] == 1 for id in ids)
    assert len(outbox_events("commerce.products_changed")) == told + 5


def test_one_that_can_not_be_published_does_not_hold_up_the_others(
    publishing: Publishing, make_product: MakeProduct, clock: Any
) -> None:
    bad, good = (make_product(publish_at=START + HOUR) for _ in range(2))
    Product.raw().update_one({"_id": bad}, {"$set": {"version": "broken"}})
    clock.advance(HOUR)
    assert publishing.run() == 1
    assert row_of(good)["is_active"]
    assert not row_of(bad)["is_active"]


def test_an_owner_who_takes_the_moment_away_is_not_overruled(
    platform: Platform, publishing: Publishing, make_product: MakeProduct, clock: Any
) -> None:
    products = platform.services.require(Products)
    for _ in range(4):
        id = make_product(publish_at=START + HOUR)
        clock.move_to(START + HOUR)
        gone = {"is_active": False, "publish_at": None}

        def act(number: int, id: str = id, gone: dict[str, Any] = gone) -> Any:
            return products.update(id, gone, SYSTEM) if number else publishing.run()

        outcomes = run_in_threads(2, act)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert publishing.run() == 0
        assert row_of(id)["is_active"] is False
        clock.move_to(START)


def test_what_is_done_by_hand_ends_the_schedule() -> None:
    assert rescheduled({"is_active": False}) == {"publish_at": None}
    assert rescheduled({"is_active": True}) == {"publish_at": None}
    assert rescheduled({"is_active": False, "publish_at": START}) == {}
    assert rescheduled({"name": "x"}) == {}


def test_nothing_is_due_without_a_moment() -> None:
    assert due_changes({"is_active": True}, START) == {}
    later = {"is_active": True, "publish_at": None, "unpublish_at": START + MS}
    assert due_changes(later, START) == {}
    # Already as it should be: only the moment is done with.
    done = {"is_active": True, "publish_at": START}
    assert due_changes(done, START) == {"publish_at": None}


@pytest.mark.parametrize("field", ["publish_at", "unpublish_at"])
def test_what_is_due_is_found_by_an_index(platform: Platform, field: str) -> None:
    assert_uses_index(Product.raw().find({field: {"$lte": START}}, {"_id": 1}).sort(field, 1))
