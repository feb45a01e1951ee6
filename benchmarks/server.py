"""What is measured: databases of its own, and gunicorn run as `wrencos serve` runs it.

Everything lives in a temporary folder and listens on loopback; all of it ends with this process.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from wrencos_cli import tied, web
from wrencos_core.embedded import servers

ROOT = Path(__file__).parents[1]
SHOP, BARE = "wrencos_core.wsgi:app", "benchmarks.bare:app"
_START_WITHIN = 60.0


@dataclass(frozen=True)
class Databases:
    """The embedded servers: where they listen, and which processes they are."""

    environ: Mapping[str, str]
    mongod_pid: int
    valkey_pid: int
    folder: Path


@contextmanager
def databases(public_cache: bool = True) -> Iterator[Databases]:
    """Empty servers in a new temporary folder, on disk; they and the folder go with the block.

    `environ` holds the settings with which any process becomes a part of this shop. Without
    `public_cache` every page is read from the database, also a visitor's.
    """
    folder = Path(tempfile.mkdtemp(prefix="wrencos-bench-"))
    try:
        with servers.start(folder / "data") as started:
            running = servers.status(folder / "data")
            if running is None or running.mongodb is None or running.redis is None:
                raise RuntimeError("the embedded servers do not answer")
            environ = {
                "WRENCOS_ENVIRONMENT": "production",
                "WRENCOS_MONGODB_URI": str(started.mongodb_uri),
                "WRENCOS_REDIS_URL": str(started.redis_url),
                "WRENCOS_DATA_DIR": str(folder / "data"),
                "WRENCOS_SECRET_KEY": secrets.token_urlsafe(48),
                "WRENCOS_RATE_LIMITS": "off",
                "WRENCOS_MIN_FREE_DISK_MB": "0",
                # The tokens of the users must last for the whole run.
                "WRENCOS_AUTH_ACCESS_TOKEN_MINUTES": "240",
                # A cart that is added to thousands of times must not become full.
                "WRENCOS_COMMERCE_MAX_QUANTITY": "9999",
            }
            if not public_cache:
                environ["WRENCOS_PUBLIC_CACHE_SECONDS"] = "0"
            yield Databases(environ, running.mongodb.pid, running.redis.pid, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class WebServer:
    """gunicorn with an application, on a free port of 127.0.0.1."""

    def __init__(self, app: str, ready_path: str, workers: int, base: Databases) -> None:
        """Start it; `wait` until it is ready before you use it."""
        self._ready_path, self._workers = ready_path, workers
        self.log = base.folder / f"{app.partition(':')[0]}.log"
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = web.gunicorn_command(web.Bind("127.0.0.1", self.port), workers)
        command[command.index(SHOP)] = app
        tie = [sys.executable, "-I", "-S", str(tied.__file__), str(os.getpid())]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*tie, *command],
                cwd=base.folder,
                env=_environment(base),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def worker_pids(self) -> list[int]:
        """The processes that answer requests."""
        return sorted(child.pid for child in psutil.Process(self._process.pid).children())

    def wait(self) -> None:
        """Return once all workers run and one has answered; raises RuntimeError with the log."""
        deadline = time.monotonic() + _START_WITHIN
        while not (self._answers(self._ready_path) and len(self.worker_pids()) == self._workers):
            if self._process.poll() is not None or time.monotonic() > deadline:
                written = self.log.read_text("utf-8", "replace")[-4000:]
                raise RuntimeError(f"gunicorn did not start:\n{written}")
            time.sleep(0.05)

    def _answers(self, path: str) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Kill it: nothing in it is worth a graceful end."""
        if self._process.poll() is None:
            children = psutil.Process(self._process.pid).children(recursive=True)
            self._process.kill()
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        self._process.wait()


@dataclass(frozen=True)
class Stage:
    """The shop's web server, and the bare one beside it under the same settings of gunicorn."""

    shop: WebServer
    bare: WebServer
    databases: Databases


@contextmanager
def stage(base: Databases, workers: int) -> Iterator[Stage]:
    """Both web servers; they end with the block."""
    with ExitStack() as stack:
        shop = WebServer(SHOP, "/ready", workers, base)
        stack.callback(shop.stop)
        bare = WebServer(BARE, "/bare", workers, base)
        stack.callback(bare.stop)
        shop.wait()
        bare.wait()
        yield Stage(shop, bare, base)


def _environment(base: Databases) -> dict[str, str]:
    """As `wrencos serve` gives it to gunicorn, with nothing of this machine's own settings."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WRENCOS_")}
    metrics = tempfile.mkdtemp(prefix="wrencos-metrics-", dir=base.folder)
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**inherited, **base.environ, "PYTHONPATH": paths, web.METRICS_DIR: metrics}
