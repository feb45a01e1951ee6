"""What is asked of the search, and its synonyms as they come in."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.services.search.product_search import RELEVANCE, SORTS
from wrencos_commerce.services.search.synonyms import MOST_PHRASES
from wrencos_core.web import Flag, Line, Major, PageQuery, Schema, Text

_MOST_VALUES = 50


def _several(longest: int) -> fields.List[str]:
    """A parameter that may come several times."""
    return fields.List(Line(longest), validate=validate.Length(max=_MOST_VALUES))


class SearchQuery(PageQuery):
    q = Text(200, 0)
    category = _several(80)
    brand = _several(100)
    skin_type = _several(60)
    concern = _several(60)
    free_from = _several(60)
    min_price = Major()
    max_price = Major()
    min_rating = fields.Float(validate=validate.Range(0, 5), allow_nan=False)
    in_stock = Flag(load_default=False)
    sort = fields.String(load_default=RELEVANCE, validate=validate.OneOf(list(SORTS)))
    locale = Line(5)


class SuggestQuery(Schema):
    q = Line(100, required=True)
    locale = Line(5)


class SynonymsFields(Schema):
    """With `oneWay` only a search for the first phrase finds the others."""

    phrases = fields.List(Line(80), validate=validate.Length(min=2, max=MOST_PHRASES))
    one_way = Flag()


class SynonymsCreate(SynonymsFields):
    phrases = fields.List(
        Line(80), required=True, validate=validate.Length(min=2, max=MOST_PHRASES)
    )


class ReportQuery(PageQuery):
    days = fields.Integer(load_default=30, validate=validate.Range(1, 180))
    zero_results = Flag(load_default=False)
