"""What of the payments needs a human: a queue that nothing leaves by itself."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import IntField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class ReviewReason(StrEnum):
    """Why a human must look."""

    AMOUNT_MISMATCH = "amount_mismatch"
    SUSPICIOUS = "suspicious"
    LATE = "late"
    PAID_TWICE = "paid_twice"
    OUT_OF_STOCK = "out_of_stock"
    UNKNOWN_TRANSFER = "unknown_transfer"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    REFUND_STUCK = "refund_stuck"
    FOREIGN_REFUND = "foreign_refund"


class PaymentReview(Document):
    """Something about a payment for a human to decide; `resolution` says what they did.

    Its id is made of what happened, so the same thing told again is the same entry.
    """

    meta = {
        "collection": "commerce_payment_reviews",
        "indexes": [
            {"fields": ["state", "-created_at", "-_id"], "name": "by_state"},
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {"fields": ["order_id"], "name": "by_order", "sparse": True},
        ],
    }
    id_prefix = "prev"

    reason = StringField(required=True, choices=[reason.value for reason in ReviewReason])
    state = StringField(required=True, choices=["open", "resolved"])
    detail = StringField(required=True)
    method = StringField(required=True)
    payment_id = StringField()
    order_id = StringField()
    refund_id = StringField()
    amount = IntField()
    currency = StringField()
    resolution = StringField()
    note = StringField()
    resolved_by = StringField()
    resolved_at = UTCDateTimeField()
