"""What a test process keeps between its tests: servers, platforms, applications, a data folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from redis import Redis

from wrencos_core import database, migrations, platform as platforms
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.platform import Platform
from wrencos_core.settings import CoreSettings, Settings, Sources

if TYPE_CHECKING:
    from flask import Flask

    from wrencos_core.testing.servers import Addresses

Overrides = Mapping[type[Settings], Mapping[str, Any]]

SECRET_KEY = "a-key-for-tests-only-of-at-least-32-bytes"
# Redis and Valkey have 16 logical databases unless they are told otherwise.
REDIS_DATABASES = 16


class Harness:
    """The servers of the session as one test process uses them.

    `worker` is the number of the pytest-xdist worker, 0 without one: each has a database and a
    logical Redis database of its own.
    """

    def __init__(self, addresses: Addresses, worker: int, data_dir: Path) -> None:
        if worker >= REDIS_DATABASES:
            raise RuntimeError(
                f"Redis has {REDIS_DATABASES} logical databases: run at most -n {REDIS_DATABASES}."
            )
        self.mongodb_uri = addresses.mongodb_uri
        self.redis_url = _with_database(addresses.redis_url, worker)
        self.database = f"wrencos_test_{worker}"
        self.data_dir = data_dir
        self._platforms: dict[Any, Platform] = {}
        self._apps: dict[int, Flask] = {}
        self._registered: dict[int, list[dict[Any, Any]]] = {}
        self._redis = Redis.from_url(self.redis_url)

    def core_settings(self) -> dict[str, Any]:
        """The core's settings in tests: own database, data folder and key, no rate limits."""
        return {
            "mongodb_uri": self.mongodb_uri,
            "mongodb_database": self.database,
            "redis_url": self.redis_url,
            "data_dir": self.data_dir,
            "secret_key": SECRET_KEY,
            "rate_limits": "off",
            # A test that writes wants to read what it wrote.
            "public_cache_seconds": 0,
            "min_free_disk_mb": 0,
        }

    def settings(self, overrides: Overrides) -> dict[type[Settings], dict[str, Any]]:
        """`overrides` over the core's settings in tests."""
        merged: dict[type[Settings], dict[str, Any]] = {
            CoreSettings: self.core_settings(),
            # The least that argon2 allows here: a tenth of the time for each user of a test.
            AuthSettings: {"password_memory_kib": 8 * 1024, "password_rounds": 1},
        }
        for cls, values in overrides.items():
            merged.setdefault(cls, {}).update(values)
        return merged

    def platform(self, plugins: Mapping[str, ModuleType], overrides: Overrides) -> Platform:
        """An empty platform in use: built once for the same plugins and settings, then reused."""
        key = _cache_key(plugins, overrides)
        platform = self._platforms.get(key)
        if platform is None:
            platform = platforms.start(self.settings(overrides), dict(plugins), Sources())
            self._activate(platform)
            self.empty()
            database.database()[migrations.COLLECTION].delete_many({})
            platform.prepare()
            # What its migrations wrote is emptied below, as it is before every other test.
            self._platforms[key] = platform
            self._registered[id(platform)] = [dict(known) for known in _registries(platform)]
        self._activate(platform)
        for known, first in zip(_registries(platform), self._registered[id(platform)], strict=True):
            known.clear()
            known.update(first)
        self.empty()
        _restore_migrations(platform)
        return platform

    def app(self, platform: Platform) -> Flask:
        """The Flask application of `platform`, built once."""
        from wrencos_core.app import build_app

        if id(platform) not in self._apps:
            app = build_app(platform)
            app.testing = True
            self._apps[id(platform)] = app
        return self._apps[id(platform)]

    def _activate(self, platform: Platform) -> None:
        platforms._current = platform
        if not _connected(self.database):
            platform.connect()

    def empty(self) -> None:
        """Empty every collection, the logical Redis database and the data folder."""
        db = database.database()
        names = [name for name in db.list_collection_names() if name != migrations.COLLECTION]
        for name in _filled(db, names):
            db[name].delete_many({})
        self._redis.flushdb()
        for entry in self.data_dir.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def close(self) -> None:
        """Drop the database and close every connection."""
        if self._platforms:
            if _connected(self.database):
                database.client().drop_database(self.database)
            self._redis.flushdb()
        for platform in self._platforms.values():
            platform.redis.close()
        self._redis.close()
        database.disconnect()


def _registries(platform: Platform) -> list[dict[Any, Any]]:
    """What a test may register more in, for itself alone."""
    return [platform.jobs._jobs, platform.outbox._subscribers, platform.services._providers]


def _connected(name: str) -> bool:
    from mongoengine.connection import ConnectionFailure

    try:
        return database.database().name == name
    except ConnectionFailure:
        return False


def _filled(db: database.Mongo, names: Iterable[str]) -> list[str]:
    """Those collections that hold anything, asked for in one round trip."""
    pipeline: list[dict[str, Any]] = [{"$documents": []}]
    for name in names:
        probe = [{"$limit": 1}, {"$project": {"_id": 0, "in": {"$literal": name}}}]
        pipeline.append({"$unionWith": {"coll": name, "pipeline": probe}})
    return [row["in"] for row in db.aggregate(pipeline)]


def _restore_migrations(platform: Platform) -> None:
    """Record exactly this platform's migrations as applied, whatever a test did to them."""
    applied = database.database()[migrations.COLLECTION]
    expected = {migration.id for migration in platform.migrations}
    present = {row["_id"] for row in applied.find({}, {"_id": 1})}
    if present - expected:
        applied.delete_many({"_id": {"$in": sorted(present - expected)}})
    if expected - present:
        applied.insert_many([{"_id": id} for id in sorted(expected - present)])


def _cache_key(plugins: Mapping[str, ModuleType], overrides: Overrides) -> Any:
    values = sorted(
        (f"{cls.__module__}.{cls.__qualname__}.{name}", repr(value))
        for cls, fields in overrides.items()
        for name, value in fields.items()
    )
    return tuple(sorted((name, id(module)) for name, module in plugins.items())), tuple(values)


def _with_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"{url}{'&' if parts.query else '?'}db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))
