"""create_app: the web application, in named steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from wrencos_core import logs
from wrencos_core.http import (
    docs,
    limits,
    media,
    openapi,
    operations,
    problems,
    requests,
    security,
    websockets,
)
from wrencos_core.platform import Platform, start
from wrencos_core.settings import Settings


def create_app(
    settings: Mapping[type[Settings], Mapping[str, Any]] | None = None,
    plugins: Mapping[str, Any] | None = None,
) -> Flask:
    """The application with every enabled plugin, connected to the database.

    `settings` override by class what the environment and files say; `plugins` (name to module)
    replace the installed ones. Raises StartupError, whose message tells an admin what to do.
    """
    platform = start(settings, plugins)
    logs.configure(platform.settings)
    platform.connect()
    return build_app(platform)


class Application(Flask):
    """Flask for views that are all synchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Flask inspects every function it calls, a dozen a request, for being a coroutine."""
        return func


def build_app(platform: Platform) -> Flask:
    """The application of a platform that was started already."""
    app = Application("wrencos_core", static_folder=None)
    app.extensions["wrencos"] = platform
    app.url_map.strict_slashes = False
    problems.init_app(app)
    requests.init_app(app, platform)
    security.init_app(app, platform)
    limits.init_app(app, platform)
    blueprints = [blueprint for _, blueprint in platform.plugins.collect("register_blueprints")]
    openapi.init_app(app, blueprints, platform.settings.shop_name)
    limits.apply_route_limits(app)
    websockets.init_app(app, platform)
    operations.init_app(app, platform)
    media.init_app(app, platform)
    docs.init_app(app, platform)
    return app
