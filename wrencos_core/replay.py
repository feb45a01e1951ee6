"""Events of the past: handed to subscribers that came later, or delivered in this very process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from pymongo.errors import DuplicateKeyError

from wrencos_core.clock import now
from wrencos_core.database import transaction
from wrencos_core.errors import NotFound
from wrencos_core.outbox_rows import Delivery, StoredEvent, delivery_row

if TYPE_CHECKING:
    from wrencos_core.outbox import Outbox

log = structlog.get_logger(__name__)

_INLINE_BATCH = 50


def replay(
    outbox: Outbox,
    *,
    name: str | None,
    subscriber: str | None,
    since: datetime | None,
    again: bool,
) -> Iterator[str]:
    """What `Outbox.replay` says."""
    known = {target.name for target in outbox.subscribers()}
    if subscriber is not None and subscriber not in known:
        raise NotFound(f"There is no subscriber {subscriber}.")
    targets = [s for s in outbox.subscribers(name) if subscriber in (None, s.name)]
    query: dict[str, Any] = {"name": {"$in": sorted({s.event.name for s in targets})}}
    if since is not None:
        query["occurred_at"] = {"$gte": since}
    for event in StoredEvent.raw().find(query, {"name": 1}).sort("occurred_at", 1):
        for target in targets:
            if target.event.name == event["name"] and _renew(outbox, event, target.name, again):
                yield f"{event['_id']}|{target.name}"


def _renew(outbox: Outbox, event: dict[str, Any], subscriber: str, again: bool) -> bool:
    id = f"{event['_id']}|{subscriber}"
    existing = Delivery.raw().find_one({"_id": id}, {"state": 1})
    if existing and not again:
        return False
    if existing:
        revive(outbox, id)
        return True
    try:
        Delivery.raw().insert_one(delivery_row(event["_id"], event["name"], subscriber))
    except DuplicateKeyError:  # another replay was first
        return False
    outbox.queue(event["_id"], subscriber)
    return True


def revive(outbox: Outbox, delivery_id: str) -> None:
    """What `Outbox.revive` says."""
    delivery = Delivery.raw().find_one_and_update(
        {"_id": delivery_id},
        {"$set": {"state": "pending", "attempts": 0, "updated_at": now()}},
    )
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id}.")
    outbox.queue(delivery["event_id"], delivery["subscriber"])


def deliver_pending(outbox: Outbox, progress: Callable[[int, int], None]) -> int:
    """What `Outbox.deliver_pending` says."""
    names = [target.name for target in outbox.subscribers()]
    query = {"state": "pending", "subscriber": {"$in": names}}
    rows = Delivery.raw().find(query, {"event_id": 1, "subscriber": 1})
    pending = [(row["event_id"], row["subscriber"]) for row in rows.sort("updated_at", 1)]
    for first in range(0, len(pending), _INLINE_BATCH):
        batch = pending[first : first + _INLINE_BATCH]
        _deliver_batch(outbox, batch)
        progress(first + len(batch), len(pending))
    return len(pending)


def _deliver_batch(outbox: Outbox, batch: Sequence[tuple[str, str]]) -> None:
    """In one transaction; when any fails, each by itself."""
    targets = {target.name: target for target in outbox.subscribers()}
    ids = [f"{event_id}|{subscriber}" for event_id, subscriber in batch]

    def work() -> None:
        Delivery.raw().update_many({"_id": {"$in": ids}}, {"$inc": {"attempts": 1}})
        for event_id, subscriber in batch:
            outbox.hand_over(event_id, targets[subscriber])

    try:
        transaction(work)
    except Exception:  # noqa: BLE001 - found again, and recorded, one by one
        for event_id, subscriber in batch:
            try:
                outbox.deliver(event_id, subscriber)
            except Exception as error:  # noqa: BLE001 - it is recorded on the delivery
                log.error("event.failed", event_id=event_id, error=str(error))
