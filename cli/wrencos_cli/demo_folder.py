"""The folder of a demo: marked as one, used by one demo at a time, and never another shop's."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wrencos_core.cli import fail

_MARKER = "wrencos-demo.json"
# What one may want to change in a demo. Everything else is left out: the settings of a real shop
# in the same shell could make the demo send mail or take money.
_PASSED_ON = frozenset(
    f"WRENCOS_{name}"
    for name in (
        "CURRENCY",
        "DISABLED_PLUGINS",
        "LOCALE",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "MIN_FREE_DISK_MB",
        "RATE_LIMITS",
        "SHOP_NAME",
        "TIMEZONE",
    )
)


class DemoFolder:
    """`path` is absolute."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold the folder for this demo; ends the command when another one runs on it.

        The lock stands beside the folder, as a reset deletes what is in it.
        """
        if sys.platform == "win32":
            fail("The demo needs Linux or macOS.")
        import fcntl

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.with_name(f".{self.path.name}.lock")
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            fail(f"Can't use {self.path}: {error.strerror}.")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            fail(f"Another demo runs on {self.path}; stop it, or choose another --data-dir.")
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
            os.close(descriptor)

    def reset(self) -> None:
        """Delete the folder, if a demo made it and no server runs on it."""
        if not self.path.exists():
            return
        if not self._marked():
            fail(f"{self.path} was not made by `wrencos demo`, so --reset leaves it alone.")
        from wrencos_core.embedded import servers

        if servers.status(self.path) is not None:
            fail(f"Servers are running on {self.path}; stop them first.")
        shutil.rmtree(self.path)

    def claim(self) -> None:
        """Make the folder, or take over one that a demo made; ends the command for any other."""
        if self._marked():
            return
        try:
            if self.path.exists() and any(self.path.iterdir()):
                fail(f"{self.path} is in use for something else; choose another --data-dir.")
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.remember(seeded=None)
        except OSError as error:
            fail(f"Can't use {self.path}: {error.strerror}.")

    def remember(self, **facts: Any) -> None:
        """Keep facts about this demo in its marker."""
        self._file.write_text(json.dumps({**self.facts(), **facts}), "utf-8")

    def facts(self) -> dict[str, Any]:
        """What `remember` kept."""
        try:
            content = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def _file(self) -> Path:
        return self.path / _MARKER

    def _marked(self) -> bool:
        return self._file.is_file()


def demo_environment(
    data_dir: Path, mongodb_uri: str | None, redis_url: str | None, url: str
) -> dict[str, str]:
    """The environment of the demo's processes: this one's, without the settings of other shops."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WRENCOS_") or name in _PASSED_ON
    }
    # On a terminal with someone in front of it, only what is wrong is news.
    quiet = {"WRENCOS_LOG_LEVEL": "WARNING", "WRENCOS_LOG_FORMAT": "text"}
    return {
        **quiet,
        **inherited,
        "WRENCOS_ENVIRONMENT": "demo",
        "WRENCOS_DATA_DIR": str(data_dir),
        "WRENCOS_BASE_URL": url,
        "WRENCOS_MONGODB_URI": mongodb_uri or "",
        "WRENCOS_REDIS_URL": redis_url or "",
    }


def has_display() -> bool:
    """Whether there is a screen to open a browser on."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
