"""Every error answer is an RFC 9457 problem, made here and nowhere else."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from wrencos_core.errors import DomainError, TooManyRequests

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Problem(msgspec.Struct, kw_only=True, rename="camel"):
    """An error as RFC 9457 describes it; `type` is stable, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
    errors: dict[str, Any] | None = None


def init_app(app: Flask) -> None:
    """Answer every error of the app as a problem."""
    app.register_error_handler(DomainError, from_domain)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Exception, from_bug)


def from_domain(error: DomainError) -> Response:
    """The problem of an error that a service raised."""
    response = _problem(error.status, error.slug, error.title, error.detail, error.extra)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    if error.status == 503:
        response.headers["Retry-After"] = "5"
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def from_http(error: HTTPException) -> Response:
    """The problem of an error that Flask, webargs or an extension raised."""
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    extra: dict[str, Any] = {}
    if messages := data.get("messages"):
        extra["errors"] = _by_field(messages)
    slug = "validation-error" if status == 422 else error.name.lower().replace(" ", "-")
    title = "The request is not valid" if status == 422 else error.name
    detail = None if status == 422 else data.get("message") or error.description
    response = _problem(status, slug, title, detail, extra)
    # Allow on 405 and Retry-After on 429 belong to the answer.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def from_bug(error: Exception) -> Response:
    """An unexpected error: logged whole, told to the client only by its request id."""
    log.error("request.failed", exc_info=error)
    return _problem(500, "internal-error", "Something went wrong here", None, {})


def _by_field(messages: Any) -> dict[str, Any]:
    """webargs wraps the messages in their location (`json`, `query`): take it off."""
    if isinstance(messages, dict) and len(messages) == 1:
        (inner,) = messages.values()
        if isinstance(inner, dict):
            return {str(field): text for field, text in inner.items()}
    return messages if isinstance(messages, dict) else {"_": messages}


def _problem(
    status: int, slug: str, title: str, detail: str | None, extra: dict[str, Any]
) -> Response:
    body: dict[str, Any] = {"type": f"urn:wrencos:problem:{slug}", "title": title, "status": status}
    if detail is not None:
        body["detail"] = detail
    if request_id := g.get("request_id"):
        body["requestId"] = request_id
    body.update(extra)
    try:
        encoded = _encode(body)
    except UnicodeEncodeError:
        encoded = _encode(_readable(body))
    return Response(encoded, status, content_type=CONTENT_TYPE)


def _readable(value: Any) -> Any:
    """`value` with `?` for halves of surrogate pairs, which JSON can bring in and UTF-8 can't say.

    They come back as the names of unknown fields, and wherever a message quotes what was sent.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item) for item in value]
    return value
