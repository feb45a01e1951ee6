"""Rows as the checkout and the payments leave them."""

from __future__ import annotations

from typing import Any

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.refund import Refund
from wrencos_core.api import now


def stored_order(**changes: Any) -> str:
    """Stores an order of two lipsticks for 746,000 đồng, and its id."""
    line = {
        "product_id": "prod_1",
        "variant_id": "var_1",
        "variant_name": "Hồng đất, 30 ml",
        "sku": "SON-1",
        "name": "Son tint",
        "price": 390_000,
        "quantity": 2,
        "line_total": 780_000,
        "discount": 78_000,
        "tax_rate": "8",
        "tax": 52_000,
        "total": 702_000,
        "batches": [{"batch_id": "batch_1", "code": "L2603A", "quantity": 2}],
    }
    fee = {"label": "Gói quà", "amount": 11_000, "tax_rate": "10", "tax": 1_000, "total": 11_000}
    shipping = {"label": "x", "amount": 33_000, "tax_rate": "10.0", "tax": 3_000, "total": 33_000}
    address = {"street": "12 Trần Phú", "city": "Đà Nẵng", "country": "VN"}
    address |= {"name": "Nguyễn Thị Lan", "phone": "0901 234 567"}
    values = {
        "locale": "vi",
        "email": "lan@example.test",
        "lines": [line],
        "charges": [{"code": "shipping", **shipping}, {"code": "gift", **fee}],
        "subtotal": 780_000,
        "tax_total": 56_000,
        "total_price": 746_000,
        "item_count": 2,
        "currency": "VND",
        "status": "delivered",
        "history": [{"status": "confirmed", "at": now(), "actor": "system"}],
        "payment_method": "cod",
        "payment_status": "partially_refunded",
        "paid": 746_000,
        "refunded": 100_000,
        "stock": "taken",
        "shipping_address": address,
        "estimated_delivery": "2026-03-09",
        "note": "Gọi trước khi giao",
    }
    return str(Order(**{**values, **changes}).save().id)


def refund_of(order: str, **changes: Any) -> str:
    """Stores a refund of half a line that has succeeded, and its id."""
    row = Order.raw().find_one({"_id": order})
    line = {"variant_id": row["lines"][0]["variant_id"], "quantity": 0, "amount": 1500, "tax": 0}
    values = {
        "order_id": order,
        "payment_id": "pay_1",
        "method": "cod",
        "amount": 1500,
        "currency": "USD",
        "lines": [line],
        "reason": "goodwill",
        "actor": "system",
        "state": "succeeded",
        "history": [{"state": "succeeded", "at": now(), "actor": "system"}],
    }
    refund = Refund(**{**values, **changes})
    refund.request_id = refund.id
    return str(refund.save().id)
