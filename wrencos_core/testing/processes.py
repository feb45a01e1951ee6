"""The production processes of a test: a web server and a worker that it may kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
from pydantic import SecretStr
from rq import Worker

from wrencos_core.platform import Platform
from wrencos_core.plugins import discover
from wrencos_core.testing.servers import temporary_folder
from wrencos_core.testing.waiting import wait_until

START_WITHIN = 30.0
STOP_WITHIN = 20.0


class LiveProcess:
    """A process with the plugins, settings, database and Redis of a test's platform.

    `log` is the file that gets what it writes. Subclasses say what to run and when it is ready.
    """

    def __init__(self, platform: Platform, root: Path) -> None:
        self.platform = platform
        self.root = root
        self.folder = temporary_folder()
        self.log = self.folder / "process.log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process id; raises RuntimeError when it does not run."""
        if self._process is None:
            raise RuntimeError("not running")
        return self._process.pid

    def start(self) -> None:
        """Start it and return when it is ready; raises RuntimeError with its log if it is not."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=environment(self.platform, self.folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_WITHIN
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.command()} did not start:\n{self.output()}")
            time.sleep(0.05)

    def output(self) -> str:
        """What it wrote so far."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def kill(self) -> None:
        """End it and all that it started with SIGKILL, in the middle of whatever they do."""
        if self._process is None:
            return
        family = _family(self._process.pid)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        self._process = None
        wait_until(lambda: not any(is_alive(process) for process in family), "the end")

    def ask_to_end(self) -> None:
        """Send it SIGTERM and return at once."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Wait until it has ended by itself, and return its exit status."""
        if self._process is None:
            raise RuntimeError("not running")
        try:
            return self._process.wait(STOP_WITHIN)
        finally:
            self.kill()

    def restart(self) -> None:
        """Kill it, when it runs, and start it again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class LiveServer(LiveProcess):
    """The web server as in production, on a free port of 127.0.0.1."""

    workers = 2

    def __init__(self, platform: Platform, root: Path) -> None:
        super().__init__(platform, root)
        self.port = _free_port()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        options = ["--worker-class", "gevent", "--workers", str(self.workers)]
        options += ["--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
        return [sys.executable, "-m", "gunicorn", "wrencos_core.wsgi:app", *options]

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/openapi.json", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class LiveWorker(LiveProcess):
    """A worker as in production."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "wrencos_core.worker"]

    def is_ready(self) -> bool:
        registered = Worker.all(connection=self.platform.redis)
        return self._process is not None and any(w.pid == self._process.pid for w in registered)


def environment(platform: Platform, folder: Path) -> dict[str, str]:
    """The environment in which a process becomes the same platform.

    The test's plugins need not be installed: they are found through an entry point in `folder`;
    those that are installed and not under test are switched off.
    """
    modules = {
        status.name: status.module
        for status in platform.plugins.enabled()
        if status.module is not None and not status.module.__name__.startswith("wrencos_core.")
    }
    installed = set(discover())
    _offer(folder / "site", {n: m for n, m in modules.items() if n not in installed})
    off = {*platform.settings.disabled_plugins, *(installed - set(modules))}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WRENCOS_")}
    paths = [folder / "site", *_roots(modules.values()), *filter(None, sys.path)]
    return inherited | {
        **dict(_variables(platform)),
        "WRENCOS_DISABLED_PLUGINS": ",".join(sorted(off)),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(str(path) for path in paths)),
        "PYTHONUNBUFFERED": "1",
    }


def _variables(platform: Platform) -> Iterator[tuple[str, str]]:
    for settings in platform.book:
        for name in settings.model_fields_set:
            value = getattr(settings, name)
            if value is not None:
                yield settings.environment_name(name), _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _offer(site: Path, modules: dict[str, ModuleType]) -> None:
    """Make modules known as plugins, as installing them would."""
    info = site / "wrencos_under_test-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wrencos-under-test\nVersion: 0\n")
    lines = [f"{name} = {module.__name__}\n" for name, module in modules.items()]
    (info / "entry_points.txt").write_text("[wrencos.plugins]\n" + "".join(lines))


def _roots(modules: Iterable[ModuleType]) -> Iterator[Path]:
    """The folders from which these modules can be imported by their names."""
    for module in modules:
        if module.__file__ is None:
            raise ValueError(f"{module.__name__} has no file that another process could import")
        file = Path(module.__file__)
        depth = module.__name__.count(".") + (file.name == "__init__.py")
        yield file.parents[depth]


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; one that no one has asked for its exit status does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
