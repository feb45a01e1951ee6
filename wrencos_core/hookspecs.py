"""Every hook of the core, in the order of a platform's life. Read this first.

Implement a hook in your plugin module with `@hookimpl`; take only the arguments you need. A hook
that returns a list is asked of every plugin, and the results are joined in the order of the
plugins' names. `firstresult` hooks stop at the first answer that is not None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click
    from flask import Request

    from wrencos_core.contracts.privacy import ErasedData, PersonalData
    from wrencos_core.contracts.search import SearchHit
    from wrencos_core.demo import DemoStep
    from wrencos_core.documents import Document
    from wrencos_core.events import Subscriber
    from wrencos_core.health import HealthCheck, Metric
    from wrencos_core.http.blueprint import Blueprint
    from wrencos_core.identity import Identity, Permission
    from wrencos_core.jobs import Job, Schedule
    from wrencos_core.migrations import Migration
    from wrencos_core.platform import Platform
    from wrencos_core.services import ServiceRegistry
    from wrencos_core.settings import Settings
    from wrencos_core.websockets.routes import WebSocketRoute

PROJECT = "wrencos"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# At start, once, in this order


@hookspec(historic=True)
def add_hookspecs(add: Callable[[Any], None]) -> None:
    """Call `add(module)` with a module of hook specifications that your plugin owns."""


@hookspec
def register_settings() -> Sequence[type[Settings]]:
    """The settings classes of your plugin; `section` is the plugin's name."""


@hookspec
def register_models() -> Sequence[type[Document]]:
    """The documents of your plugin; each collection is `<plugin>_<things>`."""


@hookspec
def register_migrations() -> Sequence[Migration]:
    """Changes of stored data between versions of your plugin."""


@hookspec
def register_permissions() -> Sequence[Permission]:
    """What staff may be allowed to do in your plugin: `<plugin>.<plurals>.<verb>`."""


@hookspec
def register_services(platform: Platform, services: ServiceRegistry) -> None:
    """Provide the services of your plugin; look others up at call time, not here."""


@hookspec
def register_subscribers(platform: Platform) -> Sequence[Subscriber]:
    """The reactions of your plugin to events, its own or others'."""


@hookspec
def register_jobs(platform: Platform) -> Sequence[Job]:
    """The background jobs of your plugin: `<plugin>.<verb_object>`."""


@hookspec
def register_schedules(platform: Platform) -> Sequence[Schedule]:
    """When jobs of your plugin run by themselves."""


@hookspec
def register_blueprints() -> Sequence[Blueprint]:
    """The REST endpoints of your plugin; the core puts them under /api."""


@hookspec
def register_websockets() -> Sequence[WebSocketRoute]:
    """The WebSocket endpoints of your plugin, below /ws."""


@hookspec
def register_health_checks(platform: Platform) -> Sequence[HealthCheck]:
    """What /ready and `wrencos check` must ask before the platform may serve."""


@hookspec
def register_commands() -> Sequence[click.Command]:
    """Commands and groups that your plugin adds to `wrencos`."""


@hookspec
def register_demo(platform: Platform) -> Sequence[DemoStep]:
    """Steps that fill an empty shop with demo data; lower `order` first."""


# At run time


@hookspec(firstresult=True)
def authenticate(request: Request) -> Identity | None:
    """Who sends this request; None leaves it to the next plugin, the core's own being last.

    Raise NotAuthenticated for credentials that are there but not valid.
    """


@hookspec(firstresult=True)
def check_permission(identity: Identity, permission: str) -> bool | None:
    """Whether `identity` may do this; None leaves it to the next plugin, the core being last."""


@hookspec
def search(platform: Platform, identity: Identity, text: str, limit: int) -> Sequence[SearchHit]:
    """What in your plugin fits `text` and may be seen by `identity`, the best first."""


@hookspec
def collect_metrics() -> Sequence[Metric]:
    """Figures of your plugin for /metrics, cheap to compute: it is asked every few seconds."""


@hookspec
def export_personal_data(platform: Platform, user_id: str) -> PersonalData:
    """Everything that your plugin stores about this user."""


@hookspec
def erase_personal_data(platform: Platform, user_id: str) -> ErasedData:
    """Erase or anonymise this user's data in the running transaction; say what stays and why."""
