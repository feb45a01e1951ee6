"""What every answer and every request body must keep to: headers, CORS, sizes, proxies."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from wrencos_core.errors import StartupError
from wrencos_core.platform import Platform

# Nothing in a JSON answer may be loaded, run or framed, should a browser be made to show one.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
ONE_YEAR = 365 * 24 * 3600
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": API_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::\d{1,5})?")
_CORS_PATHS = r"/(api/.*|media/.*|openapi\.json)"
_MAY_SEND = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Cart-Token",
    "X-Request-ID",
)
_MAY_READ = (
    "ETag",
    "X-Request-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "X-Cart-Token",
)
_FORM_PARTS = 100
_FORM_MEMORY = 256 * 1024


def init_app(app: Flask, platform: Platform) -> None:
    """Limit bodies, believe the configured proxies, and complete the headers of every answer.

    A view sets its own header to deviate. A route that takes larger uploads sets
    `request.max_content_length` before it reads. Raises StartupError for a CORS origin that is no
    exact origin.
    """
    settings = platform.settings
    limit = settings.max_body_kb * 1024
    app.config.update(
        MAX_CONTENT_LENGTH=limit,
        MAX_FORM_MEMORY_SIZE=min(limit, _FORM_MEMORY),
        MAX_FORM_PARTS=_FORM_PARTS,
    )
    if settings.trusted_proxies:
        # Not X-Forwarded-Host: no link is made from it, and not every proxy overwrites it.
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    secure = settings.environment == "production" and settings.base_url.startswith("https://")
    headers = dict(_HEADERS)
    if secure:
        headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}"
    wanted = [(name, name.lower(), value) for name, value in headers.items()]
    _allow_origins(app, settings.cors_origins)

    @app.after_request
    def complete(response: Response) -> Response:
        # One walk over what is there: `setdefault` would walk twice for each header.
        present = {name.lower() for name, _ in response.headers}
        missing = [(name, value) for name, lower, value in wanted if lower not in present]
        if "cache-control" not in present and (response.status_code >= 400 or _may_be_private()):
            missing.append(("Cache-Control", "no-store"))
        response.headers.extend(missing)
        return response


def _may_be_private() -> bool:
    """Whether the answer may be meant for this caller alone, as tokens and a guest's cart are.

    No cookie or header tells for sure, so that is every answer of the API; a route that may be
    cached says so.
    """
    return request.path.startswith("/api/") or "Authorization" in request.headers


def _allow_origins(app: Flask, origins: Iterable[str]) -> None:
    allowed = [origin.rstrip("/").lower() for origin in origins]
    for origin in allowed:
        # flask-cors reads `*` and other signs as patterns; an allowed origin is one origin.
        if not _ORIGIN.fullmatch(origin):
            raise StartupError(
                f"WRENCOS_CORS_ORIGINS: {origin!r} is no origin such as https://shop.example.com"
            )
    if not allowed:
        return
    CORS(
        app,
        resources={_CORS_PATHS: {"origins": allowed}},
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=list(_MAY_SEND),
        expose_headers=list(_MAY_READ),
        supports_credentials=False,
        vary_header=False,
        max_age=600,
    )
    paths = re.compile(_CORS_PATHS)

    @app.after_request
    def vary(response: Response) -> Response:
        # Also when the origin was refused: a cache must not keep that answer for an allowed one.
        if paths.match(request.path):
            response.vary.add("Origin")
        return response
