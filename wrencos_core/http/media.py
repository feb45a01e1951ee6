"""Stored files as answers: public ones at /media, private ones from a view of a plugin."""

from __future__ import annotations

import re
from itertools import chain

from flask import Flask, Response, request
from werkzeug.datastructures import IfRange
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from wrencos_core.errors import NotFound
from wrencos_core.http.access import current_platform
from wrencos_core.platform import Platform
from wrencos_core.storage.content import caching_of, disposition_of, type_of
from wrencos_core.storage.files import Storage, StoredFile

# An SVG is a document: opened by itself it may style itself, and run or load nothing.
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
_UNSAFE_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\\"]+")


def init_app(app: Flask, platform: Platform) -> None:
    """Serve what `platform.storage` keeps; a name with a hash of its content is cached for good."""

    @app.get("/media/<path:name>", endpoint="media")
    def media(name: str) -> Response:
        try:
            response = _streamed(platform.storage, name, type_of(name))
        except ValueError:
            raise NotFound("There is no such file.") from None
        response.headers["Content-Disposition"] = disposition_of(name)
        response.headers["Cache-Control"] = caching_of(name)
        # The shop's pages may stand on another origin than the API.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def send_private(name: str, filename: str, content_type: str) -> Response:
    """The private file `name` as a download called `filename`, which nothing on the way may keep.

    The view must have made sure that the caller may have it. Raises NotFound.
    """
    response = _streamed(current_platform().private_files, name, content_type)
    called = _UNSAFE_IN_A_NAME.sub("_", filename) or "file"
    response.headers.set("Content-Disposition", "attachment", filename=called)
    response.headers["Cache-Control"] = "no-store"
    return response


def _streamed(storage: Storage, name: str, content_type: str) -> Response:
    """A 200, 206 or 304 with the file in pieces; raises NotFound, or ValueError for no name."""
    file = storage.describe(name)
    start, stop = _wanted(file)
    response = Response(status=200 if stop - start == file.size else 206)
    response.headers["Content-Type"] = content_type
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _POLICY
    response.content_length = stop - start
    response.set_etag(file.etag)
    response.last_modified = file.modified
    if response.status_code == 206:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    else:
        response.make_conditional(request)
    if response.status_code != 304 and request.method != "HEAD" and stop > start:
        pieces = storage.stream(name, start, stop, file)
        # Asked for here, what goes wrong with it is still answered as a problem.
        response.response = chain([next(pieces)], pieces)
    return response


def _wanted(file: StoredFile) -> tuple[int, int]:
    """The part of the file that is asked for; several at once are answered with all of it."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return 0, file.size
    if not _is_same(request.if_range, file):
        return 0, file.size
    part = asked.range_for_length(file.size)
    if part is None:
        raise RequestedRangeNotSatisfiable(file.size)
    return part


def _is_same(condition: IfRange, file: StoredFile) -> bool:
    """Whether If-Range, when there is one, names the file as it is (RFC 9110, 13.1.5)."""
    if condition.etag is not None:
        return condition.etag == file.etag
    return condition.date is None or condition.date == file.modified.replace(microsecond=0)
