"""Finds plugins, holds each to the rules of the house, and refuses one without harming the rest."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

import msgspec
import pluggy
import structlog
from packaging.specifiers import InvalidSpecifier, SpecifierSet

import wrencos_core
from wrencos_core import hookspecs
from wrencos_core.errors import PluginError, StartupError

log = structlog.get_logger(__name__)

GROUP = "wrencos.plugins"
_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")


class PluginInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin module says of itself in its constant `PLUGIN`.

    `core` is the range of core versions it works with, as in its pyproject.toml.
    """

    name: str
    title: str
    description: str
    version: str
    core: str


@dataclass
class PluginStatus:
    """What became of an installed plugin; `reason` says why it is not enabled."""

    name: str
    state: Literal["enabled", "disabled", "refused"]
    reason: str = ""
    info: PluginInfo | None = None
    module: ModuleType | None = field(default=None, repr=False)


class PluginManager:
    """The loaded plugins and their hooks.

    `built_in` modules are parts of the core on the same hooks; they can't be disabled.
    """

    def __init__(self, built_in: Sequence[ModuleType]) -> None:
        self.pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self.pluggy.add_hookspecs(hookspecs)
        self.pluggy.hook.add_hookspecs.call_historic(kwargs={"add": self.pluggy.add_hookspecs})
        self.statuses: dict[str, PluginStatus] = {}
        for module in built_in:
            self._register(module)
        self._parts_of_the_core = set(self.statuses)

    @property
    def hook(self) -> Any:
        """pluggy's hook callers; call them by keyword."""
        return self.pluggy.hook

    def enabled(self) -> list[PluginStatus]:
        """The enabled plugins by name."""
        chosen = (status for status in self.statuses.values() if status.state == "enabled")
        return sorted(chosen, key=lambda status: status.name)

    def load(self, found: Mapping[str, Any], disabled: Iterable[str]) -> None:
        """Enable each found plugin (a module, or an entry point that loads one) unless it can't be.

        A plugin that raises at import, breaks a rule or does not fit this core is refused by name
        and reason; the others are enabled all the same.
        """
        built_in = set(self.statuses)
        off = set(disabled) - built_in
        for name in sorted(found):
            if name in built_in:
                log.error("plugin.refused", plugin=name, reason="a part of the core has this name")
                continue
            if name in off:
                self.pluggy.set_blocked(name)
                self.statuses[name] = PluginStatus(name, "disabled", "switched off by a setting")
                continue
            try:
                module = found[name]
                module = module if isinstance(module, ModuleType) else module.load()
                check_info(name, module)
                self._register(module)
            except Exception as error:  # noqa: BLE001 - it is a stranger's code
                self.refuse(name, f"{type(error).__name__}: {error}")
        for name in sorted(off - set(found)):
            self.statuses[name] = PluginStatus(name, "disabled", "switched off, and not installed")

    def _register(self, module: ModuleType) -> None:
        info: PluginInfo = module.PLUGIN
        self.pluggy.register(module, name=info.name)
        self.statuses[info.name] = PluginStatus(info.name, "enabled", "", info, module)

    def refuse(self, name: str, reason: str) -> None:
        """Take the plugin out again and remember why.

        Raises StartupError for a part of the core, without which nothing works.
        """
        if name in self._parts_of_the_core:
            raise StartupError(f"{name}, a part of the core, broke a rule: {reason}")
        log.error("plugin.refused", plugin=name, reason=reason)
        if self.pluggy.has_plugin(name):
            self.pluggy.unregister(name=name)
        self.statuses[name] = PluginStatus(name, "refused", reason)

    def unknown_hooks(self) -> list[tuple[str, str]]:
        """(plugin name, what is wrong) for each hook that no one owns and is not optional."""
        return [
            (implementation.plugin_name, f"there is no hook {caller.name!r}")
            for caller in vars(self.pluggy.hook).values()
            if isinstance(caller, pluggy.HookCaller) and not caller.has_spec()
            for implementation in caller.get_hookimpls()
            if not implementation.optionalhook
        ]

    def collect(self, hook_name: str, **arguments: Any) -> list[tuple[str, Any]]:
        """(plugin name, item) for every item of a list hook, in the order of the plugins' names."""
        items = []
        for status in self.enabled():
            items += [
                (status.name, item) for item in self.collect_one(status, hook_name, arguments)
            ]
        return items

    def collect_one(
        self, status: PluginStatus, hook_name: str, arguments: Mapping[str, Any]
    ) -> list[Any]:
        """The items that one plugin returns for a list hook."""
        answers = self._ask(status, hook_name, arguments)
        return [item for answer in answers for item in answer or ()]

    def collect_safely(self, hook_name: str, **arguments: Any) -> list[Any]:
        """The items for a list hook; a plugin that raises is logged, and the others answer."""
        items: list[Any] = []
        for status in self.enabled():
            try:
                items += self.collect_one(status, hook_name, arguments)
            except Exception:
                log.exception("plugin.hook_failed", plugin=status.name, hook=hook_name)
        return items

    def call_each(
        self, hook_name: str, last: str | None = None, **arguments: Any
    ) -> list[tuple[str, Any]]:
        """(plugin name, result) of a hook that each plugin answers with one thing.

        They are asked in the order of their names, the plugin named `last` at the end.
        """
        ordered = sorted(self.enabled(), key=lambda status: (status.name == last, status.name))
        return [
            (status.name, answer)
            for status in ordered
            for answer in self._ask(status, hook_name, arguments)
        ]

    def _ask(self, status: PluginStatus, hook_name: str, arguments: Mapping[str, Any]) -> list[Any]:
        others = [p for p in self.pluggy.get_plugins() if p is not status.module]
        caller = self.pluggy.subset_hook_caller(hook_name, remove_plugins=others)
        answers: list[Any] = caller(**arguments)
        return answers


def discover() -> dict[str, Any]:
    """The installed plugins: entry points of the group `wrencos.plugins` by name."""
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}


def check_info(name: str, module: ModuleType) -> None:
    """Raise PluginError unless the module's PLUGIN is right and fits this core's version."""
    info = getattr(module, "PLUGIN", None)
    if not isinstance(info, PluginInfo):
        raise PluginError("its module has no PLUGIN = PluginInfo(…)")
    if info.name != name or not _NAME.fullmatch(name):
        raise PluginError(
            f"its entry point {name!r} and PLUGIN.name {info.name!r} must be one name"
        )
    try:
        fits = SpecifierSet(info.core).contains(wrencos_core.__version__, prereleases=True)
    except InvalidSpecifier as error:
        raise PluginError(f"PLUGIN.core is no version range: {info.core!r}") from error
    if not fits:
        raise PluginError(
            f"{name} {info.version} needs wrencos-core {info.core}, "
            f"this is {wrencos_core.__version__}"
        )
