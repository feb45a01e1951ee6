"""What the conformance checks read off a plugin: each function yields broken rules in words."""

from __future__ import annotations

import importlib.metadata
import pkgutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from wrencos_core.events import Event
from wrencos_core.mail.templates import LOCALES
from wrencos_core.plugins import GROUP, PluginInfo

MAX_LIMIT = 100
_MAIL_PARTS = ("subject.txt", "txt", "html")
# Parts of a plugin's package that a job or a command uses without a web server.
FLASK_FREE = ("services", "models", "errors", "settings", "permissions", "jobs", "subscribers")


def package_of(plugin: ModuleType) -> str:
    """The package that the plugin module is in; the module itself when it is a single file."""
    return plugin.__name__.rpartition(".")[0] or plugin.__name__


def modules_of(plugin: ModuleType) -> list[str]:
    """The names of all modules of the plugin's package, without importing them."""
    package = import_module(package_of(plugin))
    if not hasattr(package, "__path__"):
        return [package.__name__]
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [package.__name__, *(module.name for module in found)]


def distribution_of(plugin: ModuleType) -> importlib.metadata.Distribution | None:
    """The installed distribution whose entry point is this plugin."""
    for entry in importlib.metadata.entry_points(group=GROUP):
        if entry.value == plugin.__name__:
            return entry.dist
    return None


def check_distribution(
    info: PluginInfo, distribution: importlib.metadata.Distribution
) -> Iterator[str]:
    """PLUGIN says the same of its version and of the core's as the package does."""
    if distribution.version != info.version:
        yield f"PLUGIN.version {info.version} is not the package's {distribution.version}"
    needed = [Requirement(line) for line in distribution.requires or ()]
    # Those of an extra have a marker that does not hold without it.
    needed = [item for item in needed if item.marker is None or item.marker.evaluate({"extra": ""})]
    ranges = [item.specifier for item in needed if item.name == "wrencos-core"]
    if ranges != [SpecifierSet(info.core)]:
        shown = ", ".join(str(found) for found in ranges) or "none"
        yield f"PLUGIN.core {info.core} is not the package's range of wrencos-core: {shown}"


def operations(document: Mapping[str, Any], tags: set[str]) -> Iterator[tuple[str, Any]]:
    """(`GET /api/…`, operation) of the OpenAPI document for each route with one of these tags."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, Mapping) and tags & set(operation.get("tags", ())):
                yield f"{method.upper()} {path}", operation


def check_operation(name: str, operation: Mapping[str, Any]) -> Iterator[str]:
    """It has a summary, documents its problems, and what it answers."""
    if not operation.get("summary"):
        yield f"{name} has no summary: the first line of the view's docstring"
    responses = operation.get("responses", {})
    if "default" not in responses:
        yield f"{name} does not document its problems"
    if not any(str(status).startswith(("2", "3")) for status in responses):
        yield f"{name} does not document what it answers"


def check_bound(
    name: str, operation: Mapping[str, Any], document: Mapping[str, Any]
) -> Iterator[str]:
    """A GET that answers a list takes a `limit` that ends at MAX_LIMIT at the most."""
    path = name.partition(" ")[2]
    if not name.startswith("GET ") or path.endswith("}") or not _answers_list(operation, document):
        return
    limits = [item for item in operation.get("parameters", ()) if item.get("name") == "limit"]
    highest = [item.get("schema", {}).get("maximum") for item in limits]
    if not highest or highest[0] is None or highest[0] > MAX_LIMIT:
        yield f"{name} answers a list without a `limit` of at most {MAX_LIMIT}"


def _answers_list(operation: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    schema = _resolved(content.get("application/json", {}).get("schema", {}), document)
    members = [_resolved(member, document) for member in schema.get("properties", {}).values()]
    lists = [item for item in (schema, *members) if item.get("type") == "array"]
    # A list of plain values, such as names, is bounded by the thing that it describes.
    return any(_resolved(item.get("items", {}), document).get("properties") for item in lists)


def _resolved(schema: Any, document: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if reference is None:
        return schema if isinstance(schema, Mapping) else {}
    name = reference.rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"].get(name, {})
    return found


def events_of(plugin: str) -> list[type[Event]]:
    """The event classes that were imported and whose name begins with the plugin's."""
    found: list[type[Event]] = []
    waiting = list(Event.__subclasses__())
    while waiting:
        event = waiting.pop()
        waiting += event.__subclasses__()
        if getattr(event, "name", "").split(".")[0] == plugin:
            found.append(event)
    return sorted(found, key=lambda event: event.name)


def check_templates(folder: Path) -> Iterator[str]:
    """Each mail below `templates/mail/<plugin>` has three parts in each language.

    What begins with `_` is no mail: it is included by some.
    """
    names = {file.name.split(".")[0] for file in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(name for name in names if not name.startswith("_")):
        for locale in LOCALES:
            for part in _MAIL_PARTS:
                if not (folder / f"{name}.{locale}.{part}").is_file():
                    yield f"the mail {name} has no {name}.{locale}.{part}"


def check_command(command: click.Command, path: str = "") -> Iterator[str]:
    """The command, its options and the commands below it have help."""
    name = f"{path} {command.name}".strip()
    if not command.help:
        yield f"`wrencos {name}` has no help"
    for option in command.params:
        if isinstance(option, click.Option) and not option.help:
            yield f"`wrencos {name} {option.opts[0]}` has no help"
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from check_command(child, name)


def check_flask_free(modules: Iterable[str]) -> Iterator[str]:
    """No module among these imports Flask, itself or through another."""
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    if 'flask' in sys.modules:\n"
        "        sys.exit(f'{name} imports Flask')\n"
    )
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    ran = subprocess.run(
        [sys.executable, "-c", path + program, *modules],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        yield ran.stderr.strip().splitlines()[-1]
