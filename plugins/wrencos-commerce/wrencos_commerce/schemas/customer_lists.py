"""Wishlist, stock requests and recently viewed products as they come in."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_core.web import Flag, Line, PageQuery, Schema, Text, Whole


class WishlistAdd(Schema):
    product_id = Line(40, required=True)
    variant_id = Line(40, allow_none=True)
    note = Text(500, 0)


class WishlistQuery(PageQuery, LocaleQuery):
    pass


class WishMove(Schema):
    quantity = Whole(1, 9999, load_default=1)
    variant_id = Line(40, allow_none=True)


class WishlistShare(Schema):
    is_shared = Flag(required=True)


class StockRequestAsk(Schema):
    """`email` is for guests; who is logged in is written to at their own address."""

    variant_id = Line(40, allow_none=True)
    email = fields.Email(validate=validate.Length(max=254))


class StockRequestLink(Schema):
    token = Line(120, required=True)


class RecentlyViewedNote(Schema):
    product_id = Line(40, required=True)
