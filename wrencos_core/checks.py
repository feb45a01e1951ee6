"""The core's own health checks, and running any checks side by side in bounded time.

What a check says is public through /ready: it names the kind of failure. Addresses and the
driver's words go to the log.
"""

from __future__ import annotations

import contextvars
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

import msgspec
import pymongo
import structlog
from pymongo.errors import PyMongoError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from wrencos_core import database
from wrencos_core.health import HealthCheck

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

log = structlog.get_logger(__name__)

_SERVER_SECONDS = 2.0
CHECK_SECONDS = 3.0
_NAMED = 3


class CheckResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """`status` is `ok` or `failed`; `problem` says in one line what is wrong."""

    name: str
    status: str
    problem: str | None = None


def core_checks(platform: Platform) -> list[HealthCheck]:
    """Database, Redis, disk and migrations of this platform."""
    return [
        HealthCheck("database", _database),
        HealthCheck("redis", lambda: _redis(platform)),
        HealthCheck("disk", lambda: _disk(platform)),
        HealthCheck("migrations", lambda: _migrations(platform)),
    ]


def _database() -> str | None:
    try:
        with pymongo.timeout(_SERVER_SECONDS):
            hello = database.client().admin.command("hello")
    except PyMongoError as error:
        log.warning("health.database", error=str(error))
        return f"MongoDB does not answer ({type(error).__name__})"
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        return "MongoDB is no replica set: it has no transactions"
    return None


def _redis(platform: Platform) -> str | None:
    try:
        with impatient_redis(platform) as probe:
            probe.ping()
    except RedisError as error:
        log.warning("health.redis", error=str(error))
        return f"Redis does not answer ({type(error).__name__})"
    return None


def impatient_redis(platform: Platform) -> Redis:
    """A client of its own for a probe; close it. The platform's tries again for longer."""
    from wrencos_core.platform import redis_url

    return Redis.from_url(
        redis_url(platform.settings),
        socket_connect_timeout=_SERVER_SECONDS,
        socket_timeout=_SERVER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _disk(platform: Platform) -> str | None:
    least = platform.settings.min_free_disk_mb
    folder = _existing(platform.settings.data_dir.absolute())
    free = shutil.disk_usage(folder).free // 1024**2
    if free < least:
        return f"the data folder's disk has {free} MiB free, at least {least} MiB are wanted"
    return None


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _migrations(platform: Platform) -> str | None:
    try:
        with pymongo.timeout(_SERVER_SECONDS):
            pending = platform.pending_migrations()
    except PyMongoError as error:
        return f"unknown, as MongoDB does not answer ({type(error).__name__})"
    if not pending:
        return None
    names = ", ".join(migration.id for migration in pending[:_NAMED])
    more = f" and {len(pending) - _NAMED} more" if len(pending) > _NAMED else ""
    return f"{len(pending)} pending: {names}{more}"


class Checkup:
    """Runs a fixed set of checks side by side; one that hangs is reported and not started twice."""

    def __init__(self, checks: Iterable[HealthCheck], seconds: float = CHECK_SECONDS) -> None:
        self._checks = list(checks)
        self._seconds = seconds
        self._running: dict[int, _Run] = {}
        self._lock = Lock()

    def run(self) -> list[CheckResult]:
        """The results in the order of the checks, after `seconds` at the latest."""
        with self._lock:
            runs = [self._started(number) for number in range(len(self._checks))]
        deadline = time.monotonic() + self._seconds
        return [run.result(deadline) for run in runs]

    def _started(self, number: int) -> _Run:
        run = self._running.get(number)
        if run is None or not run.thread.is_alive():
            run = self._running[number] = _Run(self._checks[number])
            run.thread.start()
        return run


class _Run:
    """One check in a thread of its own, or in a greenlet where gevent has patched threads."""

    def __init__(self, check: HealthCheck) -> None:
        self.check = check
        self.problem: str | None = None
        context = contextvars.copy_context()  # keeps the request id on what it logs
        self.thread = Thread(
            target=context.run, args=(self._ask,), name=f"check-{check.name}", daemon=True
        )

    def _ask(self) -> None:
        try:
            self.problem = self.check.check()
        except Exception as error:
            log.exception("health.check_raised", check=self.check.name)
            self.problem = f"the check failed ({type(error).__name__})"

    def result(self, deadline: float) -> CheckResult:
        self.thread.join(max(0.0, deadline - time.monotonic()))
        problem = "no answer in time" if self.thread.is_alive() else self.problem
        return CheckResult(self.check.name, "failed" if problem else "ok", problem)
