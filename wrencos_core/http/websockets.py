"""WebSocket endpoints: everything is checked before the upgrade, and refused as a problem."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, current_app, g, request
from flask_sock import Sock
from redis.exceptions import RedisError

from wrencos_core.errors import (
    DomainError,
    FeatureUnavailable,
    NotAuthenticated,
    StartupError,
    TooManyRequests,
)
from wrencos_core.health import Metric
from wrencos_core.http.access import LOGGED_IN, PUBLIC, authorize
from wrencos_core.http.limits import caller_key
from wrencos_core.identity import ANONYMOUS, Identity
from wrencos_core.ids import new_id
from wrencos_core.platform import Platform
from wrencos_core.websockets.connection import Admission, Connection
from wrencos_core.websockets.errors import (
    BadHandshake,
    CloseCode,
    ConnectionClosed,
    ForeignOrigin,
    RealTimeUnavailable,
    WrongProtocolVersion,
    close_code,
)
from wrencos_core.websockets.hub import Hub
from wrencos_core.websockets.routes import WebSocketRoute
from wrencos_core.websockets.tickets import Tickets
from wrencos_core.websockets.wire import Wire

log = structlog.get_logger(__name__)

_EXTENSION = "wrencos_hub"
_SOCKETS = ("gunicorn.socket", "werkzeug.socket")
_PATH = re.compile(r"/ws/[^?#\s]+")
_AFTER = re.compile(r"[0-9]{1,15}")
_RETRY_SECONDS = 60


def init_app(app: Flask, platform: Platform) -> None:
    """Add the WebSocket endpoints of the plugins.

    Raises StartupError for a route whose path or access is none.
    """
    hub = Hub(platform)
    app.extensions[_EXTENSION] = hub
    settings = platform.settings
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": settings.websocket_ping_seconds,
        "max_message_size": settings.websocket_max_message_kb * 1024,
    }
    sock = Sock(app)
    for plugin, route in platform.plugins.collect("register_websockets"):
        _check(plugin, route, platform)
        endpoint = f"ws:{route.path}"
        sock.route(route.path, endpoint=endpoint, methods=["GET"])(_serve)
        upgrade = app.view_functions[endpoint]
        app.view_functions[endpoint] = _Gate(platform, hub, route, upgrade)


def current_hub() -> Hub:
    """The hub of the app that serves this request or socket."""
    hub: Hub = current_app.extensions[_EXTENSION]
    return hub


def figures() -> list[Metric]:
    """What this process knows of its sockets; nothing outside an app."""
    return current_hub().figures.metrics() if current_app else []


def _check(plugin: str, route: WebSocketRoute, platform: Platform) -> None:
    if not _PATH.fullmatch(route.path):
        raise StartupError(f"{plugin}: the path of a WebSocket is below /ws, not {route.path!r}")
    if route.access not in (PUBLIC, LOGGED_IN, *platform.permissions):
        raise StartupError(f"{plugin}: {route.path} has the unknown access {route.access!r}")


def _serve(ws: Any, **parameters: Any) -> None:
    """What flask-sock calls after the upgrade; its end is the end of the socket."""
    wire: Wire = g.websocket_wire
    connection = Connection(ws, wire, g.websocket_admission)
    hub, handler = current_hub(), g.websocket_handler
    hub.open(connection)
    try:
        handler(connection, **parameters)
    except ConnectionClosed:
        pass
    except DomainError as error:
        connection.close(close_code(error), error.slug)
    except Exception:
        # The answer to a bug must not be written into an open socket as HTTP.
        log.exception("websocket.failed", route=request.url_rule and request.url_rule.rule)
        connection.close(CloseCode.BUG)
    finally:
        hub.forget(connection)
        connection.close()
        wire.finish()


class _Gate:
    """The view of a route: admits to flask-sock's, which upgrades, whoever passes every check."""

    def __init__(
        self, platform: Platform, hub: Hub, route: WebSocketRoute, upgrade: Callable[..., Any]
    ) -> None:
        self._platform = platform
        self._hub = hub
        self._route = route
        self._upgrade = upgrade
        self._tickets = Tickets(platform)
        self._origins = _known_origins(platform)
        self.__name__ = "websocket"

    def __call__(self, **parameters: Any) -> Any:
        admission = self._admit(parameters)
        settings = self._platform.settings
        name = next((name for name in _SOCKETS if name in request.environ), None)
        if name is None:
            raise FeatureUnavailable("This server has no WebSockets; production is on gunicorn.")
        wire = Wire(request.environ[name], settings.websocket_queue, self._hub.figures.slow.inc)
        request.environ[name] = wire
        # simple-websocket would accept compression, whose state two senders corrupt.
        request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        g.websocket_wire, g.websocket_admission = wire, admission
        g.websocket_handler = self._route.handler
        self._take_place(admission)
        try:
            return self._upgrade(**parameters)
        finally:
            wire.abort()
            self._give_place_back(admission)

    def _admit(self, parameters: dict[str, Any]) -> Admission:
        """The checks in order: the cheap ones first, so that they cost no ticket."""
        if self._hub.is_stopping:
            raise RealTimeUnavailable()
        _require_handshake()
        self._require_origin()
        after = _after()
        identity, session_id = self._identify(request.args.get("ticket", ""))
        g.identity = identity
        authorize(self._route.access)
        if self._route.admit is not None:
            self._route.admit(identity, **parameters)
        kilobytes = self._route.max_message_kb or self._platform.settings.websocket_max_message_kb
        return Admission(
            socket_id=new_id("ws"),
            caller=caller_key(),
            identity=identity,
            session_id=session_id,
            allowed=self._allows,
            after=after,
            max_bytes=kilobytes * 1024,
            binary=self._route.binary,
        )

    def _identify(self, ticket: str) -> tuple[Identity, str | None]:
        bearer = self._tickets.redeem(ticket)
        if bearer.user_id is None or bearer.session_id is None:
            return ANONYMOUS, None
        login = (bearer.user_id, bearer.session_id)
        identity = self._hub.sessions.identities([login]).get(login)
        if identity is None:
            raise NotAuthenticated("This login has ended.")
        return identity, bearer.session_id

    def _allows(self, identity: Identity) -> bool:
        access = self._route.access
        return access in (PUBLIC, LOGGED_IN) or self._platform.allows(identity, access)

    def _require_origin(self) -> None:
        """Cookies play no part here, but another site must not act with a ticket it came by."""
        origin = request.headers.get("Origin")
        if origin is None or origin.lower() in self._origins:
            return
        development = self._platform.settings.environment != "production"
        if not (development and urlsplit(origin).netloc.lower() == request.host.lower()):
            raise ForeignOrigin()

    def _take_place(self, admission: Admission) -> None:
        settings = self._platform.settings
        guest = admission.identity.user_id is None
        most = settings.websocket_per_address if guest else settings.websocket_per_user
        try:
            free = self._hub.leases.take(admission.caller, admission.socket_id, most)
        except RedisError as error:
            raise RealTimeUnavailable() from error
        if not free:
            raise TooManyRequests(f"{most} sockets are open already.", retry_after=_RETRY_SECONDS)

    def _give_place_back(self, admission: Admission) -> None:
        try:
            self._hub.leases.drop(admission.caller, admission.socket_id)
        except RedisError as error:
            log.warning("websocket.lease_kept", error=type(error).__name__)


def _require_handshake() -> None:
    """What simple-websocket takes for granted, and would fail on after the upgrade began."""
    if request.method != "GET":
        raise BadHandshake()
    if request.headers.get("Sec-WebSocket-Version") != "13":
        raise WrongProtocolVersion()
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        raise BadHandshake("Sec-WebSocket-Key must be 16 bytes in base64.")


def _after() -> int | None:
    text = request.args.get("after")
    if text is None:
        return None
    if not _AFTER.fullmatch(text):
        raise BadHandshake("`after` is the `seq` of the last message that you have.")
    return int(text)


def _known_origins(platform: Platform) -> frozenset[str]:
    base = urlsplit(platform.settings.base_url)
    given = (*platform.settings.cors_origins, f"{base.scheme}://{base.netloc}")
    return frozenset(origin.rstrip("/").lower() for origin in given)
