"""Orders: what was bought, where it goes, and which way it may go on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mongoengine import (
    BooleanField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField

MAX_NOTES = 100


class OrderStatus(StrEnum):
    """`pending` waits for its payment; `partially_shipped` has parcels under way and more to come.

    A refused parcel and an order that was never paid are cancelled too: see `cancel_reason`.
    """

    PENDING = "pending"
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """Apart from the order's status: `void` is a payment that nobody will make any more."""

    PENDING = "pending"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOID = "void"


class OrderStock(StrEnum):
    """Where the order's pieces are: `held` for a payment, `taken`, `released` when a payment failed
    or took too long, `returned` when the order was cancelled after they had been taken."""

    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"
    RETURNED = "returned"


class Channel(StrEnum):
    """Where an order came from."""

    WEB = "web"
    PHONE = "phone"
    COUNTER = "counter"


# From a status to those that may follow it. No status can come twice. From `pending` an order goes
# on by its payment alone, and a parcel that is under way can only be cancelled by being refused.
TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING: frozenset({OrderStatus.CANCELLED}),
    OrderStatus.CONFIRMED: frozenset(
        {
            OrderStatus.PROCESSING,
            OrderStatus.PARTIALLY_SHIPPED,
            OrderStatus.SHIPPED,
            OrderStatus.CANCELLED,
        }
    ),
    OrderStatus.PROCESSING: frozenset(
        {OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.CANCELLED}
    ),
    OrderStatus.PARTIALLY_SHIPPED: frozenset({OrderStatus.SHIPPED}),
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

    A variant is in one line at most, so its id names the line. `line_total` is price times
    quantity, `discount` the line's share of all discounts, `tax` what of `total` is tax at
    `tax_rate` per cent. `batches` may hold fewer pieces than `quantity`: the others were in none.
    `shipped`, `returning` (in open returns), `returned` and `refunded_pieces` count pieces,
    `refunded` is money, `refunded_tax` the tax in it.
    """

    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    category_id = StringField()
    variant_name = StringField()
    sku = StringField(required=True)
    name = StringField(required=True)
    price = IntField(required=True)
    cost_price = IntField()
    quantity = IntField(required=True, min_value=1)
    line_total = IntField(required=True)
    discount = IntField(required=True, min_value=0, default=0)
    tax_rate = StringField(required=True, default="0")
    tax = IntField(required=True, min_value=0, default=0)
    total = IntField(required=True, min_value=0)
    image_url = StringField()
    batches = EmbeddedDocumentListField(PickedBatch)
    shipped = IntField(required=True, min_value=0, default=0)
    returning = IntField(required=True, min_value=0, default=0)
    returned = IntField(required=True, min_value=0, default=0)
    refunded_pieces = IntField(required=True, min_value=0, default=0)
    refunded = IntField(required=True, min_value=0, default=0)
    refunded_tax = IntField(min_value=0)


class Charge(EmbeddedDocument):  # type: ignore[misc]
    """What is paid besides the goods: `shipping`, or a fee. `total` = `amount` - `discount`, with
    the tax on top where prices come without it."""

    code = StringField(required=True)
    label = StringField(required=True)
    amount = IntField(required=True, min_value=0)
    discount = IntField(required=True, min_value=0, default=0)
    tax_rate = StringField(required=True, default="0")
    tax = IntField(required=True, min_value=0, default=0)
    total = IntField(required=True, min_value=0)
    refunded = IntField(required=True, min_value=0, default=0)
    refunded_tax = IntField(min_value=0)


class AppliedAdjustment(EmbeddedDocument):  # type: ignore[misc]
    """A discount (negative) or fee as it was applied."""

    code = StringField(required=True)
    label = StringField(required=True)
    amount = IntField(required=True)


class UsedPromotion(EmbeddedDocument):  # type: ignore[misc]
    """A promotion that took something off, and the coupon code that the customer typed for it."""

    promotion_id = StringField(required=True)
    code = StringField()


class ChosenShipping(EmbeddedDocument):  # type: ignore[misc]
    """The shipping method as it was when it was chosen."""

    method_id = StringField(required=True)
    name = StringField(required=True)


class Address(EmbeddedDocument):  # type: ignore[misc]
    """Where the order goes; `country` is ISO 3166-1 alpha-2."""

    street = StringField(required=True)
    city = StringField(required=True)
    country = StringField(required=True)
    state = StringField()
    zip = StringField()
    name = StringField()
    phone = StringField()


class Contact(EmbeddedDocument):  # type: ignore[misc]
    """How somebody without an account is called, and where."""

    name = StringField()
    phone = StringField()


class ShippedPieces(EmbeddedDocument):  # type: ignore[misc]
    """So many pieces of a line in a parcel."""

    variant_id = StringField(required=True)
    quantity = IntField(required=True, min_value=1)


class Shipment(EmbeddedDocument):  # type: ignore[misc]
    """A parcel under way, or arrived since `delivered_at`."""

    id = StringField(required=True)
    items = EmbeddedDocumentListField(ShippedPieces, required=True)
    carrier = StringField()
    tracking_number = StringField()
    shipped_at = UTCDateTimeField(required=True)
    delivered_at = UTCDateTimeField()


class HistoryEntry(EmbeddedDocument):  # type: ignore[misc]
    """A status that the order got, when, and by whom (a user id, or `system`)."""

    status = StringField(required=True, choices=[status.value for status in OrderStatus])
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    note = StringField()


class StaffNote(EmbeddedDocument):  # type: ignore[misc]
    """What staff tell each other about an order; the customer never sees it."""

    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    text = StringField(required=True)


class Order(Document):
    """An order; `total_price` is the sum of the totals of its lines and charges, in minor units.

    Without `user_id` somebody bought without an account, at the counter or by phone. `hold_until`:
    the stock is held till then. `pay_until`: an unpaid order is cancelled then. `paid` is what came
    in for it, `refunded` what of that went back.
    """

    meta = {
        "collection": "commerce_orders",
        "indexes": [
            {"fields": ["user_id", "-created_at", "-_id"], "name": "by_user"},
            {"fields": ["status", "-created_at", "-_id"], "name": "by_status"},
            {
                "fields": ["user_id", "status"],
                "name": "unpaid",
                "partialFilterExpression": {"status": "pending"},
            },
            {"fields": ["payment_status", "-created_at", "-_id"], "name": "by_payment_status"},
            {"fields": ["payment_method", "-created_at", "-_id"], "name": "by_payment_method"},
            {"fields": ["channel", "-created_at", "-_id"], "name": "by_channel"},
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {
                "fields": ["email", "-created_at", "-_id"],
                "name": "by_email",
                "partialFilterExpression": {"email": {"$exists": True}},
            },
            {
                "fields": ["shipping_address.phone", "-created_at", "-_id"],
                "name": "by_phone",
                "partialFilterExpression": {"shipping_address.phone": {"$exists": True}},
            },
            {
                "fields": ["contact.phone", "-created_at", "-_id"],
                "name": "by_contact",
                "partialFilterExpression": {"contact.phone": {"$exists": True}},
            },
            {"fields": ["delivered_at", "_id"], "name": "by_delivery", "sparse": True},
            {"fields": ["user_id", "lines.product_id"], "name": "by_buyer"},
            {"fields": ["hold_until"], "name": "by_hold", "sparse": True},
            {
                "fields": ["lines.product_id"],
                "name": "held",
                "partialFilterExpression": {"stock": OrderStock.HELD.value},
            },
            {"fields": ["promotions.promotion_id"], "name": "by_promotion", "sparse": True},
            {"fields": ["pay_until"], "name": "by_pay_until", "sparse": True},
            {"fields": ["shipments.tracking_number"], "name": "by_tracking", "sparse": True},
            {"fields": ["invoice_number"], "name": "invoice", "unique": True, "sparse": True},
            {
                "fields": ["lines.batches.batch_id", "-created_at", "-_id"],
                "name": "by_batch",
                "sparse": True,
            },
        ],
    }
    id_prefix = "order"

    user_id = StringField()
    channel = StringField(
        required=True, default=Channel.WEB.value, choices=[channel.value for channel in Channel]
    )
    # The language that it was ordered in, for documents, and mail to those without an account.
    locale = StringField()
    # A customer without an account, and where to write to them.
    contact = EmbeddedDocumentField(Contact)
    email = StringField()
    lines = EmbeddedDocumentListField(Line, required=True)
    charges = EmbeddedDocumentListField(Charge)
    adjustments = EmbeddedDocumentListField(AppliedAdjustment)
    promotions = EmbeddedDocumentListField(UsedPromotion)
    subtotal = IntField(required=True)
    prices_include_tax = BooleanField(required=True, default=True)
    tax_total = IntField(required=True, min_value=0, default=0)
    total_price = IntField(required=True, min_value=0)
    item_count = IntField(required=True, min_value=1)
    currency = StringField(required=True)
    status = StringField(required=True, choices=[status.value for status in OrderStatus])
    history = EmbeddedDocumentListField(HistoryEntry, required=True)
    cancel_reason = StringField()
    payment_method = StringField(required=True)
    payment_status = StringField(required=True, choices=[status.value for status in PaymentStatus])
    paid = IntField(required=True, min_value=0, default=0)
    refunded = IntField(required=True, min_value=0, default=0)
    stock = StringField(required=True, choices=[stock.value for stock in OrderStock])
    hold_until = UTCDateTimeField()
    pay_until = UTCDateTimeField()
    shipping_address = EmbeddedDocumentField(Address)
    shipping_method = EmbeddedDocumentField(ChosenShipping)
    shipments = EmbeddedDocumentListField(Shipment)
    estimated_delivery = StringField(required=True)
    delivered_at = UTCDateTimeField()
    tracking_number = StringField()
    note = StringField()
    staff_notes = EmbeddedDocumentListField(StaffNote)
    invoice_number = StringField()
    invoiced_at = UTCDateTimeField()
    # The return whose goods this order replaces.
    exchange_for = StringField()
