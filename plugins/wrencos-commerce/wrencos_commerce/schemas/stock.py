"""What is asked of the stock, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.schemas.fields import MOST_IN_STOCK
from wrencos_commerce.services.stock_counts import MOST_COUNTED
from wrencos_commerce.services.stock_queries import LevelSort
from wrencos_core.web import Flag, Line, Moment, PageQuery, Schema, Text, Whole

# What a correction may be for, and whether pieces come (1) or go (-1) by it; 0: both.
CORRECTIONS: Mapping[str, tuple[MovementReason, int]] = {
    "damaged": (MovementReason.DAMAGED, -1),
    "lost": (MovementReason.LOST, -1),
    "found": (MovementReason.FOUND, 1),
    "sample": (MovementReason.SAMPLE, -1),
    "other": (MovementReason.CORRECTION, 0),
}


class LevelQuery(PageQuery):
    """`sort` is `lowest` or `name`; one product is found by `productId` or `sku`."""

    sort = fields.String(
        load_default=LevelSort.LOWEST.value,
        validate=validate.OneOf([sort.value for sort in LevelSort]),
    )
    is_active = Flag(load_default=True)
    product_id = Line(40)
    sku = Line(60)


class MovementQuery(PageQuery):
    """`from` and `to` are moments (ISO 8601); `from` is included, `to` is not."""

    variant_id = Line(40)
    product_id = Line(40)
    reason = fields.String(validate=validate.OneOf([reason.value for reason in MovementReason]))
    reference = Line(60)
    since = Moment(data_key="from")
    until = Moment(data_key="to")

    @ma.validates_schema
    def _ordered(self, data: Mapping[str, Any], **_: Any) -> None:
        if "since" in data and "until" in data and data["since"] >= data["until"]:
            raise ma.ValidationError("Must be later than `from`.", "to")


class CountedItem(Schema):
    """A variant by its `sku` or its `variantId`, and how many pieces of it were counted."""

    sku = Line(60)
    variant_id = Line(40)
    counted = Whole(0, MOST_IN_STOCK, required=True)

    @ma.validates_schema
    def _named(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("sku" in data) == ("variant_id" in data):
            raise ma.ValidationError("Name the variant by its SKU or by its id.", "sku")


class CountBody(Schema):
    items = fields.List(
        fields.Nested(CountedItem), required=True, validate=validate.Length(1, MOST_COUNTED)
    )
    note = Text(500)


class CorrectionBody(Schema):
    """`quantity` pieces come, or go when negative: they do when damaged, lost or a sample."""

    variant_id = Line(40, required=True)
    quantity = Whole(-MOST_IN_STOCK, MOST_IN_STOCK, required=True)
    reason = fields.String(required=True, validate=validate.OneOf(list(CORRECTIONS)))
    note = Text(500)

    @ma.validates_schema
    def _signed(self, data: Mapping[str, Any], **_: Any) -> None:
        if "quantity" in data and "reason" in data:
            sign = CORRECTIONS[data["reason"]][1]
            if not data["quantity"] or data["quantity"] * sign < 0:
                raise ma.ValidationError("Does not fit the reason.", "quantity")
