"""Refunds: money on its way back."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import EmbeddedDocument, EmbeddedDocumentListField, IntField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class RefundState(StrEnum):
    """`requested` is known to us alone; `submitted` is being sent; `unknown`: the answer was lost,
    so the gateway is asked before it is sent again; `manual`: the staff pay it back themselves."""

    REQUESTED = "requested"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    PROCESSING = "processing"
    MANUAL = "manual"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"


FINAL_REFUNDS = frozenset({RefundState.SUCCEEDED, RefundState.REJECTED})


class RefundReason(StrEnum):
    """Why money goes back. `not_owed`: it was paid twice or too late, and belongs to no order."""

    CANCELLED = "cancelled"
    RETURNED = "returned"
    DAMAGED = "damaged"
    MISSING = "missing"
    GOODWILL = "goodwill"
    NOT_OWED = "not_owed"
    OTHER = "other"


class RefundStateEntry(EmbeddedDocument):  # type: ignore[misc]
    """A state that the refund got, when, by whom, and why."""

    state = StringField(required=True, choices=[state.value for state in RefundState])
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    reason = StringField()


class RefundedPieces(EmbeddedDocument):  # type: ignore[misc]
    """What falls on a line: of `amount`, `tax` is tax; `quantity` 0: the price was lowered."""

    variant_id = StringField(required=True)
    quantity = IntField(required=True, min_value=0)
    amount = IntField(required=True, min_value=0)
    tax = IntField(required=True, min_value=0)


class RefundedPart(EmbeddedDocument):  # type: ignore[misc]
    """What falls on the shipping or a fee."""

    code = StringField(required=True)
    amount = IntField(required=True, min_value=0)
    tax = IntField(required=True, min_value=0)


class Refund(Document):
    """A refund of a payment; `amount` (minor units) is the sum of its lines and charges, which are
    empty for money that was not owed. `request_id` is the same at each try."""

    meta = {
        "collection": "commerce_refunds",
        "indexes": [
            {"fields": ["request_id"], "unique": True, "name": "request"},
            {"fields": ["order_id", "-created_at", "-_id"], "name": "by_order"},
            {"fields": ["payment_id", "-created_at", "-_id"], "name": "by_payment"},
            {"fields": ["user_id", "-created_at", "-_id"], "name": "by_user"},
            {"fields": ["state", "-created_at", "-_id"], "name": "by_state"},
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {"fields": ["ask_at"], "sparse": True, "name": "to_ask"},
            {"fields": ["gateway_refund_id"], "sparse": True, "name": "at_gateway"},
            {
                "fields": ["credit_note_number"],
                "unique": True,
                "sparse": True,
                "name": "credit_note",
            },
        ],
    }
    id_prefix = "refund"

    order_id = StringField(required=True)
    user_id = StringField()
    payment_id = StringField(required=True)
    method = StringField(required=True)
    request_id = StringField(required=True)
    amount = IntField(required=True, min_value=1)
    currency = StringField(required=True)
    charged_amount = IntField()
    lines = EmbeddedDocumentListField(RefundedPieces)
    charges = EmbeddedDocumentListField(RefundedPart)
    reason = StringField(required=True, choices=[reason.value for reason in RefundReason])
    note = StringField()
    return_id = StringField()
    actor = StringField(required=True)
    state = StringField(required=True, choices=[state.value for state in RefundState])
    history = EmbeddedDocumentListField(RefundStateEntry, required=True)
    gateway_refund_id = StringField()
    succeeded_at = UTCDateTimeField()
    credit_note_number = StringField()
    credited_at = UTCDateTimeField()
    ask_at = UTCDateTimeField()
    asked = IntField(required=True, default=0)
