"""What a plugin brings at start, gathered and held to the rules before any of it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wrencos_core.documents import Document
from wrencos_core.errors import PluginError
from wrencos_core.events import is_event_name
from wrencos_core.identity import Permission, is_permission_name
from wrencos_core.ids import is_prefix
from wrencos_core.migrations import Migration
from wrencos_core.plugins import PluginManager, PluginStatus
from wrencos_core.settings import Settings

_COLLECTION = re.compile(r"[a-z][a-z0-9]*_[a-z][a-z0-9_]*")


@dataclass
class Contributions:
    """The declared, not yet running parts of one plugin."""

    settings: list[type[Settings]] = field(default_factory=list)
    models: list[type[Document]] = field(default_factory=list)
    migrations: list[Migration] = field(default_factory=list)
    permissions: list[Permission] = field(default_factory=list)


def gather(plugins: PluginManager) -> dict[str, Contributions]:
    """The contributions of each enabled plugin; one that breaks a rule is refused."""
    gathered: dict[str, Contributions] = {}
    prefixes: dict[str, str] = {}
    for status in plugins.enabled():
        try:
            contributions = _ask(plugins, status)
            problems = list(check(status.name, contributions, prefixes))
        except Exception as error:  # noqa: BLE001 - it is a stranger's code
            plugins.refuse(status.name, f"{type(error).__name__}: {error}")
            continue
        if problems:
            plugins.refuse(status.name, "; ".join(problems))
            continue
        gathered[status.name] = contributions
        prefixes |= {model.id_prefix: status.name for model in contributions.models}
    return gathered


def _ask(plugins: PluginManager, status: PluginStatus) -> Contributions:
    def ask(hook_name: str) -> list[Any]:
        return plugins.collect_one(status, hook_name, {})

    return Contributions(
        settings=ask("register_settings"),
        models=ask("register_models"),
        migrations=ask("register_migrations"),
        permissions=ask("register_permissions"),
    )


def check(plugin: str, given: Contributions, taken: dict[str, str]) -> Iterator[str]:
    """Each broken rule in words; `taken` maps the id prefixes of other plugins to their names."""
    for settings in given.settings:
        if settings.section != plugin:
            yield f"settings {settings.__name__} must have section {plugin!r}"
    own: set[str] = set()
    for model in given.models:
        yield from _check_model(plugin, model, taken, own)
        own.add(model.id_prefix)
    for migration in given.migrations:
        if migration.plugin != plugin:
            yield f"migration {migration.id} must be of plugin {plugin!r}"
    for permission in given.permissions:
        if not is_permission_name(permission.name) or not _owned(plugin, permission.name):
            yield f"permission {permission.name!r} must be `{plugin}.<plurals>.<verb>`"


def _check_model(
    plugin: str, model: type[Document], taken: dict[str, str], own: set[str]
) -> Iterator[str]:
    collection = model._get_collection_name()
    if not _COLLECTION.fullmatch(collection) or not collection.startswith(f"{plugin}_"):
        yield f"collection {collection!r} must be `{plugin}_<things>`"
    if not is_prefix(model.id_prefix):
        yield f"{model.__name__}.id_prefix {model.id_prefix!r} must be letters and digits"
    elif model.id_prefix in own:
        yield f"id prefix {model.id_prefix!r} is used twice"
    elif model.id_prefix in taken:
        yield f"id prefix {model.id_prefix!r} belongs to {taken[model.id_prefix]}"


def check_names(plugin: str, kind: str, names: list[str]) -> None:
    """Raise PluginError unless each job, schedule or subscriber is `<plugin>.<words>`, once."""
    for name in names:
        if not is_event_name(name) or not _owned(plugin, name):
            raise PluginError(f"{plugin}: {kind} {name!r} must be `{plugin}.<verb_object>`")
    if len(set(names)) != len(names):
        raise PluginError(f"{plugin}: a {kind} is registered twice")


def _owned(plugin: str, name: str) -> bool:
    return name.split(".", 1)[0] == plugin
