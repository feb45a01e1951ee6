"""One run of a command: its platform, and the embedded servers when none are configured."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from wrencos_core.errors import StartupError

if TYPE_CHECKING:
    from wrencos_core.embedded.servers import EmbeddedServers
    from wrencos_core.platform import Platform
    from wrencos_core.settings import CoreSettings

P = ParamSpec("P")
T = TypeVar("T")

MONGODB, REDIS = "WRENCOS_MONGODB_URI", "WRENCOS_REDIS_URL"

# A name that resolves nowhere (RFC 6761): commands that need no server must not reach one.
_OFFLINE = {
    "mongodb_uri": "mongodb://offline.invalid",
    "redis_url": "redis://offline.invalid:6379/0",
}


class Session:
    """What `ctx.obj` is. Nothing is started before it is asked for.

    `platform` is one that runs already; a session never closes it.
    """

    def __init__(self, platform: Platform | None = None) -> None:
        self._given = platform
        self._platform: Platform | None = platform
        self._offline: Platform | None = None
        self._servers: EmbeddedServers | None = None

    def platform(self) -> Platform:
        """The started and connected platform."""
        if self._platform is None:
            self._platform = _started(self._addresses())
            self._platform.connect()
        return self._platform

    def offline(self) -> Platform:
        """A platform for looking at: plugins, hooks and jobs, and no server."""
        if self._offline is None:
            self._offline = self._platform or _started(_OFFLINE)
        return self._offline

    def settings(self) -> CoreSettings:
        """The core's settings alone; raises SettingsError."""
        return self._given.settings if self._given else core_settings()

    def export(self) -> None:
        """Give this process and its children the servers' addresses in the environment.

        Without configured servers the embedded ones run until `close`.
        """
        for field, address in self._addresses().items():
            os.environ[MONGODB if field == "mongodb_uri" else REDIS] = address

    @property
    def owns_servers(self) -> bool:
        """Whether this session had to look for embedded servers, so must outlive its children."""
        return self._servers is not None

    def _addresses(self) -> dict[str, str]:
        """The addresses of the embedded servers for what is not configured."""
        settings = self.settings()
        missing = [name for name in _OFFLINE if not _configured(settings, name)]
        if not missing:
            return {}
        if self._servers is None:
            refuse_in_production(settings)
            from wrencos_core.embedded import servers

            self._servers = servers.start(
                settings.data_dir, mongodb="mongodb_uri" in missing, redis="redis_url" in missing
            )
        found = {"mongodb_uri": self._servers.mongodb_uri, "redis_url": self._servers.redis_url}
        return {name: address for name, address in found.items() if address and name in missing}

    def disconnect(self) -> None:
        """Close the connections of this process; the servers go on."""
        if self._platform is not None and self._given is None:
            from wrencos_core import database

            database.disconnect()
            self._platform.redis.close()
            self._platform = None

    def close(self) -> None:
        """Close the connections and end the servers that this session started."""
        self.disconnect()
        if self._servers is not None:
            self._servers.stop()
            self._servers = None


def pass_session(command: Callable[Concatenate[Session, P], T]) -> Callable[P, T]:
    """Give a command the Session as its first argument; a test may run it with `obj=platform`."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        obj = click.get_current_context().obj
        session = obj if isinstance(obj, Session) else Session(obj)
        return command(session, *args, **kwargs)

    return wrapper


def core_settings() -> CoreSettings:
    """The core's settings; raises SettingsError. Plugins' tables are left for later."""
    from wrencos_core.settings import CoreSettings, Sources, load, read_sources

    sources = read_sources()
    toml = {key: value for key, value in sources.toml.items() if not isinstance(value, dict)}
    return load([CoreSettings], Sources(sources.environ, toml)).get(CoreSettings)


def _configured(settings: CoreSettings, name: str) -> bool:
    value = getattr(settings, name)
    return value is not None and value.get_secret_value() != ""


def refuse_in_production(settings: CoreSettings) -> None:
    """Raise StartupError: the embedded servers are for trial, development and tests."""
    if settings.environment == "production":
        raise StartupError(
            f"WRENCOS_ENVIRONMENT is production, so {MONGODB} and {REDIS} must be set: "
            "the embedded servers are for trial, development and tests."
        )


def _started(addresses: Mapping[str, Any]) -> Platform:
    from wrencos_core import logs, platform
    from wrencos_core.settings import CoreSettings

    settings = core_settings()
    logs.configure(settings.model_copy(update={"log_level": "WARNING"}), force_text=True)
    return platform.start({CoreSettings: dict(addresses)} if addresses else None)
