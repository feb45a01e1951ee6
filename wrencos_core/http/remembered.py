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
from wrencos_core.http.languages import accepted_language, answer_in, answer_language

_EXTENSION = "wrencos_remembered"
# A page of 20 products has about 12 KB, so this is some 12 MB at the most.
_MOST = 1024


class _Answer(NamedTuple):
    until: float
    body: bytes
    content_type: str
    etag: str
    language: str | None


# By path with query, and by the language that the browser asks for.
_Answers = dict[tuple[str, str | None], _Answer]


def remembering(view: View) -> View:
    """`view`, whose 200 answers to visitors are kept for `public_cache_seconds`.

    Each for the language that the visitor's browser asks for.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        settings = current_platform().settings
        seconds = settings.public_cache_seconds
        if not seconds or current_identity().is_authenticated:
            fresh: Response = view(*args, **kwargs)
            return fresh
        answers: dict[tuple[str, str | None], _Answer] = current_app.extensions.setdefault(
            _EXTENSION, {}
        )
        key = request.full_path, accepted_language(settings.locale)
        known = answers.get(key)
        if known is not None and known.until > monotonic():
            response = Response(known.body, content_type=known.content_type)
            response.headers["ETag"] = known.etag
            if known.language is not None:
                answer_in(known.language)
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
                answer_language(),
            )
        return answer

    return wrapper
