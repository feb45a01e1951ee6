"""The durable outbox: an event is stored with the change it tells of, then delivered by jobs.

`core_events` holds every event for good, so that a plugin installed later can be brought up to
date. `core_deliveries` holds one row for each (event, subscriber): pending, done or dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from mongoengine import DateTimeField, DictField, IntField, StringField
from pymongo.errors import DuplicateKeyError

from wrencos_core.clock import now
from wrencos_core.database import after_commit, in_transaction, transaction
from wrencos_core.documents import Document, UTCDateTimeField
from wrencos_core.errors import NotFound
from wrencos_core.events import Event, Subscriber
from wrencos_core.jobs import RETRIES, JobQueue

log = structlog.get_logger(__name__)

DELIVER = "core.deliver_event"
_ATTEMPTS = RETRIES + 1
# A delivery still pending by then may have lost its job, to a process that died before queueing it.
SWEEP_AFTER = timedelta(seconds=30)
_SWEEP_BATCH = 1000
_INLINE_BATCH = 50


class StoredEvent(Document):
    """An event as it was published; its id is the event's."""

    meta = {
        "collection": "core_events",
        "indexes": [
            {"fields": ["name", "occurred_at"], "name": "by_name"},
            {"fields": ["occurred_at"], "name": "by_time"},
        ],
    }
    id_prefix = "event"

    name = StringField(required=True)
    occurred_at = UTCDateTimeField(required=True)
    payload = DictField(required=True)


class Delivery(Document):
    """What became of one event at one subscriber; its id is `<event id>|<subscriber>`."""

    meta = {
        "collection": "core_deliveries",
        "indexes": [
            {"fields": ["state", "updated_at"], "name": "by_state"},
            {"fields": ["event_id"], "name": "by_event"},
        ],
    }
    id_prefix = "delivery"

    event_id = StringField(required=True)
    event_name = StringField(required=True)
    subscriber = StringField(required=True)
    state = StringField(required=True, choices=("pending", "done", "dead"))
    attempts = IntField(required=True, default=0)
    last_error = StringField()
    done_at = DateTimeField()


class Outbox:
    """Publishes events and sees to their delivery."""

    def __init__(self, jobs: JobQueue) -> None:
        self.jobs = jobs
        self._subscribers: dict[str, Subscriber] = {}
        self._held = False

    def subscribe(self, subscribers: Iterable[Subscriber]) -> None:
        for subscriber in subscribers:
            self._subscribers[subscriber.name] = subscriber

    def subscribers(self, event_name: str | None = None) -> list[Subscriber]:
        """The subscribers (of one event), by name."""
        chosen = sorted(self._subscribers.values(), key=lambda s: s.name)
        return [s for s in chosen if event_name is None or s.event.name == event_name]

    def publish(self, event: Event) -> None:
        """Store `event` and a pending delivery for each subscriber in the running transaction.

        The same id published again is ignored: it is the same fact. Raises RuntimeError outside a
        transaction, where the change and its event could part.
        """
        if not in_transaction():
            raise RuntimeError(f"{event.name} must be published inside a transaction")
        if StoredEvent.raw().find_one({"_id": event.id}, {"_id": 1}):
            return
        StoredEvent.raw().insert_one(
            _row(
                event.id,
                name=event.name,
                occurred_at=event.occurred_at,
                payload=msgspec.to_builtins(event, builtin_types=(datetime,)),
            )
        )
        targets = self.subscribers(event.name)
        if targets:
            rows = [_delivery_row(event.id, event.name, target.name) for target in targets]
            Delivery.raw().insert_many(rows)
            after_commit(lambda: self._enqueue_all(event.id, targets))

    def _enqueue_all(self, event_id: str, targets: Iterable[Subscriber]) -> None:
        for target in targets:
            self._enqueue(event_id, target.name)

    def _enqueue(self, event_id: str, subscriber: str) -> None:
        if self._held:
            return
        self.jobs.enqueue(
            DELIVER, key=f"{event_id}|{subscriber}", event_id=event_id, subscriber=subscriber
        )

    def deliver(self, event_id: str, subscriber: str) -> None:
        """Hand the event to the subscriber; its writes and the mark "done" are one transaction.

        After the last attempt the delivery is dead and waits for `wrencos events dead --retry`.
        """
        target = self._subscribers.get(subscriber)
        if target is None:
            log.warning("event.subscriber_absent", event_id=event_id, subscriber=subscriber)
            return
        try:
            transaction(lambda: self._deliver_once(event_id, target))
        except Exception as error:
            self._record_failure(event_id, subscriber, error)
            raise

    def _deliver_once(self, event_id: str, subscriber: Subscriber) -> None:
        moment = now()
        claimed = Delivery.raw().update_one(
            {"_id": f"{event_id}|{subscriber.name}", "state": {"$ne": "done"}},
            {
                "$set": {"state": "done", "done_at": moment, "updated_at": moment},
                "$inc": {"attempts": 1, "version": 1},
            },
        )
        if claimed.matched_count:
            subscriber.handler(load_event(event_id, subscriber.event))

    @staticmethod
    def _record_failure(event_id: str, subscriber: str, error: Exception) -> None:
        failed = Delivery.raw().find_one_and_update(
            {"_id": f"{event_id}|{subscriber}", "state": {"$ne": "done"}},
            {
                "$inc": {"attempts": 1, "version": 1},
                "$set": {"last_error": f"{type(error).__name__}: {error}", "updated_at": now()},
            },
            return_document=True,
        )
        if failed and failed["attempts"] >= _ATTEMPTS:
            Delivery.raw().update_one(
                {"_id": failed["_id"], "state": "pending"}, {"$set": {"state": "dead"}}
            )
            log.error("event.dead", event_id=event_id, subscriber=subscriber, error=str(error))

    def sweep(self) -> int:
        """Queue the deliveries that a dead process or an unreachable Redis left behind.

        A delivery that is queued already keeps its one job. Returns how many were looked at.
        """
        left_behind = Delivery.raw().find(
            {
                "state": "pending",
                "updated_at": {"$lt": now() - SWEEP_AFTER},
                "subscriber": {"$in": sorted(self._subscribers)},
            },
            {"event_id": 1, "subscriber": 1},
        )
        rows = list(left_behind.sort("updated_at", 1).limit(_SWEEP_BATCH))
        for row in rows:
            self._enqueue(row["event_id"], row["subscriber"])
        return len(rows)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Queue no delivery until the block ends; what is pending then waits for `deliver_pending`.

        For filling a shop with thousands of past events in one process.
        """
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def deliver_pending(
        self, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> int:
        """Deliver here and now, oldest first, whatever is pending, and return how many that was.

        One that fails is logged and stays for the sweep, as when its job had failed. `progress`
        gets the deliveries done and all.
        """
        query = {"state": "pending", "subscriber": {"$in": sorted(self._subscribers)}}
        rows = Delivery.raw().find(query, {"event_id": 1, "subscriber": 1})
        pending = [(row["event_id"], row["subscriber"]) for row in rows.sort("updated_at", 1)]
        for first in range(0, len(pending), _INLINE_BATCH):
            batch = pending[first : first + _INLINE_BATCH]
            self._deliver_batch(batch)
            progress(first + len(batch), len(pending))
        return len(pending)

    def _deliver_batch(self, batch: Sequence[tuple[str, str]]) -> None:
        """In one transaction; when any fails, each by itself."""

        def work() -> None:
            for event_id, subscriber in batch:
                self._deliver_once(event_id, self._subscribers[subscriber])

        try:
            transaction(work)
        except Exception:  # noqa: BLE001 - found again, and recorded, one by one
            for event_id, subscriber in batch:
                try:
                    self.deliver(event_id, subscriber)
                except Exception as error:  # noqa: BLE001 - it is recorded on the delivery
                    log.error("event.failed", event_id=event_id, error=str(error))

    def replay(
        self,
        *,
        name: str | None = None,
        subscriber: str | None = None,
        since: datetime | None = None,
        again: bool = False,
    ) -> Iterator[str]:
        """Queue past events, oldest first, for subscribers that have not had them.

        `name` limits it to one kind of event, `subscriber` to one subscriber. With `again`, those
        that have had an event get it once more; their own unique keys keep the effect single.
        Yields the id of each delivery that was queued. Raises NotFound for an unknown subscriber.
        """
        if subscriber is not None and subscriber not in self._subscribers:
            raise NotFound(f"There is no subscriber {subscriber}.")
        targets = [s for s in self.subscribers(name) if subscriber in (None, s.name)]
        query: dict[str, Any] = {"name": {"$in": sorted({s.event.name for s in targets})}}
        if since is not None:
            query["occurred_at"] = {"$gte": since}
        for event in StoredEvent.raw().find(query, {"name": 1}).sort("occurred_at", 1):
            for target in targets:
                if target.event.name == event["name"] and self._renew(event, target.name, again):
                    yield f"{event['_id']}|{target.name}"

    def _renew(self, event: dict[str, Any], subscriber: str, again: bool) -> bool:
        id = f"{event['_id']}|{subscriber}"
        existing = Delivery.raw().find_one({"_id": id}, {"state": 1})
        if existing and not again:
            return False
        if existing:
            self.revive(id)
        else:
            try:
                Delivery.raw().insert_one(_delivery_row(event["_id"], event["name"], subscriber))
            except DuplicateKeyError:  # another replay was first
                return False
            self._enqueue(event["_id"], subscriber)
        return True

    def revive(self, delivery_id: str) -> None:
        """Queue a delivery anew, with all its attempts; raises NotFound."""
        delivery = Delivery.raw().find_one_and_update(
            {"_id": delivery_id},
            {"$set": {"state": "pending", "attempts": 0, "updated_at": now()}},
        )
        if delivery is None:
            raise NotFound(f"There is no delivery {delivery_id}.")
        self._enqueue(delivery["event_id"], delivery["subscriber"])


def _row(id: str, **values: Any) -> dict[str, Any]:
    moment = now()
    return {"_id": id, **values, "created_at": moment, "updated_at": moment, "version": 0}


def _delivery_row(event_id: str, event_name: str, subscriber: str) -> dict[str, Any]:
    return _row(
        f"{event_id}|{subscriber}",
        event_id=event_id,
        event_name=event_name,
        subscriber=subscriber,
        state="pending",
        attempts=0,
    )


def load_event(event_id: str, event_class: type[Event]) -> Event:
    """A stored event as an instance of its class; raises NotFound."""
    stored = StoredEvent.raw().find_one({"_id": event_id}, {"payload": 1})
    if stored is None:
        raise NotFound(f"There is no event {event_id}.")
    return msgspec.convert(stored["payload"], event_class)
