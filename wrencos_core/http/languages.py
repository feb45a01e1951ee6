"""Answers in the language of their reader, and what caches must know of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from flask import Response, after_this_request, g, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

LANGUAGES: Sequence[str] = ("vi", "en")


def accepted_language(preferred: str) -> str | None:
    """Which of LANGUAGES the Accept-Language header likes best, or None when it names none.

    `vi-VN` asks for `vi`, and `*` for `preferred` (RFC 4647, section 3.4).
    """
    if "HTTP_ACCEPT_LANGUAGE" not in request.environ:
        return None
    for wanted, quality in _parsed(request.environ["HTTP_ACCEPT_LANGUAGE"]):
        language = preferred if wanted == "*" else wanted.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return str(language)
    return None


@lru_cache(maxsize=256)
def _parsed(header: str) -> Sequence[tuple[str, float]]:
    """The languages of the header with their quality, the best first; few browsers differ."""
    return list(parse_accept_header(header, LanguageAccept))


def answer_in(language: str) -> None:
    """Say that the answer of this request is in `language`, and would be another for others."""
    if "answer_language" not in g:
        after_this_request(_labelled)
    g.answer_language = language


def answer_language() -> str | None:
    """What `answer_in` was told in this request; None for an answer without a language."""
    language: str | None = g.get("answer_language")
    return language


def labels(language: str) -> list[tuple[str, str]]:
    """The headers of an answer in `language`."""
    return [("Content-Language", language), ("Vary", "Accept-Language")]


def _labelled(response: Response) -> Response:
    if response.status_code < 400:
        response.headers["Content-Language"] = g.answer_language
        response.vary.add("Accept-Language")
    return response
