"""Ordered, idempotent changes of stored data, per plugin, each applied once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from wrencos_core.clock import now
from wrencos_core.database import Mongo, database
from wrencos_core.errors import StartupError

COLLECTION = "core_migrations"
LOCKS = "core_locks"
_LOCK_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Migration:
    """`number` orders the migrations of a plugin; `apply` may run again after a crash half-way."""

    plugin: str
    number: int
    name: str
    apply: Callable[[Mongo], None]

    @property
    def id(self) -> str:
        return f"{self.plugin}:{self.number:04d}_{self.name}"


def pending(migrations: Iterable[Migration]) -> list[Migration]:
    """Those that were not applied yet, in the order in which they will be."""
    ordered = sorted(migrations, key=lambda m: (m.plugin, m.number))
    ids = [migration.id for migration in ordered]
    if len(set(ids)) != len(ids) or len({(m.plugin, m.number) for m in ordered}) != len(ordered):
        raise StartupError("two migrations share a number: " + ", ".join(sorted(ids)))
    applied = {doc["_id"] for doc in database()[COLLECTION].find({}, {"_id": 1})}
    return [migration for migration in ordered if migration.id not in applied]


def migrate(
    migrations: Iterable[Migration], report: Callable[[Migration], None] = lambda m: None
) -> list[Migration]:
    """Apply what is pending and return it; another process that migrates makes this one refuse."""
    todo = pending(migrations)
    if not todo:
        return []
    _lock()
    try:
        todo = pending(todo)
        for migration in todo:
            migration.apply(database())
            database()[COLLECTION].insert_one({"_id": migration.id, "applied_at": now()})
            report(migration)
        return todo
    finally:
        database()[LOCKS].delete_one({"_id": "migrate"})


def _lock() -> None:
    """Take the lock; one left by a process that died is taken over when it has run out."""
    try:
        database()[LOCKS].find_one_and_update(
            {"_id": "migrate", "until": {"$lt": now()}},
            {"$set": {"until": now() + _LOCK_FOR}},
            upsert=True,
        )
    except DuplicateKeyError as error:
        raise StartupError("another process is migrating; try again when it is done") from error
