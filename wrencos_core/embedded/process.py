"""Server processes: start one that can't outlive this process, recognise one, end one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from wrencos_core.errors import StartupError

LAUNCHER = Path(__file__).with_name("launcher.py")
START_SECONDS = 60.0
STOP_SECONDS = 20.0
LOG_LINES = 15
LOG_LINE_LENGTH = 500


class EmbeddedServerError(StartupError):
    """A bundled server is missing, can't be started or doesn't answer; the message says why."""


class ServerProcess:
    """A running server that this process started.

    On Linux the kernel ends it (SIGTERM) when this process dies, however it dies: kill -9 too.
    That death signal belongs to the thread that forks, not to its process, so a server that is
    started from another thread than the main one gets a thread of its own that waits as long as
    the server runs. Elsewhere an `atexit` function of servers.py ends the servers, which a
    kill -9 skips; the next start then ends and replaces them.
    """

    def __init__(self, name: str, command: Sequence[str], folder: Path, log: Path) -> None:
        """Runs `command` in `folder` with its output in `log`.

        Raises EmbeddedServerError when the system can't run it.
        """
        self.name = name
        self._log = log
        self._over = threading.Event()
        lock = folder / "running.lock"
        starter = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(lock)]
        try:
            self._process = self._in_lasting_thread(
                lambda: self._spawn([*starter, *command], folder)
            )
        except OSError as error:
            self._over.set()
            raise EmbeddedServerError(f"can't run {name}: {error}") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Returns when `ready()`; raises EmbeddedServerError with the log's end when it can't be.

        Nothing is left running after an error.
        """
        deadline = time.monotonic() + START_SECONDS
        try:
            while True:
                if not self.running():
                    raise self._failure(f"ended with status {self._process.returncode}")
                if ready():
                    return
                if time.monotonic() > deadline:
                    raise self._failure(f"was not ready after {START_SECONDS:.0f} s")
                time.sleep(0.02)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Asks the server to shut down, waits, and kills it when it doesn't. Idempotent."""
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._over.set()

    def _failure(self, what: str) -> EmbeddedServerError:
        return EmbeddedServerError(f"{self.name} {what}; the end of {self._log}:\n{self._tail()}")

    def _tail(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(line[:LOG_LINE_LENGTH] for line in text.splitlines()[-LOG_LINES:])

    def _spawn(self, command: list[str], folder: Path) -> subprocess.Popen[bytes]:
        # A log of this run and one of the run before: enough to explain a crash, bounded.
        if self._log.exists():
            self._log.replace(self._log.with_name(f"{self._log.name}.1"))
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return subprocess.Popen(  # noqa: S603  # a binary that the look-up found
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the application, which then ends its servers in order.
                start_new_session=True,
            )
        finally:
            os.close(descriptor)

    def _in_lasting_thread(
        self, spawn: Callable[[], subprocess.Popen[bytes]]
    ) -> subprocess.Popen[bytes]:
        if threading.current_thread() is threading.main_thread():
            return spawn()
        started = threading.Event()
        outcome: list[subprocess.Popen[bytes] | Exception] = []

        def keep() -> None:
            try:
                outcome.append(spawn())
            except Exception as error:  # noqa: BLE001  # raised again where start() was called
                outcome.append(error)
            started.set()
            self._over.wait()

        threading.Thread(target=keep, name=f"wrencos-{self.name}", daemon=True).start()
        started.wait()
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]


def identity(pid: int) -> str | None:
    """What tells the process `pid` from a later one with the same number; None when it is dead.

    A zombie is dead. The boot's id and the start time in clock ticks on Linux, elsewhere the
    start time that `ps` tells.
    """
    return _linux_identity(pid) if sys.platform == "linux" else _ps_identity(pid)


def _linux_identity(pid: int) -> str | None:
    try:
        # The name in brackets may hold spaces and brackets: fields count from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    state, *rest = fields.split()
    return None if state in "ZX" else f"{boot} {rest[18]}"


def _ps_identity(pid: int) -> str | None:
    listed = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    state, _, started = listed.partition(" ")
    return None if state.startswith("Z") else started.strip() or None


def end_leftover(pid: int, known_identity: str) -> None:
    """Ends a server whose starter has died or that has stopped answering.

    Signals nothing when `pid` has become another process. Raises EmbeddedServerError when the
    server is another user's, or survives a kill.
    """
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        if identity(pid) != known_identity:
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise EmbeddedServerError(f"can't end the leftover server {pid}: {error}") from error
        deadline = time.monotonic() + seconds
        while identity(pid) == known_identity and time.monotonic() < deadline:
            time.sleep(0.02)
    if identity(pid) == known_identity:
        raise EmbeddedServerError(f"the leftover server {pid} does not end")
