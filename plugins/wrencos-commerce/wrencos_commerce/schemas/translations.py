"""Languages and translated texts as they come in."""

from __future__ import annotations

from wrencos_commerce.schemas.fields import Locale
from wrencos_core.web import Line, Schema, Text


class LocaleQuery(Schema):
    """`locale` is the language of the answer; without it, the one that the caller prefers."""

    locale = Locale()


class ProductTexts(Schema):
    """Of a product or a category; what is left out is shown as the shop wrote it."""

    name = Line(200, allow_none=True)
    description = Text(5000, 0, allow_none=True)


class BrandTexts(Schema):
    description = Text(5000, required=True)
