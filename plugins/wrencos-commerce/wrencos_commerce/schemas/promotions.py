"""Promotions and coupons as they come in. Amounts are major units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.promotion import PromotionKind
from wrencos_commerce.schemas.fields import Percent
from wrencos_commerce.services.promotions.coupons import MAX_AT_ONCE, MAX_CODE
from wrencos_core.web import Flag, Line, Major, Moment, Schema, Text, Whole

_MOST = 10**9


class PromotionChange(Schema):
    """What a promotion takes off, from whom, for what and when; null takes a condition away.

    `percent` needs a `percent`, `amount` an `amount`, `buy_get` a `buyQuantity`, a `getQuantity`
    and the `percent` that is taken off the latter. `productIds` and `categoryIds` (with the ones
    below) say what it is for, all goods when both are empty.
    """

    name = Line(100)
    description = Text(1000, 0)
    is_active = Flag()
    is_exclusive = Flag()
    priority = Whole(-1000, 1000)
    percent = Percent(allow_none=True)
    amount = Major(allow_none=True)
    buy_quantity = Whole(1, 99, allow_none=True)
    get_quantity = Whole(1, 99, allow_none=True)
    product_ids = fields.List(Line(40), validate=validate.Length(max=500))
    category_ids = fields.List(Line(40), validate=validate.Length(max=100))
    min_total = Major(allow_none=True)
    max_discount = Major(allow_none=True)
    max_uses = Whole(1, _MOST, allow_none=True)
    max_uses_per_user = Whole(1, _MOST, allow_none=True)
    first_order_only = Flag()
    starts_at = Moment(allow_none=True)
    ends_at = Moment(allow_none=True)


class PromotionCreate(PromotionChange):
    """An automatic one counts by itself, another by its coupons; that stays so, as its `kind`."""

    name = Line(100, required=True)
    kind = fields.String(
        required=True, validate=validate.OneOf([kind.value for kind in PromotionKind])
    )
    is_automatic = Flag(load_default=False)


class CouponsCreate(Schema):
    """Either `codes`, each for up to `maxUses` orders (any number when that is absent), or how
    many to `generate`, each for one order, perhaps beginning with a `prefix`."""

    codes = fields.List(Line(MAX_CODE), validate=validate.Length(min=1, max=MAX_AT_ONCE))
    max_uses = Whole(1, _MOST, allow_none=True)
    generate = Whole(1, MAX_AT_ONCE)
    prefix = Line(20, shortest=0, load_default="")

    @ma.validates_schema
    def _one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("codes" in data) == ("generate" in data):
            raise ma.ValidationError("Give either this or `generate`, and not both.", "codes")


class CouponTyped(Schema):
    code = Line(MAX_CODE, required=True)
