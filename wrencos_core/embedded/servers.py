"""The bundled servers for trial, development and tests: started by one process, shared by many.

One process starts them, under a lock; others that call `start()` on the same data folder attach.
They end with their starter, so that one has to live as long as they are wanted; see process.py
for what that means with threads and on systems other than Linux.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from wrencos_core.embedded import mongod, state, valkey
from wrencos_core.embedded.folder import locked, private_folder
from wrencos_core.embedded.process import EmbeddedServerError, ServerProcess, end_leftover

__all__ = ["EmbeddedServerError", "EmbeddedServers", "Running", "Status", "start", "status"]

LOCK = "embedded.lock"
# Longer than two servers take to fail, one after the other.
START_LOCK_SECONDS = 180
STOP_LOCK_SECONDS = 10
ANSWER_SECONDS = 10
MONGODB, REDIS = "mongodb", "redis"
_STARTERS: dict[str, Callable[[Path], tuple[ServerProcess, str]]] = {
    MONGODB: mongod.start,
    REDIS: valkey.start,
}


@dataclass(frozen=True)
class Running:
    """A server that answers: its pid, its address (which may hold a password), its starter."""

    pid: int
    uri: str = field(repr=False)
    starter_pid: int


@dataclass(frozen=True)
class Status:
    """What runs in a data folder; None for a server that doesn't."""

    mongodb: Running | None
    redis: Running | None


@dataclass(frozen=True)
class EmbeddedServers:
    """The addresses of the servers that were asked for; a context manager that stops them.

    `mongodb_uri` is a direct connection to the primary of a replica set, `redis_url` names the
    logical database 0 and holds the password. Open clients after a fork.
    """

    mongodb_uri: str | None
    redis_url: str | None = field(repr=False)
    _owned: _Owned = field(repr=False, compare=False)

    def stop(self) -> None:
        """Ends the servers that this call of `start()` started, and waits until they are gone.

        Does nothing for an attacher, in a forked child, and the second time.
        """
        self._owned.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(data_dir: Path, *, mongodb: bool = True, redis: bool = True) -> EmbeddedServers:
    """Starts the servers of `data_dir` that don't run yet and attaches to those that do.

    The data is kept in `data_dir`/mongodb and /valkey, the logs in /logs; all of it survives a
    restart, and a kill. Returns when both accept writes. Raises EmbeddedServerError when a server
    is missing (saying what to install or to set) or doesn't start (with the end of its log);
    then nothing that this call started is left running.
    """
    if sys.platform == "win32":
        raise EmbeddedServerError(
            "the embedded servers need Linux or macOS: set WRENCOS_MONGODB_URI and "
            "WRENCOS_REDIS_URL to servers of your own"
        )
    data_dir = Path(data_dir).expanduser().resolve()
    if not data_dir.is_dir():
        private_folder(data_dir)
    owned = _Owned(data_dir)
    addresses: dict[str, str] = {}
    try:
        with locked(data_dir / LOCK, seconds=START_LOCK_SECONDS):
            try:
                for name, wanted in ((MONGODB, mongodb), (REDIS, redis)):
                    if wanted:
                        addresses[name] = _attach(data_dir, name) or owned.start(name)
            except BaseException:
                owned.end()
                raise
    except OSError as error:
        raise EmbeddedServerError(f"can't use the data folder {data_dir}: {error}") from error
    return EmbeddedServers(addresses.get(MONGODB), addresses.get(REDIS), owned)


def status(data_dir: Path) -> Status | None:
    """The servers of `data_dir` that run and answer, or None when none does. Changes nothing."""
    records = state.read(Path(data_dir).expanduser().resolve())
    found = {
        name: Running(record.pid, record.uri, record.starter_pid)
        for name, record in records.items()
        if record.alive() and _answers(name, record, seconds=0)
    }
    return Status(found.get(MONGODB), found.get(REDIS)) if found else None


class _Owned:
    """The servers that one call of `start()` started in `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._processes: dict[str, ServerProcess] = {}
        self._pid = os.getpid()

    def start(self, name: str) -> str:
        """Starts the server and writes it down; the data folder's lock is held."""
        process, uri = _STARTERS[name](self._data_dir)
        self._processes[name] = process
        atexit.register(self.stop)
        records = state.read(self._data_dir)
        records[name] = state.Record.of_mine(process.pid, uri)
        state.write(self._data_dir, records)
        return uri

    def stop(self) -> None:
        # A forked child has a copy of this object, but the servers are its parent's.
        if not self._processes or os.getpid() != self._pid:
            return
        try:
            # The lock keeps others from attaching to a server that is about to end.
            with locked(self._data_dir / LOCK, seconds=STOP_LOCK_SECONDS):
                self.end()
        except (OSError, EmbeddedServerError):
            self.end()  # the data folder is gone, or someone holds on to the lock

    def end(self) -> None:
        """Ends the servers and forgets them; the data folder's lock is held."""
        atexit.unregister(self.stop)
        processes, self._processes = self._processes, {}
        pids = {process.pid for process in processes.values()}
        for process in processes.values():
            process.end()
        if processes and self._data_dir.is_dir():
            records = state.read(self._data_dir)
            kept = {name: record for name, record in records.items() if record.pid not in pids}
            state.write(self._data_dir, kept)


def _attach(data_dir: Path, name: str) -> str | None:
    """The address of the running server, or None after ending what is left of an earlier one."""
    record = state.read(data_dir).get(name)
    if record is None:
        return None
    if record.alive() and _answers(name, record, seconds=ANSWER_SECONDS):
        return record.uri
    end_leftover(record.pid, record.identity)
    return None


def _answers(name: str, record: state.Record, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        if name == MONGODB:
            ready = mongod.answers(record.uri)
        else:
            ready = valkey.answers(record.uri, record.pid)
        if ready or not record.alive() or time.monotonic() >= deadline:
            return ready
        time.sleep(0.05)
