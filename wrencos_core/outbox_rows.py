"""What the outbox stores: the events, and what became of each at each subscriber."""

from __future__ import annotations

from typing import Any

import msgspec
from mongoengine import DateTimeField, DictField, IntField, StringField

from wrencos_core.documents import Document, UTCDateTimeField, new_row
from wrencos_core.errors import NotFound
from wrencos_core.events import Event


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
    """What became of one event at one subscriber; its id is `<event id>|<subscriber>`.

    `attempts` counts what was begun. `updated_at` is when it was last tried, queued or swept.
    """

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


def delivery_row(event_id: str, event_name: str, subscriber: str) -> dict[str, Any]:
    """A pending delivery that nobody has tried yet."""
    return new_row(
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
