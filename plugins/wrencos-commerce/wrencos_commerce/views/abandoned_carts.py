"""Abandoned carts as staff see them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from wrencos_commerce.services.abandoned_carts import AbandonedCart
from wrencos_commerce.views.base import View
from wrencos_core.api import money, now


class AbandonedCartView(View, kw_only=True):
    """A cart; `value` is that of its goods at present prices, `itemCount` counts pieces."""

    cart_id: str
    user_id: str
    item_count: int
    value: Decimal
    currency: str
    changed_at: datetime
    age_hours: int


class AbandonedCartPage(View, kw_only=True):
    carts: list[AbandonedCartView]
    total_count: int
    page: int
    total_pages: int


def abandoned_cart_view(abandoned: AbandonedCart) -> AbandonedCartView:
    cart, found = abandoned.cart, abandoned.contents
    return AbandonedCartView(
        cart_id=cart["_id"],
        user_id=cart["user_id"],
        item_count=sum(line.quantity for line in found.lines),
        value=money.to_major(found.subtotal, found.currency),
        currency=found.currency,
        changed_at=cart["updated_at"],
        age_hours=int((now() - cart["updated_at"]).total_seconds()) // 3600,
    )
