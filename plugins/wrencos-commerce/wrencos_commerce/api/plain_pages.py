"""The few pages that people see without a storefront: text and buttons, nothing loaded or run."""

from __future__ import annotations

from flask import Response
from markupsafe import Markup, escape

_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def plain_page(title: str, body: str, locale: str) -> Response:
    """A page in this language; `body` is text, or Markup that is right as it is."""
    page = Markup(
        '<!doctype html><html lang="{locale}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>{title}</title>'
        "<h1>{title}</h1>{body}</html>"
    ).format(locale=locale, title=title, body=escape(body))
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return Response(page, content_type="text/html; charset=utf-8", headers=headers)
