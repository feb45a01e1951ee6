"""Rate limits: one budget for each caller over the whole API, and those that routes ask for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, cast

import limits
import structlog
from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from wrencos_core.errors import NotAuthenticated, StartupError
from wrencos_core.http.access import current_identity
from wrencos_core.platform import Platform, redis_url

log = structlog.get_logger(__name__)

_EXTENSION = "wrencos_limiter"
# Probes and scrapers must never be refused; files and the pages of /docs cost little.
_EXEMPT = frozenset({"health", "ready", "metrics", "media", "docs", "docs_asset", "root"})
_SECONDS = 1


def init_app(app: Flask, platform: Platform) -> None:
    """Limit the requests of each user, or of each address when logged out, counted in Redis.

    Without Redis each process counts for itself until it is back. Raises StartupError for a
    default limit that can't be read. Call `apply_route_limits` when all routes are registered.
    """
    settings = platform.settings
    if settings.rate_limits == "off":
        return
    _check(settings.rate_limit_default, "WRENCOS_RATE_LIMIT_DEFAULT")
    limiter = Limiter(
        caller_key,
        application_limits=[settings.rate_limit_default],
        application_limits_exempt_when=_stands_alone,
        # Two counters a caller, and no double burst where one fixed window meets the next.
        strategy="sliding-window-counter",
        storage_uri=_storage_uri(redis_url(settings)),
        storage_options=cast(dict[str, str | int], _connection_options()),
        in_memory_fallback_enabled=True,
        headers_enabled=False,
    )
    limiter.init_app(app)
    limiter.request_filter(_is_exempt)
    app.extensions[_EXTENSION] = limiter
    app.after_request(_header_writer(limiter))


def apply_route_limits(app: Flask) -> None:
    """Hold every view with a `_wrencos_limit` to it, besides the default limit or in its place.

    Raises StartupError for a limit that can't be read.
    """
    limiter: Limiter | None = app.extensions.get(_EXTENSION)
    for endpoint, view in list(app.view_functions.items()):
        limit = getattr(view, "_wrencos_limit", None)
        if limit is None:
            continue
        _check(limit, endpoint)
        if limiter is not None:
            app.view_functions[endpoint] = limiter.limit(limit)(_named(view, endpoint))


def caller_key() -> str:
    """`user:<id>` for a valid identity, else `ip:<address>` (the /64 network of an IPv6 one)."""
    try:
        identity = current_identity()
    except NotAuthenticated:
        return f"ip:{caller_network()}"
    except Exception as error:  # the view meets it again and answers it; here it only names a key
        log.debug("rate_limit.identity_unknown", error=type(error).__name__, exc_info=True)
        return f"ip:{caller_network()}"
    return f"user:{identity.user_id}" if identity.user_id else f"ip:{caller_network()}"


def caller_network() -> str:
    """Where the request comes from: an IPv4 address, or the /64 network of an IPv6 one."""
    given = request.remote_addr or "unknown"
    try:
        address = ip_address(given)
    except ValueError:
        return given
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        # One line has 2^64 addresses: counting them one by one would limit nobody.
        return str(ip_network((int(address), 64), strict=False))
    return given


def _is_exempt() -> bool:
    return request.method == "OPTIONS" or request.endpoint in _EXEMPT


def _stands_alone() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "_wrencos_limit_alone", False))


def _named(view: Callable[..., Any], endpoint: str) -> Callable[..., Any]:
    """`view` under a name of its own: flask-limiter adds up the limits of views of one name."""

    @wraps(view)
    def limited(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    limited.__module__, limited.__qualname__ = "wrencos_endpoint", endpoint
    return limited


def _header_writer(limiter: Limiter) -> Callable[[Response], Response]:
    """flask-limiter's own writer puts Retry-After on every answer and moves that of a view."""

    def write(response: Response) -> Response:
        current = limiter.current_limit
        if current is None:
            return response
        try:
            remaining, reset_at = current.remaining, current.window[0]
        except RedisError as error:  # it went down in between; the next request falls back
            log.debug("rate_limit.no_headers", error=str(error))
            return response
        response.headers["X-RateLimit-Limit"] = str(current.limit.amount)
        response.headers["X-RateLimit-Remaining"] = str(remaining)
        response.headers["X-RateLimit-Reset"] = str(math.ceil(reset_at))
        if response.status_code == 429 and "Retry-After" not in response.headers:
            wait = max(1, math.ceil(reset_at - time.time()))
            response.headers["Retry-After"] = str(wait)
        return response

    return write


def _check(limit: str, where: str) -> None:
    try:
        limits.parse_many(limit)
    except ValueError as error:
        raise StartupError(
            f"{where}: {limit!r} is no rate limit such as '60 per minute'"
        ) from error


def _storage_uri(url: str) -> str:
    return f"redis+{url}" if url.startswith("unix://") else url


def _connection_options() -> dict[str, Any]:
    """A limit must not delay a request: give up soon, and count in memory instead."""
    return {
        "socket_connect_timeout": _SECONDS,
        "socket_timeout": _SECONDS,
        # One try more, for a connection that Redis closed while it was idle.
        "retry": Retry(NoBackoff(), 1),
        "health_check_interval": 30,
    }
