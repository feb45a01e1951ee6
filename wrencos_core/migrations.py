"""Ordered, idempotent changes of stored data, per plugin, each applied once."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import structlog
from pymongo.errors import DuplicateKeyError, PyMongoError

from wrencos_core.clock import now
from wrencos_core.database import Mongo, database
from wrencos_core.errors import StartupError

log = structlog.get_logger(__name__)

COLLECTION = "core_migrations"
LOCKS = "core_locks"
_LOCK_FOR = timedelta(minutes=10)
_RENEW_SECONDS = 60.0


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
    """Apply what is pending and return it; raises StartupError while another process migrates."""
    todo = pending(migrations)
    if not todo:
        return []
    with _Lock() as lock:
        todo = pending(todo)
        for migration in todo:
            lock.renew()
            migration.apply(database())
            lock.renew()
            database()[COLLECTION].insert_one({"_id": migration.id, "applied_at": now()})
            report(migration)
        return todo


class _Lock:
    """Held by one process at a time; one left by a process that died is taken when it runs out.

    A thread renews it while a migration runs, however long that takes.
    """

    def __init__(self) -> None:
        self._mine = {"_id": "migrate", "owner": secrets.token_hex(16)}
        self._done = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        try:
            database()[LOCKS].find_one_and_update(
                {"_id": "migrate", "until": {"$lt": now()}},
                {"$set": {"owner": self._mine["owner"], "until": now() + _LOCK_FOR}},
                upsert=True,
            )
        except DuplicateKeyError as error:
            raise StartupError("another process is migrating; try again when it is done") from error
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._keeper.join()
        database()[LOCKS].delete_one(self._mine)

    def renew(self) -> None:
        """Hold it for another while; raises StartupError when another process has it by now."""
        until = {"$set": {"until": now() + _LOCK_FOR}}
        if not database()[LOCKS].update_one(self._mine, until).matched_count:
            raise StartupError(
                "another process has taken over the migration; look again when it is done"
            )

    def _keep(self) -> None:
        while not self._done.wait(_RENEW_SECONDS):
            try:
                self.renew()
            except StartupError:
                log.error("migration.lock_lost")
                return
            except PyMongoError as error:  # an outage: the next one is soon enough
                log.warning("migration.lock_not_renewed", error=type(error).__name__)
