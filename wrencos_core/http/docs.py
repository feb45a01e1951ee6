"""/docs: Swagger UI from the installed package: no other host, no inline script."""

from __future__ import annotations

import re
from html import escape
from importlib.metadata import version
from pathlib import Path

import flask_swagger_ui
from flask import Flask, Response, redirect, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from wrencos_core.errors import NotFound
from wrencos_core.http.security import ONE_YEAR
from wrencos_core.platform import Platform

_DIST = Path(flask_swagger_ui.__file__).parent / "dist"
_VERSION = re.sub(r"[^0-9A-Za-z.]", "", version("flask-swagger-ui"))
_FILES = frozenset(
    {
        "favicon-16x16.png",
        "favicon-32x32.png",
        "index.css",
        "swagger-ui-bundle.js",
        "swagger-ui.css",
    }
)
# Swagger UI sets style attributes and has its icons as data; its scripts are files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# Addresses are relative, so the page also works below a path of a reverse proxy.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{assets}/index.css">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
<link rel="icon" type="image/png" sizes="32x32" href="{assets}/favicon-32x32.png">
<link rel="icon" type="image/png" sizes="16x16" href="{assets}/favicon-16x16.png">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript. The description itself is at
<a href="openapi.json">openapi.json</a>.</noscript>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script src="{assets}/initializer.js"></script>
</body>
</html>
"""
# No validator badge: it would send the address of this shop to another host.
_INITIALIZER = """window.addEventListener("load", function () {
  window.ui = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    persistAuthorization: false,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis]
  });
});
"""


def init_app(app: Flask, platform: Platform) -> None:
    """Show /openapi.json at /docs, and lead `/` there unless a plugin has it.

    Call it when the plugins' routes are registered.
    """
    title = escape(f"{platform.settings.shop_name} API")
    page = _PAGE.format(title=title, assets=f"docs/assets-{_VERSION}")

    @app.get("/docs", endpoint="docs")
    def docs() -> Response:
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = "no-cache"
        return response

    @app.get(f"/docs/assets-{_VERSION}/<name>", endpoint="docs_asset")
    def docs_asset(name: str) -> Response:
        if name == "initializer.js":
            response = Response(_INITIALIZER, content_type="text/javascript; charset=utf-8")
            response.headers["Cache-Control"] = "public, max-age=3600"
            return response
        if name not in _FILES:
            raise NotFound()
        response = send_from_directory(_DIST, name)
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
        return response

    if not any(rule.rule == "/" for rule in app.url_map.iter_rules()):

        @app.get("/", endpoint="root")
        def root() -> AnyResponse:
            return redirect("docs")
