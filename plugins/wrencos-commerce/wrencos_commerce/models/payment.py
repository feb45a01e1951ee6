"""Payments: each attempt to pay an order, and every message about one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mongoengine import (
    BooleanField,
    DictField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField


class PaymentState(StrEnum):
    """`created` is known to us alone, `pending` to the gateway too."""

    CREATED = "created"
    PENDING = "pending"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# From a state to those that may follow it. Money that came in is never forgotten: what had failed,
# been cancelled or expired becomes paid when the gateway says so after all, and nothing unmakes it.
_ENDED = frozenset({PaymentState.FAILED, PaymentState.CANCELLED, PaymentState.EXPIRED})
_BEGUN = _ENDED | {PaymentState.PAID}
PAYMENT_TRANSITIONS: Mapping[PaymentState, frozenset[PaymentState]] = {
    PaymentState.CREATED: _BEGUN | {PaymentState.PENDING},
    PaymentState.PENDING: _BEGUN,
    PaymentState.FAILED: frozenset({PaymentState.PAID}),
    PaymentState.CANCELLED: frozenset({PaymentState.PAID}),
    PaymentState.EXPIRED: frozenset({PaymentState.PAID}),
    PaymentState.PAID: frozenset({PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED}),
    PaymentState.PARTIALLY_REFUNDED: frozenset({PaymentState.REFUNDED}),
    PaymentState.REFUNDED: frozenset(),
}
OPEN_STATES = frozenset({PaymentState.CREATED, PaymentState.PENDING})


class PaymentStateEntry(EmbeddedDocument):  # type: ignore[misc]
    """A state that the payment got, when, by whom, and why."""

    state = StringField(required=True, choices=[state.value for state in PaymentState])
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    reason = StringField()


class NextStep(EmbeddedDocument):  # type: ignore[misc]
    """What the customer does to pay; see contracts.payments.PaymentStep."""

    kind = StringField(required=True)
    url = StringField()
    qr_payload = StringField()
    details = DictField(StringField())


class Payment(Document):
    """One attempt to pay an order; amounts are minor units of `currency`.

    `received` is what came in, `refund_reserved` what of it is or may be paid back: never more.
    `open_for` holds the order's id while the attempt can still be paid: one for each order.
    `is_counted`: the money is for the order; else it came too late or twice, and waits for a human.
    `ask_at`: when the gateway is asked next what became of it. `locale`: of the gateway's page.
    `vouched`: what people said came in by a transfer that the bank has not told of yet.
    `is_erased`: its customer was, and what gateways say is not kept as it came any more.
    """

    meta = {
        "collection": "commerce_payments",
        "indexes": [
            {"fields": ["method", "reference"], "unique": True, "name": "reference"},
            {"fields": ["open_for"], "unique": True, "sparse": True, "name": "open"},
            {"fields": ["transaction_key"], "unique": True, "sparse": True, "name": "transaction"},
            {"fields": ["gateway_key"], "unique": True, "sparse": True, "name": "gateway"},
            {"fields": ["order_id", "-created_at", "-_id"], "name": "by_order"},
            {"fields": ["user_id", "-created_at", "-_id"], "name": "by_user"},
            {"fields": ["state", "-created_at", "-_id"], "name": "by_state"},
            {"fields": ["method", "-created_at", "-_id"], "name": "by_method"},
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {"fields": ["ask_at"], "sparse": True, "name": "to_ask"},
        ],
    }
    id_prefix = "pay"

    order_id = StringField(required=True)
    user_id = StringField()
    method = StringField(required=True)
    kind = StringField(required=True)
    reference = StringField(required=True)
    amount = IntField(required=True, min_value=0)
    currency = StringField(required=True)
    state = StringField(required=True, choices=[state.value for state in PaymentState])
    history = EmbeddedDocumentListField(PaymentStateEntry, required=True)
    open_for = StringField()
    expires_at = UTCDateTimeField(required=True)
    locale = StringField()
    step = EmbeddedDocumentField(NextStep)
    gateway_id = StringField()
    gateway_key = StringField()
    charged_amount = IntField()
    charged_currency = StringField()
    exchange_rate = StringField()
    transaction_id = StringField()
    transaction_key = StringField()
    received = IntField(required=True, min_value=0, default=0)
    vouched = IntField(min_value=0)
    fee = IntField()
    paid_at = UTCDateTimeField()
    is_late = BooleanField(required=True, default=False)
    is_counted = BooleanField(required=True, default=False)
    refund_reserved = IntField(required=True, min_value=0, default=0)
    refunded = IntField(required=True, min_value=0, default=0)
    ask_at = UTCDateTimeField()
    asked = IntField(required=True, default=0)
    is_erased = BooleanField()


class PaymentMessage(Document):
    """What a gateway said, kept once as it came: its id is made of the method and the event's."""

    meta = {
        "collection": "commerce_payment_messages",
        "indexes": [{"fields": ["payment_id", "created_at", "_id"], "name": "by_payment"}],
    }
    id_prefix = "pmsg"

    method = StringField(required=True)
    event_id = StringField(required=True)
    payment_id = StringField()
    refund_id = StringField()
    outcome = StringField(required=True)
    source = StringField(required=True)
    payload = StringField(required=True)
