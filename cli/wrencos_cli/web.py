"""How the web server is run: gunicorn's command line, metrics folder, port and readiness."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wrencos_core.cli import fail

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
# Seconds that a stopping worker has for the requests it is answering.
_GRACE = 30
# An upload from a slow line or a cold start of a plugin must not look like a hung worker.
_TIMEOUT = 90
_CONNECTIONS = 10_000


@dataclass(frozen=True)
class Bind:
    """Where the web server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address for a client on this machine, without a slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def text(self) -> str:
        """As gunicorn takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def default_workers() -> int:
    """One for each core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def gunicorn_command(bind: Bind, workers: int, dev: bool = False) -> list[str]:
    """The command line; it takes its settings from the environment, as every process does."""
    command = [sys.executable, "-m", "gunicorn", "wrencos_core.wsgi:app"]
    command += ["--config", "python:wrencos_cli.gunicorn_hooks"]
    command += ["--worker-class", "gevent", "--workers", str(1 if dev else workers)]
    command += ["--worker-connections", str(_CONNECTIONS), "--bind", bind.text]
    # gunicorn 27 opens a control socket in the home folder unless it is told not to.
    command += ["--no-control-socket", "--worker-tmp-dir", heartbeat_dir()]
    command += ["--timeout", str(_TIMEOUT), "--graceful-timeout", str(_GRACE)]
    return [*command, "--reload"] if dev else command


def heartbeat_dir() -> str:
    """In memory where possible: on a slow disk gunicorn's heartbeat can stall a worker."""
    memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes its own private files in it
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    return str(memory if usable else tempfile.gettempdir())


def metrics_dir() -> Path:
    """A fresh folder in which the web workers share their figures; gunicorn_hooks removes it."""
    return Path(tempfile.mkdtemp(prefix="wrencos-metrics-"))


def remove_metrics_dir(environ: Mapping[str, str]) -> None:
    """Remove what `metrics_dir` made, and nothing else."""
    folder = Path(environ.get(METRICS_DIR, ""))
    if folder.name.startswith("wrencos-metrics-"):
        shutil.rmtree(folder, ignore_errors=True)


def require_free(bind: Bind) -> None:
    """End the command with a message when the port can't be had."""
    family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            # A closed connection's TIME_WAIT does not occupy the port; a listener does.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bind.host, bind.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fail(f"Port {bind.port} on {bind.host} is taken; choose another one with --port.")
        fail(f"Can't listen on {bind.text}: {error.strerror or error}.")
    except OverflowError:
        fail(f"{bind.port} is no port.")


def is_ready(bind: Bind) -> bool:
    """Whether the server answers that it can serve."""
    return answers(bind, "/ready")


def answers(bind: Bind, path: str) -> bool:
    """Whether a GET of `path` succeeds."""
    # Never through a proxy of the environment: it is this machine that is asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{bind.url}{path}", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
