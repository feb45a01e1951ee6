"""Products as they come in: camelCase JSON to the snake_case that services take."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.product import MAX_VARIANTS, SORTS
from wrencos_commerce.schemas.fields import MOST_GRAMS, MOST_IN_STOCK, ImageUrl, Slug, Tags
from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_core.web import Flag, Line, Major, Moment, PageQuery, Schema, Text, Whole


class ProductListQuery(PageQuery, LocaleQuery):
    category = Line(80)
    skin_type = Line(60)
    concern = Line(60)
    search = Line(100)
    min_price = Major()
    max_price = Major()
    in_stock = Flag(load_default=False)
    sort = fields.String(load_default="newest", validate=validate.OneOf(list(SORTS)))


class VariantFields(Schema):
    """`swatch` is a colour such as `#c4626b`, `barcode` a GTIN (EAN or UPC), `weight` grams."""

    sku = Line(64)
    shade = Line(60, allow_none=True)
    swatch = Line(7, allow_none=True)
    size = Line(40, allow_none=True)
    price = Major()
    cost_price = Major(allow_none=True)
    inventory = Whole(0, MOST_IN_STOCK)
    barcode = Line(20, allow_none=True)
    weight = Whole(0, MOST_GRAMS, allow_none=True)
    is_active = Flag()


class VariantOrder(Schema):
    variant_ids = fields.List(Line(40), required=True, validate=validate.Length(max=MAX_VARIANTS))


class ProductFields(Schema):
    """Every field that a product has; `concern` is another name for `concerns`.

    `publishAt` in the future takes the product off sale until then. `periodAfterOpening` is in
    months.
    """

    sku = Line(64)
    slug = Slug()
    barcode = Line(20, allow_none=True)
    weight = Whole(0, MOST_GRAMS, allow_none=True)
    name = Line(200)
    description = Text(5000, 0)
    brand = Line(100, allow_none=True)
    category_id = Line(40, allow_none=True)
    price = Major()
    cost_price = Major(allow_none=True)
    currency = Line(3)
    inventory = Whole(0, MOST_IN_STOCK)
    ingredients = fields.List(Line(200), validate=validate.Length(max=200))
    skin_types = Tags()
    concerns = Tags()
    concern = Tags(load_only=True)
    period_after_opening = Whole(1, 120, allow_none=True)
    image_url = ImageUrl(allow_none=True)
    is_active = Flag()
    publish_at = Moment(allow_none=True)
    unpublish_at = Moment(allow_none=True)

    @ma.post_load
    def _one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "concern" in data:
            other = data.pop("concern")
            data.setdefault("concerns", other)
        return data


class ProductCreate(ProductFields):
    name = Line(200, required=True)
    price = Major(required=True)
    variants = fields.List(
        fields.Nested(VariantFields), validate=validate.Length(min=1, max=MAX_VARIANTS)
    )
