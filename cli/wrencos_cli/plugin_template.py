"""Writes a new plugin from the files in templates/plugin/.

A file's name ends in `.tmpl`; NAME in its path and $-placeholders in its text stand for the
plugin's own names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

import wrencos_core
from wrencos_core.cli import fail

_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")
_RESERVED = {"core", "mail", "auth", "cli"}
_SUFFIX = ".tmpl"


def write_plugin(name: str, parent: Path) -> Path:
    """Make `parent`/wrencos-`name` and return it; ends the command when it can't be."""
    if not _NAME.fullmatch(name):
        fail(
            f"{name!r} is no plugin name: 2 to 31 letters a-z and digits, beginning with a letter."
        )
    if name in _RESERVED:
        fail(f"The name {name!r} belongs to the core.")
    folder = parent / f"wrencos-{name}"
    if folder.exists():
        fail(f"{folder} exists already.")
    values = placeholders(name)
    try:
        for path, text in template_files():
            file = folder / path.replace("NAME", name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(Template(text).substitute(values), "utf-8")
    except OSError as error:
        fail(f"Can't write {folder}: {error.strerror}.")
    return folder


def placeholders(name: str) -> dict[str, str]:
    """What the templates' placeholders stand for."""
    major, minor, *_ = wrencos_core.__version__.split(".")
    return {
        "name": name,
        "title": name.capitalize(),
        "upper": name.upper(),
        "package": f"wrencos_{name}",
        # Ids begin with it; 16 characters at most, and no two plugins may share one.
        "prefix": f"{name[:12]}note",
        "core": f">={major}.{minor},<{major}.{int(minor) + 1}",
    }


def template_files() -> Iterator[tuple[str, str]]:
    """(path, text) of every template, the path with NAME in it and without the suffix."""
    yield from _below(files("wrencos_cli") / "templates" / "plugin", PurePosixPath())


def _below(folder: Traversable, at: PurePosixPath) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _below(entry, at / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield str(at / entry.name.removesuffix(_SUFFIX)), entry.read_text("utf-8")
