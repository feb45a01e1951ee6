"""Request ids and the access log: one line a request, found again by the id the client has."""

from __future__ import annotations

import re
import secrets
from time import perf_counter

import structlog
from flask import Flask, Response, g, request

from wrencos_core.platform import Platform

log = structlog.get_logger("wrencos.access")

HEADER = "X-Request-ID"
UNMATCHED = "(unmatched)"
_TRUSTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Ids are up to 43 characters; what is longer in a path may be a token from a mistyped link.
_LONGEST_SEGMENT = 43


def init_app(app: Flask, platform: Platform) -> None:  # noqa: ARG001 - every part is called so
    """Give each request an id (`g.request_id`) and log it once it is answered.

    Call it before the other parts: what is registered first is started first and ended last.
    """
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def route_template() -> str:
    """The route that matched, with its parameters' names: never their values."""
    return request.url_rule.rule if request.url_rule is not None else UNMATCHED


def _begin() -> None:
    g.started = perf_counter()
    # The environ, as `headers.get` raises and catches an error for each header that is missing.
    given = request.environ.get("HTTP_X_REQUEST_ID", "")
    g.request_id = given if _TRUSTED.fullmatch(given) else f"req_{secrets.token_hex(12)}"
    # A kept-alive connection serves many requests in one greenlet, hence in one context.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    fields: dict[str, object] = {
        "method": request.method[:16],
        "route": route_template(),
        "status": response.status_code,
        "duration_ms": round((perf_counter() - g.started) * 1000, 2),
        "bytes": response.content_length,
    }
    if request.url_rule is None:
        fields["path"] = _safe_path(request.path)
    identity = g.get("identity")
    if identity is not None and identity.user_id is not None:
        fields["user_id"] = identity.user_id
    log.info("request", **fields)
    return response


def _safe_path(path: str) -> str:
    parts = ("…" if len(part) > _LONGEST_SEGMENT else part for part in path.split("/"))
    return "/".join(parts)[:200]


def _forget(_: BaseException | None) -> None:
    structlog.contextvars.clear_contextvars()
