"""Payments, refunds and what needs a human, as they come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.payment import PaymentState
from wrencos_commerce.models.refund import RefundReason, RefundState
from wrencos_commerce.services.payments.review_desk import Resolution
from wrencos_core.web import Line, Major, PageQuery, Schema, Text, Whole

# What somebody may choose; the others follow from what happens.
_REASONS = [
    reason.value
    for reason in RefundReason
    if reason not in (RefundReason.NOT_OWED, RefundReason.CANCELLED)
]


class PaymentBody(Schema):
    """Without `paymentMethodId` the order is paid as it was chosen before."""

    order_id = Line(40, required=True)
    payment_method_id = Line(64)


class AllPaymentsQuery(PageQuery):
    state = fields.String(validate=validate.OneOf([state.value for state in PaymentState]))
    method = Line(64)
    order_id = Line(40)
    user_id = Line(40)


class RefundedPiecesBody(Schema):
    variant_id = Line(40, required=True)
    quantity = Whole(1, 9999, required=True)


class RefundBody(Schema):
    """`items` with `charges` (`shipping`, a fee's code), or an `amount`, or neither for all that is
    left."""

    items = fields.List(fields.Nested(RefundedPiecesBody), validate=validate.Length(1, 100))
    charges = fields.List(Line(100), validate=validate.Length(1, 20))
    amount = Major()
    reason = fields.String(required=True, validate=validate.OneOf(_REASONS))
    note = Text(500, allow_none=True)

    @ma.validates_schema
    def _one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        if "amount" in data and ("items" in data or "charges" in data):
            raise ma.ValidationError("Give either this or `items` and `charges`.", "amount")
        items = [item["variant_id"] for item in data.get("items", ())]
        if len(items) != len(set(items)):
            raise ma.ValidationError("Name each variant once.", "items")


class AllRefundsQuery(PageQuery):
    state = fields.String(validate=validate.OneOf([state.value for state in RefundState]))
    order_id = Line(40)


class NoteBody(Schema):
    note = Text(500, allow_none=True)


class ReviewsQuery(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf(["open", "resolved", "all"]))


class ResolutionBody(Schema):
    resolution = fields.String(
        required=True, validate=validate.OneOf([resolution.value for resolution in Resolution])
    )
    note = Text(500, allow_none=True)
