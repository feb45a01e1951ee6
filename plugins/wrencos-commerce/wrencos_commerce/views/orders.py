"""Orders as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from wrencos_commerce.services.order_queries import history_for_owner
from wrencos_commerce.services.reordering import ReorderedLine
from wrencos_commerce.views.amounts import AdjustmentView, ChargeView, charge_view
from wrencos_commerce.views.base import Row, View
from wrencos_commerce.views.returns import ReturnView, return_view
from wrencos_commerce.views.shipments import ShipmentView, shipment_view
from wrencos_core.api import money


class OrderItemView(View, kw_only=True):
    """What was bought, as it was then; `total` is what was paid for it."""

    product_id: str
    variant_id: str
    variant_name: str | None
    sku: str
    name: str
    price: Decimal
    quantity: int
    line_total: Decimal
    image_url: str | None
    discount: Decimal
    tax_rate: str
    tax: Decimal
    total: Decimal


class OrderView(View, kw_only=True):
    """An order in a list; `itemCount` counts pieces."""

    order_id: str
    user_id: str | None
    date: datetime
    total_price: Decimal
    currency: str
    item_count: int
    status: str
    payment_status: str
    items: list[OrderItemView]


class ShippingAddressView(View, kw_only=True):
    street: str
    city: str
    state: str | None
    zip: str | None
    country: str
    name: str | None
    phone: str | None


class ContactView(View, kw_only=True):
    """A customer without an account."""

    name: str | None
    phone: str | None


class OrderHistoryView(View, kw_only=True):
    """`actor` is `customer`, `staff` or `system`, for staff a user id in place of the first two."""

    status: str
    at: datetime
    actor: str
    note: str | None


class StaffNoteView(View, kw_only=True):
    """`actor` is a user id, or `cli`."""

    at: datetime
    actor: str
    text: str


class OrderDetailView(OrderView, kw_only=True):
    """Everything about an order; `staffNotes` is for staff alone, and `returns` are there where
    one order is asked for."""

    channel: str
    contact: ContactView | None
    email: str | None
    exchange_for: str | None
    paid: Decimal
    refunded: Decimal
    subtotal: Decimal
    adjustments: list[AdjustmentView]
    charges: list[ChargeView]
    tax_total: Decimal
    prices_include_tax: bool
    coupons: list[str]
    shipping_method: str | None
    shipping_address: ShippingAddressView | None
    shipments: list[ShipmentView]
    tracking_number: str | None
    invoice_number: str | None
    estimated_delivery: str
    payment_method: str
    note: str | None
    history: list[OrderHistoryView]
    returns: list[ReturnView] | msgspec.UnsetType = msgspec.UNSET
    staff_notes: list[StaffNoteView] | msgspec.UnsetType = msgspec.UNSET


class OrderPage(View, kw_only=True):
    orders: list[OrderView]
    total_count: int
    page: int
    total_pages: int


class OrderDetail(View, kw_only=True):
    order: OrderDetailView


class OrderUpdated(View, kw_only=True):
    message: str
    updated_order: OrderDetailView


class ReorderedItemView(View, kw_only=True):
    """`added` of the `ordered` pieces are in the cart; `missing` says why not the others.

    `missing` is `gone`, `not_for_sale`, `out_of_stock`, `too_many` or `cart_full`.
    """

    product_id: str
    variant_id: str
    variant_name: str | None
    name: str
    ordered: int
    added: int
    price_then: Decimal
    price_now: Decimal | None
    price_changed: bool
    missing: str | None


class Reordered(View, kw_only=True):
    message: str
    items: list[ReorderedItemView]


def reordered_view(done: ReorderedLine) -> ReorderedItemView:
    line = done.line
    return ReorderedItemView(
        product_id=line["product_id"],
        variant_id=line["variant_id"],
        variant_name=line.get("variant_name"),
        name=line["name"],
        ordered=line["quantity"],
        added=done.added,
        price_then=done.price_then.major,
        price_now=done.price_now.major if done.price_now else None,
        price_changed=done.price_now not in (None, done.price_then),
        missing=done.missing,
    )


def order_view(row: Row) -> OrderView:
    return OrderView(**_order_fields(row))


def order_detail(
    row: Row, for_staff: bool, returns: Sequence[Row] | None = None
) -> OrderDetailView:
    """The order, with its `returns` where they are given; ids and notes of staff only
    `for_staff`."""
    address, currency = row.get("shipping_address"), row["currency"]
    return OrderDetailView(
        **_order_fields(row),
        channel=row["channel"],
        contact=ContactView(name=contact.get("name"), phone=contact.get("phone"))
        if (contact := row.get("contact"))
        else None,
        email=row.get("email"),
        exchange_for=row.get("exchange_for"),
        paid=money.to_major(row["paid"], currency),
        refunded=money.to_major(row["refunded"], currency),
        subtotal=money.to_major(row["subtotal"], currency),
        adjustments=[
            AdjustmentView(
                code=a["code"], label=a["label"], amount=money.to_major(a["amount"], currency)
            )
            for a in row["adjustments"]
        ],
        charges=[charge_view(charge, currency) for charge in row["charges"]],
        tax_total=money.to_major(row["tax_total"], currency),
        prices_include_tax=row["prices_include_tax"],
        coupons=[used["code"] for used in row.get("promotions", ()) if used.get("code")],
        shipping_method=row["shipping_method"]["name"] if row.get("shipping_method") else None,
        shipping_address=ShippingAddressView(
            **{field: address.get(field) for field in ShippingAddressView.__struct_fields__}
        )
        if address
        else None,
        shipments=[shipment_view(one) for one in row.get("shipments", ())],
        tracking_number=row.get("tracking_number"),
        invoice_number=row.get("invoice_number"),
        estimated_delivery=row["estimated_delivery"],
        payment_method=row["payment_method"],
        note=row.get("note"),
        history=[
            OrderHistoryView(
                status=entry["status"],
                at=entry["at"],
                actor=entry["actor"],
                note=entry.get("note"),
            )
            for entry in (row["history"] if for_staff else history_for_owner(row))
        ],
        returns=[return_view(one, for_staff=for_staff) for one in returns]
        if returns is not None
        else msgspec.UNSET,
        staff_notes=[StaffNoteView(**note) for note in row.get("staff_notes", ())]
        if for_staff
        else msgspec.UNSET,
    )


def _order_fields(row: Row) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "order_id": row["_id"],
        "user_id": row.get("user_id"),
        "date": row["created_at"],
        "total_price": money.to_major(row["total_price"], currency),
        "currency": currency,
        "item_count": row["item_count"],
        "status": row["status"],
        "payment_status": row["payment_status"],
        "items": [
            OrderItemView(
                product_id=line["product_id"],
                variant_id=line["variant_id"],
                variant_name=line.get("variant_name"),
                sku=line["sku"],
                name=line["name"],
                price=money.to_major(line["price"], currency),
                quantity=line["quantity"],
                line_total=money.to_major(line["line_total"], currency),
                image_url=line.get("image_url"),
                discount=money.to_major(line["discount"], currency),
                tax_rate=line["tax_rate"],
                tax=money.to_major(line["tax"], currency),
                total=money.to_major(line["total"], currency),
            )
            for line in row["lines"]
        ],
    }
