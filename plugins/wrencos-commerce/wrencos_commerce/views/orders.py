"""Orders as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from wrencos_commerce.services.order_queries import history_for_owner
from wrencos_commerce.views.base import Row, View
from wrencos_commerce.views.cart import AdjustmentView
from wrencos_core.api import money


class OrderItemView(View, kw_only=True):
    """What was bought, as it was then."""

    product_id: str
    variant_id: str
    variant_name: str | None
    sku: str
    name: str
    price: Decimal
    quantity: int
    line_total: Decimal
    image_url: str | None


class OrderView(View, kw_only=True):
    """An order in a list; `itemCount` counts pieces."""

    order_id: str
    user_id: str
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


class OrderHistoryView(View, kw_only=True):
    """`actor` is `customer`, `staff` or `system`, for staff a user id in place of the first two."""

    status: str
    at: datetime
    actor: str
    note: str | None


class OrderDetailView(OrderView, kw_only=True):
    """Everything about an order."""

    subtotal: Decimal
    adjustments: list[AdjustmentView]
    shipping_address: ShippingAddressView
    tracking_number: str | None
    estimated_delivery: str
    payment_method: str
    note: str | None
    history: list[OrderHistoryView]


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


def order_view(row: Row) -> OrderView:
    return OrderView(**_order_fields(row))


def order_detail(row: Row, for_staff: bool) -> OrderDetailView:
    """The order; ids and notes of staff only `for_staff`."""
    address, currency = row["shipping_address"], row["currency"]
    return OrderDetailView(
        **_order_fields(row),
        subtotal=money.to_major(row["subtotal"], currency),
        adjustments=[
            AdjustmentView(
                code=a["code"], label=a["label"], amount=money.to_major(a["amount"], currency)
            )
            for a in row["adjustments"]
        ],
        shipping_address=ShippingAddressView(
            **{field: address.get(field) for field in ShippingAddressView.__struct_fields__}
        ),
        tracking_number=row.get("tracking_number"),
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
    )


def _order_fields(row: Row) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "order_id": row["_id"],
        "user_id": row["user_id"],
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
            )
            for line in row["lines"]
        ],
    }
