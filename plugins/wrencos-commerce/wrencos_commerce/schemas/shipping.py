"""Shipping methods as they come in. Amounts are major units, weights grams."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.models.shipping_method import MAX_RATES, MAX_STEPS, PricedBy
from wrencos_core.web import Country, Flag, Line, Major, PageQuery, Schema, Text, Whole

MAX_REGIONS = 500


class ShippingMethodListQuery(PageQuery):
    is_active = Flag()


class ShippingStepBody(Schema):
    """The price up to so many grams, or so much of the goods; without `upTo` above all."""

    up_to = Major(allow_none=True)
    price = Major(required=True)


class ShippingRateBody(Schema):
    """What a method costs in one zone: without a `country` everywhere else, without `regions`
    (states or cities) in the rest of the country.

    `pricedBy` `flat` has a `price`; `weight` and `total` have `steps`. Goods for `freeFrom` or more
    go for nothing.
    """

    country = Country(allow_none=True)
    regions = fields.List(Line(100), validate=validate.Length(max=MAX_REGIONS))
    priced_by = fields.String(
        load_default=PricedBy.FLAT.value,
        validate=validate.OneOf([kind.value for kind in PricedBy]),
    )
    price = Major(allow_none=True)
    steps = fields.List(fields.Nested(ShippingStepBody), validate=validate.Length(max=MAX_STEPS))
    free_from = Major(allow_none=True)
    min_days = Whole(0, 365, required=True)
    max_days = Whole(0, 365, required=True)


class ShippingMethodChange(Schema):
    name = Line(100)
    description = Text(500, 0)
    is_active = Flag()
    position = Whole(-1000, 1000)
    rates = fields.List(
        fields.Nested(ShippingRateBody), validate=validate.Length(min=1, max=MAX_RATES)
    )


class ShippingMethodCreate(ShippingMethodChange):
    name = Line(100, required=True)
    rates = fields.List(
        fields.Nested(ShippingRateBody),
        required=True,
        validate=validate.Length(min=1, max=MAX_RATES),
    )
