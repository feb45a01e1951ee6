"""Runs the parts of Wrencos as child processes: restarts what dies, and stops all in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_TIED = Path(__file__).with_name("tied.py")
_PAUSE = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Part:
    """A command that should always run. Parts of one `role` are stopped together."""

    role: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True)
class Patience:
    """When to try again, and when to give up; in seconds.

    A part that ends within `quick` of its start has died quickly; after `deaths` of these in a row
    the supervisor gives up. Between them it waits `first`, then twice as long each time.
    """

    quick: float = 10.0
    deaths: int = 5
    first: float = 0.5
    longest: float = 15.0
    stop: float = 40.0


class _Child:
    """One part: its process, and how it fared."""

    def __init__(self, part: Part, patience: Patience) -> None:
        self.part = part
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self.quick_deaths = 0
        self.status = 0
        self._not_before = 0.0

    def start(self) -> None:
        command = [sys.executable, "-I", "-S", str(_TIED), str(os.getpid()), *self.part.command]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            env=dict(self.part.environ) or None,
            cwd=self.part.folder,
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the supervisor, which then stops its parts in order.
            start_new_session=True,
        )
        self._started_at = time.monotonic()

    def tend(self) -> None:
        """Start it when it is due; note its death when it has died."""
        if self._process is None:
            if time.monotonic() >= self._not_before:
                self.start()
            return
        status = self._process.poll()
        if status is None:
            return
        lived = time.monotonic() - self._started_at
        self.end_group()
        self._process, self.status = None, status
        self.quick_deaths = self.quick_deaths + 1 if lived < self._patience.quick else 0
        wait = self._patience.first * 2 ** max(0, self.quick_deaths - 1)
        self._not_before = time.monotonic() + min(wait, self._patience.longest)
        log.error("part.died", part=self.part.role, status=status, lived=round(lived, 1))

    def signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def end_group(self) -> None:
        """Kill the part, and what it has left behind in its process group."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Supervisor:
    """Keeps `parts` running until it is told to stop.

    The parts die with this process, however it ends (on Linux). Use it in the main thread.
    """

    def __init__(self, parts: Sequence[Part], patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._children = [_Child(part, self._patience) for part in parts]
        self._asked = threading.Event()
        self._hurry = threading.Event()

    def run(self, between: Callable[[], None] = lambda: None) -> str | None:
        """Start all parts and tend them until `ask_to_stop` or a signal; then stop them in order.

        `between` is called several times a second and must be quick. Returns None after a stop
        that was asked for, else why it gave up.
        """
        with self._signals():
            try:
                for child in self._children:
                    child.start()
                reason = None
                while reason is None and not self._asked.wait(_PAUSE):
                    reason = self.tend()
                    between()
                return reason
            finally:
                self._stop()

    def tend(self) -> str | None:
        """Restart what has died; in words, why to give up, or None."""
        for child in self._children:
            child.tend()
            if child.quick_deaths >= self._patience.deaths:
                return (
                    f"{child.part.role} ended {child.quick_deaths} times within "
                    f"{self._patience.quick:g} s of its start (exit status {child.status}); "
                    "its messages stand above."
                )
        return None

    def ask_to_stop(self) -> None:
        """Make `run` stop its parts and return; the second time, without patience."""
        if self._asked.is_set():
            self._hurry.set()
        self._asked.set()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, lambda *_: self.ask_to_stop()) for number in SIGNALS
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self) -> None:
        """Role by role: ask, wait, and kill what does not end."""
        for role in dict.fromkeys(child.part.role for child in self._children):
            group = [child for child in self._children if child.part.role == role]
            for child in group:
                child.signal(signal.SIGTERM)
            deadline = time.monotonic() + self._patience.stop
            while not all(child.ended() for child in group):
                if self._hurry.is_set() or time.monotonic() > deadline:
                    break
                time.sleep(_PAUSE / 4)
            for child in group:
                if not child.ended():
                    log.warning("part.killed", part=role)
                child.end_group()
