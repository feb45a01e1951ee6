"""Plugin modules for tests: made on the spot, or loaded from a file that no one installed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from wrencos_core.hookspecs import hookimpl
from wrencos_core.plugins import PluginInfo


def make_plugin(name: str, core: str = ">=0.1", **hooks: Callable[..., Any]) -> ModuleType:
    """A plugin module `name` that implements `hooks` (hook name to function)."""
    module = ModuleType(name)
    module.PLUGIN = PluginInfo(  # type: ignore[attr-defined]
        name=name, title=name.title(), description="Made for a test.", version="1.0", core=core
    )
    for hook_name, function in hooks.items():
        setattr(module, hook_name, hookimpl(_plain(function)))
    return module


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A type such as `list` can't carry pluggy's mark: a function that calls it can."""
    return (lambda: function()) if isinstance(function, type) else function


def load_module(file: Path) -> ModuleType:
    """The module in `file`, imported once under the name of the file."""
    name = file.stem
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module in {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
