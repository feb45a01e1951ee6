"""QR codes and shelf cards as they are asked for."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.schemas.fields import Locale
from wrencos_commerce.services.labels.codes import ERROR_LEVELS, QUIET_ZONE
from wrencos_commerce.services.labels.formats import FORMATS
from wrencos_commerce.services.labels.shelf_cards import MOST_CARDS
from wrencos_core.web import Flag, Line, Schema, Whole


class QrQuery(Schema):
    """`scale` is the width of a module in pixels, `border` that of the quiet zone in modules."""

    variant_id = Line(40)
    scale = fields.Integer(load_default=8, validate=validate.Range(1, 40))
    border = fields.Integer(load_default=QUIET_ZONE, validate=validate.Range(0, 20))
    error = fields.String(load_default="M", validate=validate.OneOf(ERROR_LEVELS))


class ShelfCardsBody(Schema):
    """One of `productIds`, `variantIds` and `categoryId` (an id or slug)."""

    product_ids = fields.List(Line(40), validate=validate.Length(1, MOST_CARDS))
    variant_ids = fields.List(Line(40), validate=validate.Length(1, MOST_CARDS))
    category_id = Line(80)
    format = fields.String(load_default="a4-3x8", validate=validate.OneOf(list(FORMATS)))
    copies = Whole(1, MOST_CARDS, load_default=1)
    locale = Locale()
    show_price = Flag(load_default=True)
    show_qr = Flag(load_default=True)
    show_ingredients = Flag(load_default=False)
