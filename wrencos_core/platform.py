"""The platform: settings, plugins, services, jobs and events, without Flask.

The web server, the worker, the scheduler, the CLI and the tests each start one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NoReturn

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from wrencos_core import database, documents, migrations
from wrencos_core.contributions import Contributions, check_names, gather
from wrencos_core.errors import PermissionDenied, StartupError
from wrencos_core.identity import Identity, Permission
from wrencos_core.jobs import JobQueue, Schedule
from wrencos_core.mail.mailer import Mailer
from wrencos_core.migrations import Migration
from wrencos_core.outbox import Outbox
from wrencos_core.plugins import PluginManager, PluginStatus, discover
from wrencos_core.services import ServiceRegistry
from wrencos_core.settings import (
    CoreSettings,
    S,
    Settings,
    SettingsBook,
    Sources,
    load,
    read_sources,
)
from wrencos_core.storage.files import open_storage
from wrencos_core.storage.images import Images
from wrencos_core.websockets.rooms import Rooms

log = structlog.get_logger(__name__)

# Parts of the core that stand on the public hooks; by name, so that this module needs no Flask.
BUILT_IN = ("wrencos_core.core_plugin", "wrencos_core.mail.plugin", "wrencos_core.auth.plugin")

_current: Platform | None = None


class Platform:
    """Everything that services, jobs and commands stand on. Build one with `start()`."""

    def __init__(
        self,
        book: SettingsBook,
        plugins: PluginManager,
        parts: dict[str, Contributions],
        environ: Mapping[str, str],
    ) -> None:
        self.book = book
        self.settings = book.get(CoreSettings)
        self.plugins = plugins
        self.models = [model for part in parts.values() for model in part.models]
        self.migrations: list[Migration] = [m for part in parts.values() for m in part.migrations]
        self.permissions: dict[str, Permission] = {
            permission.name: permission
            for part in parts.values()
            for permission in part.permissions
        }
        # Impatient: while Redis is away a request must not wait for it; the sweep makes up for it.
        self.redis = Redis.from_url(
            redis_url(self.settings),
            health_check_interval=30,
            socket_connect_timeout=2,
            socket_timeout=5,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 1),
        )
        self.jobs = JobQueue(self.redis)
        self.rooms = Rooms(self.redis, self.settings)
        self.outbox = Outbox(self.jobs)
        self.services = ServiceRegistry()
        self.storage, self.private_files = open_storage(self.settings, environ)
        self.images = Images(self)
        self.mailer = Mailer(self)
        self.schedules: list[Schedule] = []

    @property
    def hook(self) -> Any:
        return self.plugins.hook

    def settings_for(self, cls: type[S]) -> S:
        """The settings of a plugin by their class."""
        return self.book.get(cls)

    @property
    def secret_key(self) -> str:
        """The key that signs tokens; in development it is made once and kept in the data folder."""
        if self.settings.secret_key is not None:
            return self.settings.secret_key.get_secret_value()
        return _kept_secret(self.settings)

    def connect(self) -> None:
        """Open the database connection of this process; call it after a fork."""
        database.connect(mongodb_uri(self.settings), self.settings.mongodb_database)

    def prepare(self, report: Callable[[Migration], None] = lambda m: None) -> list[Migration]:
        """Build collections and indexes and apply what migrations are pending, which it returns.

        Raises StartupError when the server does not answer or has no transactions.
        """
        database.require_replica_set()
        documents.build_indexes(self.models)
        return migrations.migrate(self.migrations, report)

    def pending_migrations(self) -> list[Migration]:
        return migrations.pending(self.migrations)

    def allows(self, identity: Identity, permission: str) -> bool:
        """Whether `identity` may do this, as the plugins' hooks and at last the core decide."""
        answer = self.hook.check_permission(identity=identity, permission=permission)
        return bool(answer)

    def require(self, identity: Identity, permission: str) -> None:
        """Raise PermissionDenied unless `identity` may do this."""
        if not self.allows(identity, permission):
            raise PermissionDenied(f"This needs the permission {permission}.")


def start(
    settings: Mapping[type[Settings], Mapping[str, Any]] | None = None,
    plugins: Mapping[str, Any] | None = None,
    sources: Sources | None = None,
) -> Platform:
    """A platform with the enabled plugins, not yet connected to the database.

    `settings` override by class what the environment, .env and wrencos.toml say; `plugins` (name to
    module) replace those that are installed. Raises SettingsError or another StartupError.
    """
    global _current
    sources = sources if sources is not None else read_sources()
    found = dict(plugins) if plugins is not None else discover()
    refused: dict[str, str] = {}
    while True:
        try:
            _current = _build(dict(settings or {}), found, sources, refused)
            return _current
        except _PluginFailed as failure:
            # Begun anew without it, so that nothing which it registered half-way stays behind.
            refused[failure.plugin] = failure.reason


def _build(
    overrides: dict[type[Settings], Mapping[str, Any]],
    found: Mapping[str, Any],
    sources: Sources,
    refused: Mapping[str, str],
) -> Platform:
    first = load([CoreSettings], _top_only(sources), overrides).get(CoreSettings)
    manager = PluginManager([import_module(name) for name in BUILT_IN])
    manager.load({n: p for n, p in found.items() if n not in refused}, first.disabled_plugins)
    for name, reason in refused.items():
        manager.refuse(name, reason)
    parts = gather(manager)
    for name, reason in manager.unknown_hooks():
        raise _PluginFailed(name, reason)
    classes: list[type[Settings]] = [
        CoreSettings,
        *(cls for part in parts.values() for cls in part.settings),
    ]
    book = load(classes, sources, overrides, sections=found)
    platform = Platform(book, manager, parts, sources.environ)
    for register in (_register_services, _register_work, _register_schedules):
        for status in manager.enabled():
            try:
                register(platform, status)
            except Exception as error:  # noqa: BLE001 - it is a stranger's code
                _refuse(status, error)
    return platform


class _PluginFailed(Exception):
    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__(plugin, reason)
        self.plugin = plugin
        self.reason = reason


def _refuse(status: PluginStatus, error: Exception) -> NoReturn:
    if status.module is not None and status.module.__name__ in BUILT_IN:
        raise error
    raise _PluginFailed(status.name, f"{type(error).__name__}: {error}") from error


def _register_services(platform: Platform, status: PluginStatus) -> None:
    arguments = {"platform": platform, "services": platform.services}
    platform.plugins.collect_one(status, "register_services", arguments)


def _register_work(platform: Platform, status: PluginStatus) -> None:
    platform.outbox.subscribe(_named(platform, status, "subscriber"))
    platform.jobs.register(_named(platform, status, "job"))


def _register_schedules(platform: Platform, status: PluginStatus) -> None:
    schedules = _named(platform, status, "schedule")
    for schedule in schedules:
        platform.jobs.get(schedule.job)
    platform.schedules += schedules


def _named(platform: Platform, status: PluginStatus, kind: str) -> list[Any]:
    items = platform.plugins.collect_one(status, f"register_{kind}s", {"platform": platform})
    check_names(status.name, kind, [item.name for item in items])
    return items


def current_platform() -> Platform:
    """The platform of this process; a worker's fork inherits it. Raises RuntimeError before one."""
    if _current is None:
        raise RuntimeError("no platform was started in this process")
    return _current


def _top_only(sources: Sources) -> Sources:
    return Sources(
        sources.environ, {k: v for k, v in sources.toml.items() if not isinstance(v, dict)}
    )


def mongodb_uri(settings: CoreSettings) -> str:
    """The configured server, or the one that `wrencos up` embedded; StartupError when neither."""
    return _url(settings, "mongodb_uri", "WRENCOS_MONGODB_URI", "MongoDB")


def redis_url(settings: CoreSettings) -> str:
    """The configured server, or the one that `wrencos up` embedded; StartupError when neither."""
    return _url(settings, "redis_url", "WRENCOS_REDIS_URL", "Redis or Valkey")


def _url(settings: CoreSettings, field: str, variable: str, product: str) -> str:
    value = getattr(settings, field)
    if value is None:
        raise StartupError(
            f"No {product} is configured: set {variable}, "
            "or run `wrencos up`, which starts embedded servers."
        )
    return str(value.get_secret_value())


def _kept_secret(settings: CoreSettings) -> str:
    if settings.environment == "production":
        raise StartupError(
            "WRENCOS_SECRET_KEY must be set in production; `wrencos init` makes one."
        )
    file = settings.data_dir / "secret_key"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with open(file, "x", opener=_private) as new:
            new.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return file.read_text().strip()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
