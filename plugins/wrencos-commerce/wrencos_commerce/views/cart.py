"""The cart, and what a checkout answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from wrencos_commerce.services.ingredients.checking import IngredientWarning
from wrencos_commerce.services.pricing import PricedCart
from wrencos_commerce.services.variants import variant_name
from wrencos_commerce.views.base import Row, View
from wrencos_commerce.views.ingredients import IngredientWarningView, warning_view
from wrencos_core.api import money


class CartItemView(View, kw_only=True):
    """An item at the product's present price; `available`: so many could be ordered now."""

    item_id: str
    product_id: str
    variant_id: str
    variant_name: str | None
    sku: str
    name: str
    price: Decimal
    quantity: int
    line_total: Decimal
    image_url: str | None
    available: bool


class AdjustmentView(View, kw_only=True):
    """A discount (negative) or a fee."""

    code: str
    label: str
    amount: Decimal


class CartView(View, kw_only=True):
    """A cart; `itemCount` counts pieces.

    `warnings` are of ingredients that do not go together or that the customer avoids, with what
    was bought before.
    """

    items: list[CartItemView]
    adjustments: list[AdjustmentView]
    subtotal: Decimal
    total: Decimal
    item_count: int
    currency: str
    warnings: list[IngredientWarningView]


class CartItemAdded(View, kw_only=True):
    """`cartToken` is there once, for a guest who had no cart: send it as X-Cart-Token."""

    cart_id: str
    item_id: str
    message: str
    cart_token: str | msgspec.UnsetType = msgspec.UNSET


class CartUpdated(View, kw_only=True):
    message: str
    updated_cart: CartView


class OrderConfirmation(View, kw_only=True):
    """`estimatedDelivery` is a day: `2026-03-09`. The stock of a `pending` order is held until
    `holdUntil`: pay it with POST /api/payments till then."""

    order_id: str
    total_price: Decimal
    item_count: int
    currency: str
    status: str
    payment_status: str
    hold_until: datetime | None
    estimated_delivery: str
    message: str


def cart_view(cart: PricedCart, warnings: Sequence[IngredientWarning] = ()) -> CartView:
    """The cart with its warnings."""

    def major(amount: int) -> Decimal:
        return money.to_major(amount, cart.currency)

    return CartView(
        items=[
            CartItemView(
                item_id=line.item_id,
                product_id=line.product["_id"],
                variant_id=line.variant["id"],
                variant_name=variant_name(line.variant),
                sku=line.variant["sku"],
                name=line.product["name"],
                price=major(line.price),
                quantity=line.quantity,
                line_total=major(line.line_total),
                image_url=line.product.get("image_url"),
                available=line.is_available,
            )
            for line in cart.lines
        ],
        adjustments=[
            AdjustmentView(code=a.code, label=a.label, amount=major(a.amount))
            for a in cart.adjustments
        ],
        subtotal=major(cart.subtotal),
        total=major(cart.total),
        item_count=cart.item_count,
        currency=cart.currency,
        warnings=[warning_view(warning) for warning in warnings],
    )


def order_confirmation(row: Row, email: str | None) -> OrderConfirmation:
    sent = f" Confirmation email sent to {email}" if email else ""
    return OrderConfirmation(
        order_id=row["_id"],
        total_price=money.to_major(row["total_price"], row["currency"]),
        item_count=row["item_count"],
        currency=row["currency"],
        status=row["status"],
        payment_status=row["payment_status"],
        hold_until=row.get("hold_until"),
        estimated_delivery=row["estimated_delivery"],
        message=f"Order placed successfully.{sent}",
    )
