"""Returns as they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.order_return import ReturnReason, ReturnResolution, ReturnState
from wrencos_commerce.schemas.reviews import ImageIds
from wrencos_core.web import Flag, Line, Major, PageQuery, Schema, Text, Whole

_MOST = 100
_REASONS = [reason.value for reason in ReturnReason]
_RESOLUTIONS = [resolution.value for resolution in ReturnResolution]
_STATES = [state.value for state in ReturnState]


class ReturnedItemBody(Schema):
    variant_id = Line(40, required=True)
    quantity = Whole(1, 9999, required=True)
    reason = fields.String(required=True, validate=validate.OneOf(_REASONS))
    wanted_variant_id = Line(40)


class ReturnBody(Schema):
    """With the `resolution` `exchange` each item has a `wantedVariantId`, and `paymentMethodId` is
    for what that costs more. `none` is for staff: the pieces come back, and no money goes."""

    items = fields.List(
        fields.Nested(ReturnedItemBody), required=True, validate=validate.Length(1, _MOST)
    )
    resolution = fields.String(
        load_default=ReturnResolution.REFUND.value, validate=validate.OneOf(_RESOLUTIONS)
    )
    note = Text(1000, allow_none=True)
    image_ids = ImageIds(load_default=())
    payment_method_id = Line(64)

    @ma.validates_schema
    def _each_once(self, data: Mapping[str, Any], **_: Any) -> None:
        _refuse_twice(data["items"])
        is_exchange = data["resolution"] == ReturnResolution.EXCHANGE
        if any(("wanted_variant_id" in item) != is_exchange for item in data["items"]):
            message = "Each item of an exchange has a `wantedVariantId`, and no other has."
            raise ma.ValidationError(message, "items")


class InspectedItemBody(Schema):
    variant_id = Line(40, required=True)
    restock = Whole(0, 9999, load_default=0)
    write_off = Whole(0, 9999, load_default=0)


class InspectionBody(Schema):
    """Without `items` all came and is written off.

    Of an exchange: `resolution` `refund` pays money back instead, `paymentMethodId` is for what it
    costs more, and `chargeShipping` has the customer pay the shipping of the new order.
    """

    items = fields.List(fields.Nested(InspectedItemBody), validate=validate.Length(1, _MOST))
    refund_shipping = Flag(load_default=False)
    deduction = Major(allow_none=True)
    resolution = fields.String(validate=validate.Equal(ReturnResolution.REFUND.value))
    payment_method_id = Line(64)
    charge_shipping = Flag(load_default=False)
    note = Text(500, allow_none=True)

    @ma.validates_schema
    def _each_once(self, data: Mapping[str, Any], **_: Any) -> None:
        _refuse_twice(data.get("items", ()))


class ReturnNoteBody(Schema):
    note = Text(500, allow_none=True)


class RejectionBody(Schema):
    reason = Text(500, required=True)


class AllReturnsQuery(PageQuery):
    state = fields.String(validate=validate.OneOf(_STATES))
    order_id = Line(40)
    user_id = Line(40)


def _refuse_twice(items: Sequence[Mapping[str, Any]]) -> None:
    ids = [item["variant_id"] for item in items]
    if len(ids) != len(set(ids)):
        raise ma.ValidationError("Name each variant once.", "items")
