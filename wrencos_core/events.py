"""Events: what happened, in the past tense, for whoever wants to react. outbox.py delivers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import msgspec

_NAME = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z_]*")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the event classes in wrencos_core.contracts.

    `name` is `<plugin>.<thing>_<past participle>`. `id` is deterministic, such as
    `order_01J…:placed`, so that publishing the same fact twice stores it once.
    """

    name: ClassVar[str]
    id: str
    occurred_at: datetime


@dataclass(frozen=True)
class Subscriber:
    """`handler` gets each event of the class `event`, in a transaction, at least once.

    `name` is `<plugin>.<verb_object>`. The core records the delivery in the handler's own
    transaction, so that what the handler writes to the database happens once; it does no network:
    for that it enqueues a job or queues a mail.
    """

    event: type[Event]
    name: str
    handler: Callable[[Any], None]


def is_event_name(name: str) -> bool:
    """Whether `name` has the form `<plugin>.<words>`; jobs and subscribers share it."""
    return _NAME.fullmatch(name) is not None
