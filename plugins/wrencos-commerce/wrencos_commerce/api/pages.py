"""Small pages behind links in mail: a button that does something, and what it did.

Programs that check mail open every link in it, so a GET changes nothing: the button posts to the
same address. Mail programs with a button of their own post there too (RFC 8058).
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from flask import Response, request

from wrencos_commerce.api.locale import wanted_locale

# Only the page's own form can be sent, to where the page came from; no script, no frame.
_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class LinkTexts(NamedTuple):
    """What the pages of one kind of link say, as plain text."""

    title: str
    question: str
    button: str
    done: str


# By language.
Texts = Mapping[str, LinkTexts]


def asking(texts: Texts) -> Response:
    """The page that a GET shows: the question and the button."""
    said = texts[wanted_locale()]
    button = f'<form method="post"><button>{escape(said.button)}</button></form>'
    return _page(said.title, f"<p>{escape(said.question)}</p>{button}")


def done(texts: Texts) -> Response | None:
    """The page after the button; None for a caller that would rather have JSON."""
    offered = ["application/json", "text/html"]
    if request.accept_mimetypes.best_match(offered) != "text/html":
        return None
    said = texts[wanted_locale()]
    return _page(said.title, f"<p>{escape(said.done)}</p>")


def _page(title: str, body: str) -> Response:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    html = f"<!doctype html><html lang={wanted_locale()}>{head}<title>{escape(title)}</title>{body}"
    page = Response(html, content_type="text/html; charset=utf-8")
    page.headers["Content-Security-Policy"] = _POLICY
    return page
