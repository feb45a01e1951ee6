"""The installed plugins and their settings classes, without servers and without a platform."""

from __future__ import annotations

from importlib import import_module

import structlog

from wrencos_core.contributions import gather
from wrencos_core.platform import BUILT_IN
from wrencos_core.plugins import PluginManager, discover
from wrencos_core.settings import CoreSettings, Settings, SettingsError, Sources, load, read_sources


def load_plugins() -> PluginManager:
    """The plugins that the settings leave on; one that is broken has the status `refused`.

    It logs nothing: the caller reports what was refused.
    """
    manager = PluginManager([import_module(name) for name in BUILT_IN])
    with structlog.testing.capture_logs():
        manager.load(discover(), _disabled())
    return manager


def settings_classes() -> list[type[Settings]]:
    """The settings classes of the core, of its parts and of all plugins that are on."""
    manager = load_plugins()
    with structlog.testing.capture_logs():
        parts = gather(manager)
    classes = [cls for name in sorted(parts) for cls in parts[name].settings]
    return [CoreSettings, *(cls for cls in classes if cls is not CoreSettings)]


def _disabled() -> tuple[str, ...]:
    """Settings that are wrong elsewhere must not keep a command from being found."""
    try:
        sources = read_sources()
        toml = {k: v for k, v in sources.toml.items() if not isinstance(v, dict)}
        return (
            load([CoreSettings], Sources(sources.environ, toml)).get(CoreSettings).disabled_plugins
        )
    except SettingsError:
        return ()
