"""Hot public pages: a visitor may be shown an answer that this process gave two seconds ago.

When a thousand viewers of a live show open one product, the database is asked once and not a
thousand times. Whoever is logged in always sees the present state, and nothing is decided by what
a page shows: a checkout takes what is really there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import wraps
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from flask import Response, current_app, request

from wrencos_core.http.access import View, current_identity, current_platform
from wrencos_core.http.languages import accepted_language, answer_language, labels

_EXTENSION = "wrencos_remembered"
# What the answers of one process may take, so that whoever asks for a thousand pages, or for one
# under a thousand names, fills no memory. A page of 20 products has about 12 KB, with long
# descriptions 100 KB; what is larger than _LARGEST is not kept.
_BUDGET = 16 * 1024**2
_LARGEST = 256 * 1024
# Of an answer without its body and its key.
_OVERHEAD = 1024

Key = tuple[str, bytes, str | None]


class Answer(NamedTuple):
    """An answer as it is given again; `until` is by the clock of `monotonic`."""

    until: float
    body: bytes
    headers: Sequence[tuple[str, str]]


class Answers:
    """Answers by path, query and language, of at most `budget` bytes; the oldest go first."""

    def __init__(self, budget: int = _BUDGET) -> None:
        self._budget = budget
        # By age: what is kept anew is put at the end.
        self._by_key: OrderedDict[Key, Answer] = OrderedDict()
        self._lock = Lock()
        self.size = 0

    def get(self, key: Key) -> Answer | None:
        """The answer, unless it is too old."""
        known = self._by_key.get(key)
        return known if known is not None and known.until > monotonic() else None

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer, unless it is larger than _LARGEST, and drop those that are too old."""
        size = _size(key, answer)
        if size > _LARGEST:
            return
        with self._lock:
            self._drop(key)
            now = monotonic()
            while self._by_key:
                oldest = next(iter(self._by_key))
                if self._by_key[oldest].until > now and self.size + size <= self._budget:
                    break
                self._drop(oldest)
            self._by_key[key] = answer
            self.size += size

    def _drop(self, key: Key) -> None:
        known = self._by_key.pop(key, None)
        if known is not None:
            self.size -= _size(key, known)


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
        answers: Answers | None = current_app.extensions.get(_EXTENSION)
        if answers is None:
            answers = current_app.extensions.setdefault(_EXTENSION, Answers())
        key = request.path, _asked(), accepted_language(settings.locale)
        known = answers.get(key)
        if known is not None:
            return Response(known.body, headers=known.headers)
        answer: Response = view(*args, **kwargs)
        if answer.status_code == 200:
            answers.put(key, _kept(answer, monotonic() + seconds))
        return answer

    return wrapper


def _asked() -> bytes:
    """The arguments of the query, the same in whichever order they are sent."""
    query = request.query_string
    # A name that is spelled with % could be sorted away from its like: such a query stays as it is.
    if b"&" not in query or b"%" in query:
        return query
    # Those of one name stay in their order, which may mean something.
    arguments = sorted(query.split(b"&"), key=_name)
    return b"&".join(arguments)


def _name(argument: bytes) -> bytes:
    return argument.partition(b"=")[0]


def _kept(answer: Response, until: float) -> Answer:
    headers = [(name, answer.headers[name]) for name in ("Content-Type", "ETag")]
    if language := answer_language():
        headers += labels(language)
    return Answer(until, answer.get_data(), headers)


def _size(key: Key, answer: Answer) -> int:
    # Text has up to four bytes for each character.
    return len(answer.body) + 4 * len(key[0]) + len(key[1]) + _OVERHEAD
