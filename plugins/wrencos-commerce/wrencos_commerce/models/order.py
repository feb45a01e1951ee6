"""Orders: what was bought, where it goes, and which way it may go on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mongoengine import (
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField


class OrderStatus(StrEnum):
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """Apart from the order's status: `void` is a payment that nobody will make any more."""

    PENDING = "pending"
    PAID = "paid"
    VOID = "void"


# From a status to those that may follow it. No status can come twice.
TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.CONFIRMED: frozenset({OrderStatus.PROCESSING, OrderStatus.CANCELLED}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.SHIPPED, OrderStatus.CANCELLED}),
    OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED}),
    OrderStatus.DELIVERED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}


def is_finished(status: str) -> bool:
    """Whether an order stays in this status: it was delivered or cancelled."""
    return not TRANSITIONS[OrderStatus(status)]


class PickedBatch(EmbeddedDocument):  # type: ignore[misc]
    """So many pieces of a line from this batch."""

    batch_id = StringField(required=True)
    code = StringField(required=True)
    quantity = IntField(required=True, min_value=1)


class Line(EmbeddedDocument):  # type: ignore[misc]
    """A variant as it was bought; amounts in minor units of the order's currency.

    `batches` may hold fewer pieces than `quantity`: the others were in none.
    """

    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    variant_name = StringField()
    sku = StringField(required=True)
    name = StringField(required=True)
    price = IntField(required=True)
    cost_price = IntField()
    quantity = IntField(required=True, min_value=1)
    line_total = IntField(required=True)
    image_url = StringField()
    batches = EmbeddedDocumentListField(PickedBatch)


class AppliedAdjustment(EmbeddedDocument):  # type: ignore[misc]
    """A discount (negative) or fee as it was applied."""

    code = StringField(required=True)
    label = StringField(required=True)
    amount = IntField(required=True)


class Address(EmbeddedDocument):  # type: ignore[misc]
    """Where the order goes; `country` is ISO 3166-1 alpha-2."""

    street = StringField(required=True)
    city = StringField(required=True)
    country = StringField(required=True)
    state = StringField()
    zip = StringField()
    name = StringField()
    phone = StringField()


class HistoryEntry(EmbeddedDocument):  # type: ignore[misc]
    """A status that the order got, when, and by whom (a user id, or `system`)."""

    status = StringField(required=True, choices=[status.value for status in OrderStatus])
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    note = StringField()


class Order(Document):
    """An order; `total_price` is the sum of its lines and adjustments, in minor units."""

    meta = {
        "collection": "commerce_orders",
        "indexes": [
            {"fields": ["user_id", "-created_at", "-_id"], "name": "by_user"},
            {"fields": ["status", "-created_at", "-_id"], "name": "by_status"},
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {"fields": ["delivered_at", "_id"], "name": "by_delivery", "sparse": True},
            {"fields": ["user_id", "lines.product_id"], "name": "by_buyer"},
            {
                "fields": ["lines.batches.batch_id", "-created_at", "-_id"],
                "name": "by_batch",
                "sparse": True,
            },
        ],
    }
    id_prefix = "order"

    user_id = StringField(required=True)
    lines = EmbeddedDocumentListField(Line, required=True)
    adjustments = EmbeddedDocumentListField(AppliedAdjustment)
    subtotal = IntField(required=True)
    total_price = IntField(required=True, min_value=0)
    item_count = IntField(required=True, min_value=1)
    currency = StringField(required=True)
    status = StringField(required=True, choices=[status.value for status in OrderStatus])
    history = EmbeddedDocumentListField(HistoryEntry, required=True)
    payment_method = StringField(required=True)
    payment_status = StringField(required=True, choices=[status.value for status in PaymentStatus])
    shipping_address = EmbeddedDocumentField(Address, required=True)
    estimated_delivery = StringField(required=True)
    delivered_at = UTCDateTimeField()
    tracking_number = StringField()
    note = StringField()
