"""The commands that plugins register, and a small cache of their names for `wrencos --help`.

Importing plugins takes most of a second. The help needs only names and one line each, which are
kept in the user's cache folder until a plugin's files, its version or the settings change.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

# plugin, command, one line of help
Row = tuple[str, str, str]

_GROUP = "wrencos.plugins"


class PluginCommands:
    """Loads the plugins at the first question that needs them.

    `reserved` are the core's own names: a plugin can't take one over.
    """

    def __init__(self, reserved: frozenset[str]) -> None:
        self._reserved = reserved
        self._loaded: dict[str, click.Command] | None = None
        self._rows: list[Row] = []

    def get(self, name: str) -> click.Command | None:
        """The command, or None; says on stderr which plugins could not be loaded."""
        return self._load().get(name)

    def listed(self) -> list[Row]:
        """What there is to list, without importing a plugin when that is possible."""
        if self._loaded is not None:
            return self._rows
        installed = list(entry_points(group=_GROUP))
        if not installed:
            return []
        file, key = _cache_file(), _key(installed)
        kept = _read(file, key)
        if kept is None:
            self._load()
            _write(file, key, self._rows)
            return self._rows
        return kept

    def _load(self) -> dict[str, click.Command]:
        if self._loaded is not None:
            return self._loaded
        self._loaded = {}
        for plugin, command in _registered():
            name = command.name or ""
            if name in self._reserved or name in self._loaded:
                _warn(f"plugin {plugin}: there is a command {name!r} already; its own is left out")
                continue
            self._loaded[name] = command
            self._rows.append((plugin, name, command.get_short_help_str(60)))
        return self._loaded


def _registered() -> Iterable[tuple[str, click.Command]]:
    """(plugin, command) of every plugin that works; the others are reported on stderr."""
    from wrencos_cli.catalogue import load_plugins

    plugins = load_plugins()
    for status in plugins.enabled():
        try:
            commands = plugins.collect_one(status, "register_commands", {})
        except Exception as error:  # noqa: BLE001 - it is a stranger's code
            _warn(f"plugin {status.name}: no commands: {type(error).__name__}: {error}")
            continue
        for command in commands:
            if isinstance(command, click.Command):
                yield status.name, command
            else:
                _warn(f"plugin {status.name}: {command!r} is not a click command")
    for status in plugins.statuses.values():
        if status.state == "refused":
            _warn(f"plugin {status.name} was refused: {status.reason}")


def _warn(message: str) -> None:
    click.echo(f"Warning: {message}", err=True)


def _cache_file() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    here = hashlib.sha256(sys.prefix.encode()).hexdigest()[:16]
    return Path(base) / "wrencos" / f"commands-{here}.json"


def _key(installed: Iterable[EntryPoint]) -> str:
    """Changes whenever the commands may have: a plugin, its files, or what switches it off."""
    parts = [
        [entry.name, entry.value, entry.dist.version if entry.dist else "", _newest(entry)]
        for entry in sorted(installed, key=lambda entry: entry.name)
    ]
    config = [_time(Path(name).absolute()) for name in (".env", "wrencos.toml")]
    off = os.environ.get("WRENCOS_DISABLED_PLUGINS", "")
    return json.dumps([parts, config, off])


def _newest(entry: EntryPoint) -> int:
    try:
        # Of a top-level package this imports nothing.
        spec = importlib.util.find_spec(entry.module.partition(".")[0])
    except (ImportError, ValueError):
        return 0
    folders = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    patterns = ("plugin.py", "commands*.py", "commands/*.py")
    files = [file for folder in folders for pattern in patterns for file in folder.glob(pattern)]
    if spec and not folders and spec.origin:
        files.append(Path(spec.origin))
    return max((file.stat().st_mtime_ns for file in files), default=0)


def _time(file: Path) -> list[Any]:
    return [str(file), file.stat().st_mtime_ns] if file.is_file() else [str(file)]


def _read(file: Path, key: str) -> list[Row] | None:
    try:
        content = json.loads(file.read_text("utf-8"))
        rows = content["rows"] if content["key"] == key else None
        return None if rows is None else [(str(p), str(n), str(h)) for p, n, h in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(file: Path, key: str, rows: list[Row]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps({"key": key, "rows": rows}), "utf-8")
        scratch.replace(file)
    except OSError:
        pass  # without a cache the next --help is slower
