"""Filling a shop with past events: held back, then delivered in the process itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from wrencos_core.api import Event, Platform, Subscriber, database, transaction
from wrencos_core.outbox import Delivery


class Filled(Event, frozen=True, kw_only=True):
    name: ClassVar[str] = "core.shelf_filled"
    number: int


def fill(platform: Platform, count: int) -> None:
    for number in range(count):
        event = Filled(
            id=f"shelf_{number}", occurred_at=datetime(2026, 1, 1, tzinfo=UTC), number=number
        )
        transaction(lambda event=event: platform.outbox.publish(event))  # type: ignore[misc]


def handle(event: Filled) -> None:
    if event.number == 70:
        raise ValueError("not this one")
    database()["core_shelves"].insert_one({"_id": event.number})


@pytest.fixture
def subscribed(platform: Platform) -> Iterator[Platform]:
    platform.outbox.subscribe([Subscriber(Filled, "core.count_shelves", handle)])
    yield platform
    del platform.outbox._subscribers["core.count_shelves"]
    database()["core_shelves"].drop()


def test_held_events_wait_for_an_inline_delivery(subscribed: Platform, run_jobs: Any) -> None:
    with subscribed.outbox.held():
        fill(subscribed, 60)
    assert run_jobs() == 0
    assert Delivery.raw().count_documents({"state": "pending"}) == 60
    seen: list[tuple[int, int]] = []
    assert subscribed.outbox.deliver_pending(lambda done, total: seen.append((done, total))) == 60
    assert seen == [(50, 60), (60, 60)]
    assert database()["core_shelves"].count_documents({}) == 60
    assert subscribed.outbox.deliver_pending() == 0


def test_one_that_fails_harms_no_other_and_stays_pending(subscribed: Platform) -> None:
    with subscribed.outbox.held():
        fill(subscribed, 80)
    subscribed.outbox.deliver_pending()
    assert database()["core_shelves"].count_documents({}) == 79
    (left,) = Delivery.raw().find({"state": "pending"})
    assert left["event_id"] == "shelf_70"
    assert left["attempts"] == 1
    assert "not this one" in left["last_error"]


def test_afterwards_events_are_queued_again(subscribed: Platform, run_jobs: Any) -> None:
    with subscribed.outbox.held():
        pass
    fill(subscribed, 1)
    assert run_jobs() == 1
    assert database()["core_shelves"].count_documents({}) == 1
