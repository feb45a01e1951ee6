"""The OpenAPI document: one Api object that knows Structs, problems and the bearer scheme."""

from __future__ import annotations

import http
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import msgspec
from flask import Flask, Response
from flask_smorest import Api

import wrencos_core
from wrencos_core.http.blueprint import Blueprint, encode
from wrencos_core.http.problems import CONTENT_TYPE, Problem

_PROBLEM_STATUSES = (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 501)


class OpenApi(Api):  # type: ignore[misc]
    """flask-smorest's Api without its own error format."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Problems are made in problems.py."""

    @cached_property
    def document(self) -> bytes:
        """The OpenAPI document; encoded once, as nothing in it changes after the start."""
        return encode(self.spec.to_dict())

    def _openapi_json(self) -> Response:
        return Response(self.document, content_type="application/json")


def init_app(app: Flask, blueprints: Iterable[Blueprint], shop_name: str) -> OpenApi:
    """Register the blueprints under /api and serve their description at /openapi.json."""
    app.config.update(
        API_TITLE=f"{shop_name} API",
        API_VERSION=wrencos_core.__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
    )
    api = OpenApi(app)
    api.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    blueprints = list(blueprints)
    _register_components(api, {Problem}.union(*(blueprint.structs for blueprint in blueprints)))
    _register_problems(api)
    for blueprint in blueprints:
        api.register_blueprint(blueprint, url_prefix=f"/api{blueprint.url_prefix or ''}")
    return api


def _register_components(api: OpenApi, structs: set[type[msgspec.Struct]]) -> None:
    ordered = sorted(structs, key=lambda struct: struct.__name__)
    _, components = msgspec.json.schema_components(
        ordered, ref_template="#/components/schemas/{name}"
    )
    for name, schema in components.items():
        api.spec.components.schema(name, _numbers(schema))


def _numbers(schema: Any) -> Any:
    """msgspec describes a Decimal as text; ours are encoded as numbers."""
    if isinstance(schema, list):
        return [_numbers(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return {key: value for key, value in schema.items() if key != "format"} | {"type": "number"}
    return {key: _numbers(value) for key, value in schema.items()}


def _register_problems(api: OpenApi) -> None:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    api.spec.components.response("Problem", {"description": "Any other error", "content": content})
    for status in _PROBLEM_STATUSES:
        description = http.HTTPStatus(status).phrase
        api.spec.components.response(
            f"Problem{status}", {"description": description, "content": content}
        )
