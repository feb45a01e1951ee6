"""A file in a multipart form: what a view declares, and how it gets the bytes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from copy import deepcopy
from functools import wraps
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import g, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from wrencos_core.errors import Invalid
from wrencos_core.http.access import View, current_platform
from wrencos_core.storage.errors import UploadTooLarge

_FORM = "multipart/form-data"
# What boundaries and headers of the parts add to the file.
_FRAME = 16 * 1024
_PARTS = 5
# More than the pieces in which the form is read.
_IN_MEMORY = 256 * 1024


def takes_file(field: str = "file", max_bytes: int | None = None) -> Callable[[View], View]:
    """Decorate a view, below `@blp.post` and above `@blp.response`, that takes one file.

    The file is the part `field` of a multipart form, and `uploaded_file(field)` its content. Of a
    body larger than `max_bytes` (WRENCOS_UPLOAD_MAX_BYTES) no more than that is read. Not for a
    route with `idempotent=True`: that is a transaction, and storing a file can't be part of one.
    """

    def decorator(view: View) -> View:
        @wraps(view)
        def take(*args: Any, **kwargs: Any) -> Any:
            limit = max_bytes or current_platform().settings.upload_max_bytes
            g.uploaded_files = {field: _read(field, limit)}
            return view(*args, **kwargs)

        take._apidoc = deepcopy(getattr(view, "_apidoc", {}))  # type: ignore[attr-defined]
        manual = take._apidoc.setdefault("manual_doc", {})  # type: ignore[attr-defined]
        manual.update(_documentation(field))
        return take

    return decorator


def uploaded_file(field: str = "file") -> bytes:
    """The content of the file that this request brought; never empty. Its name is not told."""
    content: bytes = g.uploaded_files[field]
    return content


def _read(field: str, limit: int) -> bytes:
    if request.mimetype != _FORM:
        raise UnsupportedMediaType(f"Send the file as {_FORM}.")
    # Both before anything is read: the length that is announced, and what may come without one.
    request.max_content_length = limit + _FRAME
    if request.content_length is not None and request.content_length > limit + _FRAME:
        raise UploadTooLarge(maxBytes=limit)
    # Flask's own reader leaves open what it had put aside of a form that it refuses.
    with ExitStack() as opened:

        def put_aside(*_: Any, **__: Any) -> IO[bytes]:
            return opened.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))

        parser = FormDataParser(
            put_aside, max_form_memory_size=_IN_MEMORY, max_form_parts=_PARTS, silent=False
        )
        try:
            _, _, files = parser.parse(
                request.stream, _FORM, request.content_length, request.mimetype_params
            )
        except ValueError as error:
            raise BadRequest("The form is not valid.") from error
        return _only(field, list(files.items(multi=True)), limit)


def _only(field: str, parts: list[tuple[str, FileStorage]], limit: int) -> bytes:
    if len(parts) != 1 or parts[0][0] != field:
        raise Invalid(errors={field: ["Send exactly one file, in this part of the form."]})
    content = parts[0][1].stream.read(limit + 1)
    if len(content) > limit:
        raise UploadTooLarge(maxBytes=limit)
    if not content:
        raise Invalid(errors={field: ["The file is empty."]})
    return content


def _documentation(field: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {field: {"type": "string", "format": "binary"}},
        "required": [field],
    }
    statuses = (400, 413, 415, 422)
    return {
        "requestBody": {"required": True, "content": {_FORM: {"schema": schema}}},
        "responses": {
            str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses
        },
    }
