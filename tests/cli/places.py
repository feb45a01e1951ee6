"""A folder in which `wrencos` runs as a process, and what became of its processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from click.testing import Result

from wrencos_core.plugins import discover
from wrencos_core.testing.waiting import wait_until

Run = Callable[..., Result]


def printed(result: Result) -> Any:
    """What a command printed as JSON; it must have succeeded."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@dataclass
class Place:
    """A folder of its own in which `wrencos` runs as a process, with no settings but `environ`."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("WRENCOS_")}
        off = {"WRENCOS_DISABLED_PLUGINS": ",".join(sorted(discover()))}
        return {**clean, **off, "XDG_CACHE_HOME": str(self.folder / "cache"), **self.environ}

    def run(self, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "wrencos_cli", *arguments],
            cwd=self.folder,
            env=self.variables(),
            input=input,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on; what it writes is in `output()`."""
        with (self.folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "wrencos_cli", *arguments],
                cwd=self.folder,
                env=self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def output(self) -> str:
        return (self.folder / "output").read_text("utf-8", "replace")

    def says(self, text: str, process: subprocess.Popen[bytes]) -> None:
        """Wait until the command that was started has written `text`."""

        def said() -> bool:
            if text in self.output():
                return True
            assert process.poll() is None, self.output()
            return False

        wait_until(said, f"{text!r}")

    def stop(self) -> None:
        for process in self.started:
            for one in family(process.pid):
                one.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def family(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def alive(processes: list[psutil.Process]) -> list[str]:
    """Those that still run, by what they are."""
    left = []
    for process in processes:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                left.append(" ".join(process.cmdline()[:6]))
        except psutil.NoSuchProcess:
            continue
    return left


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def interrupt(process: subprocess.Popen[bytes]) -> int:
    """Ctrl-C, once; the exit status."""
    process.send_signal(signal.SIGINT)
    return process.wait(60)


def offer(folder: Path, name: str, source: str) -> Path:
    """Make the module `source` known as an installed plugin; the folder for PYTHONPATH."""
    site = folder / "site"
    info = site / f"wrencos_{name}-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: wrencos-{name}\nVersion: 0\n")
    (info / "entry_points.txt").write_text(f"[wrencos.plugins]\n{name} = wrencos_{name}_plugin\n")
    (site / f"wrencos_{name}_plugin.py").write_text(source)
    return site
