"""Ingredients and their checks as they come in."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from wrencos_commerce.schemas.fields import Locale
from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_core.web import Flag, Line, PageQuery, Schema, Text

_LONGEST_LIST = 10_000
_MOST = 200


class IngredientList(fields.Raw):
    """A list of ingredients as one text, or as an array of texts; kept as an array."""

    def __init__(self, **kwargs: Any) -> None:
        shapes = [
            {"type": "string", "maxLength": _LONGEST_LIST},
            {"type": "array", "items": {"type": "string", "maxLength": 300}, "maxItems": _MOST},
        ]
        super().__init__(metadata={"oneOf": shapes}, **kwargs)
        self._line = Text(_LONGEST_LIST, 0)
        self._lines = fields.List(Text(300, 0), validate=validate.Length(max=_MOST))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        if isinstance(value, str):
            return [text] if (text := self._line.deserialize(value)) else []
        if not isinstance(value, list):
            raise ValidationError("Must be a text or an array of texts.")
        return [text for text in self._lines.deserialize(value) if text]


class IngredientCheckBody(Schema):
    """What to check together; at most 50 products by id."""

    product_ids = fields.List(Line(40), load_default=list, validate=validate.Length(max=50))
    ingredients = IngredientList(load_default=list)
    avoid = fields.List(Line(100), load_default=list, validate=validate.Length(max=100))
    include_cart = Flag(load_default=False)
    include_past_purchases = Flag(load_default=False)
    locale = Locale()


class IngredientListQuery(PageQuery, LocaleQuery):
    search = Line(100)
    group = Line(60)
