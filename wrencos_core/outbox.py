"""The durable outbox: an event is stored with the change it tells of, then delivered by jobs.

`core_events` holds every event for good, so that a plugin installed later can be brought up to
date. `core_deliveries` holds one row for each (event, subscriber): pending, done or dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec
import structlog

from wrencos_core import replay as past
from wrencos_core.clock import now
from wrencos_core.database import in_transaction, transaction
from wrencos_core.documents import new_row
from wrencos_core.events import Event, Subscriber
from wrencos_core.jobs import RETRIES, JobQueue
from wrencos_core.outbox_rows import Delivery, StoredEvent, delivery_row, load_event

__all__ = ["DELIVER", "SWEEP_AFTER", "Delivery", "Outbox", "StoredEvent", "load_event"]

log = structlog.get_logger(__name__)

DELIVER = "core.deliver_event"
_ATTEMPTS = RETRIES + 1
# A delivery still pending by then may have lost its job, to a process that died before queueing it.
SWEEP_AFTER = timedelta(seconds=30)
_SWEEP_BATCH = 1000
_DIED = "the process that made the last attempt died"


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
            new_row(
                event.id,
                name=event.name,
                occurred_at=event.occurred_at,
                payload=msgspec.to_builtins(event, builtin_types=(datetime,)),
            )
        )
        targets = self.subscribers(event.name)
        if targets:
            rows = [delivery_row(event.id, event.name, target.name) for target in targets]
            Delivery.raw().insert_many(rows)
            for target in targets:
                self.queue(event.id, target.name)

    def queue(self, event_id: str, subscriber: str) -> None:
        """Queue the job of a pending delivery, unless it is queued or deliveries are held.

        In a transaction, after its commit. Raises RedisError outside one. A delivery that could
        not be queued is left to the sweep.
        """
        if self._held:
            return
        self.jobs.enqueue(
            DELIVER, key=f"{event_id}|{subscriber}", event_id=event_id, subscriber=subscriber
        )

    def deliver(self, event_id: str, subscriber: str) -> None:
        """Hand the event to the subscriber; its writes and the mark "done" are one transaction.

        Raises what the handler raises. After the last attempt the delivery is dead and waits for
        `wrencos events dead --retry`; so is one whose last attempt has killed its process.
        """
        target = self._subscribers.get(subscriber)
        if target is None:
            log.warning("event.subscriber_absent", event_id=event_id, subscriber=subscriber)
            return
        if not _count_attempt(event_id, subscriber):
            return
        try:
            transaction(lambda: self.hand_over(event_id, target))
        except Exception as error:
            _record_failure(event_id, subscriber, error)
            raise

    def hand_over(self, event_id: str, subscriber: Subscriber) -> None:
        """Mark the delivery done and run the handler, in the running transaction, if it was not."""
        moment = now()
        claimed = Delivery.raw().update_one(
            {"_id": f"{event_id}|{subscriber.name}", "state": {"$ne": "done"}},
            {
                "$set": {"state": "done", "done_at": moment, "updated_at": moment},
                "$inc": {"version": 1},
            },
        )
        if claimed.matched_count:
            subscriber.handler(load_event(event_id, subscriber.event))

    def sweep(self) -> int:
        """Queue the deliveries that a dead process or an unreachable Redis left behind.

        A delivery that is queued already keeps its one job. Those looked at go to the end of the
        line, so that however many wait, each has its turn. Returns how many were looked at.
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
            self.queue(row["event_id"], row["subscriber"])
        Delivery.raw().update_many(
            {"_id": {"$in": [row["_id"] for row in rows]}, "state": "pending"},
            {"$set": {"updated_at": now()}},
        )
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
        return past.deliver_pending(self, progress)

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
        Yields the id of each delivery that was queued. Raises NotFound for an unknown subscriber,
        and RedisError when the queue can't be reached: what was renewed by then is swept.
        """
        return past.replay(self, name=name, subscriber=subscriber, since=since, again=again)

    def revive(self, delivery_id: str) -> None:
        """Queue a delivery anew, with all its attempts.

        Raises NotFound, and RedisError when the queue can't be reached: the sweep queues it then.
        """
        past.revive(self, delivery_id)


def _count_attempt(event_id: str, subscriber: str) -> bool:
    """Count one before it is made, so that one which kills its process counts too.

    False when the delivery is done or dead, or has had its last attempt: then it is dead now.
    """
    id = f"{event_id}|{subscriber}"
    counted = Delivery.raw().update_one(
        {"_id": id, "state": "pending", "attempts": {"$lt": _ATTEMPTS}},
        {"$inc": {"attempts": 1, "version": 1}, "$set": {"updated_at": now()}},
    )
    if counted.matched_count:
        return True
    buried = Delivery.raw().update_one(
        {"_id": id, "state": "pending"}, {"$set": {"state": "dead", "last_error": _DIED}}
    )
    if buried.matched_count:
        log.error("event.dead", event_id=event_id, subscriber=subscriber, error=_DIED)
    return False


def _record_failure(event_id: str, subscriber: str, error: Exception) -> None:
    failed = Delivery.raw().find_one_and_update(
        {"_id": f"{event_id}|{subscriber}", "state": {"$ne": "done"}},
        {"$set": {"last_error": f"{type(error).__name__}: {error}", "updated_at": now()}},
    )
    if failed and failed["attempts"] >= _ATTEMPTS:
        Delivery.raw().update_one(
            {"_id": failed["_id"], "state": "pending"}, {"$set": {"state": "dead"}}
        )
        log.error("event.dead", event_id=event_id, subscriber=subscriber, error=str(error))
