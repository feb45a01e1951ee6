"""The pytest plugin `wrencos`: fixtures on real servers, for the core, its plugins and others.

Override `wrencos_plugins` and `wrencos_settings` in a conftest.py to say what is under test.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from wrencos_core.testing.servers import Addresses, SessionServers, temporary_folder

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from wrencos_core.clock import ManualClock
    from wrencos_core.platform import Platform
    from wrencos_core.settings import Settings
    from wrencos_core.testing.accounts import Logins
    from wrencos_core.testing.harness import Harness
    from wrencos_core.testing.jobs import JobRunner
    from wrencos_core.testing.processes import LiveServer, LiveWorker

# Installed in place, these would fail without saying what they compared.
pytest.register_assert_rewrite("wrencos_core.testing.conformance", "wrencos_core.testing.queries")

SERVERS = pytest.StashKey[SessionServers]()
NOW = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVERS] = SessionServers()
    config.addinivalue_line("markers", "rate_limits: leave the rate limits on in this test.")


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SERVERS].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the servers in the controller of pytest-xdist, and tell the worker where they are."""
    shared = getattr(node.config, "_wrencos_addresses", None)
    if shared is None:
        try:
            addresses = node.config.stash[SERVERS].start()
            shared = {"mongodb_uri": addresses.mongodb_uri, "redis_url": addresses.redis_url}
        except Exception as error:  # noqa: BLE001 - the first test that needs a server shows it
            shared = {"error": f"{type(error).__name__}: {error}"}
        node.config._wrencos_addresses = shared
    node.workerinput["wrencos"] = shared


@pytest.fixture(scope="session")
def wrencos_plugins() -> Mapping[str, ModuleType]:
    """The plugins under test, name to module; override it in a conftest.py."""
    return {}


@pytest.fixture(scope="session")
def wrencos_settings() -> Mapping[type[Settings], Mapping[str, Any]]:
    """Settings of every test by class; override it in a conftest.py."""
    return {}


@pytest.fixture(scope="session")
def wrencos_harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """This process's share of the session's servers."""
    from wrencos_core.testing.harness import Harness

    given = getattr(request.config, "workerinput", None)
    if given is None:
        worker, addresses = 0, request.config.stash[SERVERS].start()
    elif "error" in given["wrencos"]:
        pytest.fail(given["wrencos"]["error"], pytrace=False)
    else:
        worker = int(given["workerid"].removeprefix("gw"))
        addresses = Addresses(**given["wrencos"])
    folder = temporary_folder()
    harness = Harness(addresses, worker, folder)
    try:
        yield harness
    finally:
        harness.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_platform(
    request: pytest.FixtureRequest,
    wrencos_harness: Harness,
    wrencos_plugins: Mapping[str, ModuleType],
    wrencos_settings: Mapping[type[Settings], Mapping[str, Any]],
) -> Callable[..., Platform]:
    """Returns `make(plugins=None, settings=None, **core)`: an empty platform, and puts it in use.

    `plugins` replace `wrencos_plugins`, `settings` (by class) and `core` (the core's, by name) go
    over `wrencos_settings`.
    """
    from wrencos_core.settings import CoreSettings

    def make(
        plugins: Mapping[str, ModuleType] | None = None,
        settings: Mapping[type[Settings], Mapping[str, Any]] | None = None,
        **core: Any,
    ) -> Platform:
        merged = {cls: dict(values) for cls, values in wrencos_settings.items()}
        for cls, values in (settings or {}).items():
            merged.setdefault(cls, {}).update(values)
        merged.setdefault(CoreSettings, {}).update(core)
        if request.node.get_closest_marker("rate_limits"):
            merged[CoreSettings]["rate_limits"] = "on"
        return wrencos_harness.platform(wrencos_plugins if plugins is None else plugins, merged)

    return make


@pytest.fixture
def platform(make_platform: Callable[..., Platform]) -> Platform:
    """The platform with `wrencos_plugins`, its database, Redis and data folder empty."""
    return make_platform()


@pytest.fixture
def make_app(wrencos_harness: Harness) -> Callable[[Platform], Flask]:
    """Returns `make(platform)`: the Flask application of a platform from `make_platform`."""
    return wrencos_harness.app


@pytest.fixture
def app(platform: Platform, make_app: Callable[[Platform], Flask]) -> Flask:
    """The Flask application of `platform`."""
    return make_app(platform)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Flask's test client, logged out."""
    return app.test_client()


@pytest.fixture
def login(platform: Platform, app: Flask) -> Logins:
    """Call it with a role and permissions to get a `Caller` logged in as a new user."""
    from wrencos_core.testing.accounts import Logins

    return Logins(platform, app)


@pytest.fixture
def run_jobs(platform: Platform) -> JobRunner:
    """Call it to run every job that is due; see JobRunner."""
    from wrencos_core.testing.jobs import JobRunner

    return JobRunner(platform)


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """A clock that stands at 2026-03-02 03:04:05 UTC until the test moves it."""
    from wrencos_core import clock

    manual = clock.ManualClock(NOW)
    with clock.use(manual):
        yield manual


@pytest.fixture
def outbox_events(
    platform: Platform,  # noqa: ARG001 - which is in use
) -> Callable[..., list[dict[str, Any]]]:
    """Returns `events(name=None)`: the stored events (of one name) as rows, oldest first."""
    from wrencos_core.outbox import StoredEvent

    def events(name: str | None = None) -> list[dict[str, Any]]:
        query = {} if name is None else {"name": name}
        return list(StoredEvent.raw().find(query).sort("$natural", 1))

    return events


@pytest.fixture
def sent_mail(platform: Platform) -> Callable[[], list[EmailMessage]]:
    """Returns `mail()`: what was sent so far, oldest first. It runs no jobs; `run_jobs` does."""
    from wrencos_core.testing.mailbox import read_outbox

    return lambda: read_outbox(platform.settings.data_dir)


@pytest.fixture
def server(request: pytest.FixtureRequest, platform: Platform) -> Iterator[LiveServer]:
    """The production server in processes of its own, on the database and plugins of `platform`."""
    from wrencos_core.testing.processes import LiveServer

    live = LiveServer(platform, request.config.rootpath)
    try:
        live.start()
        yield live
    finally:
        live.stop()


@pytest.fixture
def worker(request: pytest.FixtureRequest, platform: Platform) -> Iterator[LiveWorker]:
    """`wrencos worker` in a process of its own, on the database and plugins of `platform`."""
    from wrencos_core.testing.processes import LiveWorker

    live = LiveWorker(platform, request.config.rootpath)
    try:
        live.start()
        yield live
    finally:
        live.stop()
