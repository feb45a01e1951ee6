"""The MongoDB and Redis of a test session: given by the environment, or embedded and shared."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wrencos_core.embedded.servers import EmbeddedServers

MONGODB = "WRENCOS_TEST_MONGODB_URI"
REDIS = "WRENCOS_TEST_REDIS_URL"


@dataclass(frozen=True)
class Addresses:
    """Where a session's servers listen; `redis_url` names no logical database."""

    mongodb_uri: str
    redis_url: str


class SessionServers:
    """Starts embedded servers for whatever the environment does not name; `stop()` ends them."""

    def __init__(self) -> None:
        self._embedded: EmbeddedServers | None = None
        self._folder: Path | None = None

    def start(self) -> Addresses:
        """The servers' addresses; raises StartupError when they can't be started."""
        mongodb, redis = os.environ.get(MONGODB), os.environ.get(REDIS)
        if mongodb and redis:
            return Addresses(mongodb, redis)
        from wrencos_core.embedded import servers

        self._folder = temporary_folder()
        try:
            self._embedded = servers.start(self._folder, mongodb=not mongodb, redis=not redis)
            if self._embedded.mongodb_uri:
                _keep_what_expires(self._embedded.mongodb_uri)
        except BaseException:
            self.stop()
            raise
        return Addresses(
            mongodb or self._embedded.mongodb_uri or "", redis or self._embedded.redis_url or ""
        )

    def stop(self) -> None:
        if self._embedded is not None:
            self._embedded.stop()
            self._embedded = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _keep_what_expires(mongodb_uri: str) -> None:
    """Have mongod delete nothing by its TTL indexes.

    It looks at the real time, and the tests write by a clock that stands in the past: every few
    seconds it would take rows away from a test that is not done with them.
    """
    from pymongo import MongoClient

    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        client.admin.command("setParameter", 1, ttlMonitorEnabled=False)


def temporary_folder() -> Path:
    """A new private folder, in memory where there is room for it.

    Its path is short, as a Unix socket's path may have 107 bytes at most.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    parent = memory if roomy and os.access(memory, os.W_OK) else Path("/tmp")
    remove_leftovers(parent)
    return Path(tempfile.mkdtemp(prefix=f"wrencos-{os.getpid()}-", dir=parent))


def remove_leftovers(parent: Path) -> None:
    """Remove the folders of test processes that were killed: in memory they would fill it up."""
    import psutil  # of the extra `testing`: pytest itself must start without it

    for folder in parent.glob("wrencos-*-*"):
        pid = folder.name.split("-")[1]
        try:
            mine = folder.stat().st_uid == os.getuid()
        except FileNotFoundError:  # another process was first
            continue
        if mine and pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)
