"""The cart, and what a checkout answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.services.carts import ShownCart
from wrencos_commerce.services.ingredients.checking import IngredientWarning
from wrencos_commerce.services.priced import PricedCart, PricedLine
from wrencos_commerce.services.variants import variant_name
from wrencos_commerce.views.amounts import AdjustmentView, ChargeView, charge_view
from wrencos_commerce.views.base import Row, View
from wrencos_commerce.views.ingredients import IngredientWarningView, warning_view
from wrencos_core.api import money


class CartItemView(View, kw_only=True):
    """An item at the product's present price; `available`: so many could be ordered now.

    `priceChanged`: it was `previousPrice` when the customer chose it; that is told until they
    change the item. `total` is what they pay for it: less `discount`, with `tax` on top where
    prices come without it.
    """

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
    price_changed: bool
    previous_price: Decimal | None
    discount: Decimal
    tax_rate: str
    tax: Decimal
    total: Decimal


class RefusedCouponView(View, kw_only=True):
    """A typed code that does not count now, and why."""

    code: str
    reason: str


class CartShippingView(View, kw_only=True):
    """Where the cart would go, and how; the rest is null when no method takes it there, and in a
    shop that sends everything for nothing. `price` is before discounts and taxes."""

    country: str
    region: str | None
    shipping_method_id: str | None
    name: str | None
    price: Decimal | None
    min_days: int | None
    max_days: int | None
    deliverable: bool


class CartView(View, kw_only=True):
    """A cart; `itemCount` counts pieces, `tax` is what of `total` is tax.

    Taxes are those of the shop's country, and shipping is left out (`shipping` null), until it is
    told where it goes. `coupons` are the typed codes that count, `refusedCoupons` the others.
    `warnings` are of ingredients that do not go together or that the customer avoids, with what
    was bought before.
    """

    items: list[CartItemView]
    adjustments: list[AdjustmentView]
    charges: list[ChargeView]
    subtotal: Decimal
    tax: Decimal
    prices_include_tax: bool
    total: Decimal
    shipping: CartShippingView | None
    coupons: list[str]
    refused_coupons: list[RefusedCouponView]
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


def cart_view(shown: ShownCart, warnings: Sequence[IngredientWarning] = ()) -> CartView:
    """The cart with its warnings."""
    cart, row = shown.priced, shown.row

    def major(amount: int) -> Decimal:
        return money.to_major(amount, cart.currency)

    refused = cart.refused_coupons or {}
    before = {item["id"]: item.get("previous_price") for item in row.get("items", ())}
    return CartView(
        items=[_item_view(line, before.get(line.item_id), cart.currency) for line in cart.lines],
        adjustments=[
            AdjustmentView(code=a.code, label=a.label, amount=major(a.amount))
            for a in cart.adjustments
        ],
        charges=[charge_view(charge, cart.currency) for charge in cart.charges],
        subtotal=major(cart.subtotal),
        tax=major(cart.tax_total),
        prices_include_tax=cart.prices_include_tax,
        total=major(cart.total),
        shipping=_shipping_view(cart, row["shipping"]) if row.get("shipping") else None,
        coupons=[code for code in row.get("coupons", ()) if code not in refused],
        refused_coupons=[RefusedCouponView(code=c, reason=r) for c, r in refused.items()],
        item_count=cart.item_count,
        currency=cart.currency,
        warnings=[warning_view(warning) for warning in warnings],
    )


def _item_view(line: PricedLine, before: int | None, currency: str) -> CartItemView:
    def major(amount: int) -> Decimal:
        return money.to_major(amount, currency)

    return CartItemView(
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
        price_changed=before is not None,
        previous_price=None if before is None else major(before),
        discount=major(line.discount),
        tax_rate=line.tax_rate,
        tax=major(line.tax),
        total=major(line.total),
    )


def _shipping_view(cart: PricedCart, told: Row) -> CartShippingView:
    quote = cart.shipping
    return CartShippingView(
        country=told["country"],
        region=told.get("region"),
        shipping_method_id=quote.method_id if quote else None,
        name=quote.name if quote else None,
        price=money.to_major(quote.amount, cart.currency) if quote else None,
        min_days=quote.min_days if quote else None,
        max_days=quote.max_days if quote else None,
        deliverable=cart.is_deliverable,
    )


def order_confirmation(row: Row, email: str | None) -> OrderConfirmation:
    return OrderConfirmation(
        order_id=row["_id"],
        total_price=money.to_major(row["total_price"], row["currency"]),
        item_count=row["item_count"],
        currency=row["currency"],
        status=row["status"],
        payment_status=row["payment_status"],
        hold_until=row.get("hold_until"),
        estimated_delivery=row["estimated_delivery"],
        message=_said(row, email),
    )


def _said(row: Row, email: str | None) -> str:
    if row["status"] == OrderStatus.PENDING:
        return "Order placed. It is confirmed when it has been paid."
    sent = f" Confirmation email sent to {email}" if email else ""
    return f"Order placed successfully.{sent}"
