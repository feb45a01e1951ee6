"""Hot public pages: a visitor may be shown an answer that this process gave two seconds ago.

When a thousand viewers of a live show open one product, the database is asked once and not a
thousand times. Whoever is logged in always sees the present state, and nothing is decided by what
a page shows: a checkout takes what is really there.
"""

from __future__ import annotations

from functools import wraps
from time import monotonic
from typing import Any, NamedTuple

from flask import Response, current_app, request

from wrencos_core.http.access import View, current_identity, current_platform

_EXTENSION = "wrencos_remembered"
# A page of 20 products has about 12 KB, so this is some 12 MB at the most.
_MOST = 1024


class _Answer(NamedTuple):
    until: float
    body: bytes
    content_type: str
    etag: str


def remembering(view: View) -> View:
    """`view`, whose 200 answers to visitors are kept for `public_cache_seconds`."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        seconds = current_platform().settings.public_cache_seconds
        if not seconds or current_identity().is_authenticated:
            fresh: Response = view(*args, **kwargs)
            return fresh
        answers: dict[str, _Answer] = current_app.extensions.setdefault(_EXTENSION, {})
        key = request.full_path
        known = answers.get(key)
        if known is not None and known.until > monotonic():
            response = Response(known.body, content_type=known.content_type)
            response.headers["ETag"] = known.etag
            return response
        answer: Response = view(*args, **kwargs)
        if answer.status_code == 200:
            if len(answers) >= _MOST:
                answers.clear()
            answers[key] = _Answer(
                monotonic() + seconds,
                answer.get_data(),
                answer.headers["Content-Type"],
                answer.headers["ETag"],
            )
        return answer

    return wrapper
