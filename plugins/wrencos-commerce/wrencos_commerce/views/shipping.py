"""Shipping methods, and what they would cost for a cart."""

from __future__ import annotations

from decimal import Decimal

from wrencos_commerce.models.shipping_method import PricedBy
from wrencos_commerce.services.priced import ShippingQuote
from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class ShippingStepView(View, kw_only=True):
    """`upTo` is grams for a rate by weight, an amount for one by total, null without end."""

    up_to: Decimal | None
    price: Decimal


class ShippingRateView(View, kw_only=True):
    """A rate of one zone; without a `country` everywhere else."""

    country: str | None
    regions: list[str]
    priced_by: str
    price: Decimal | None
    steps: list[ShippingStepView]
    free_from: Decimal | None
    min_days: int
    max_days: int


class ShippingMethodView(View, kw_only=True):
    shipping_method_id: str
    name: str
    description: str
    is_active: bool
    position: int
    currency: str
    rates: list[ShippingRateView]


class ShippingMethodPage(View, kw_only=True):
    shipping_methods: list[ShippingMethodView]
    total_count: int
    page: int
    total_pages: int


class ShippingMethodChanged(View, kw_only=True):
    message: str
    shipping_method: ShippingMethodView


class ShippingMethodDeleted(View, kw_only=True):
    message: str


class ShippingQuotes(View, kw_only=True):
    """The ways to send a cart, in the shop's order; empty also when shipping costs nothing."""

    shipping_methods: list[ShippingQuoteView]
    currency: str


class ShippingQuoteView(View, kw_only=True):
    """A method that takes the cart; `price` is before discounts on shipping."""

    shipping_method_id: str
    name: str
    price: Decimal
    min_days: int
    max_days: int


def shipping_method_view(row: Row) -> ShippingMethodView:
    currency = row["currency"]
    return ShippingMethodView(
        shipping_method_id=row["_id"],
        name=row["name"],
        description=row["description"],
        is_active=row["is_active"],
        position=row["position"],
        currency=currency,
        rates=[_rate_view(rate, currency) for rate in row["rates"]],
    )


def quote_view(quote: ShippingQuote, currency: str) -> ShippingQuoteView:
    return ShippingQuoteView(
        shipping_method_id=quote.method_id,
        name=quote.name,
        price=money.to_major(quote.amount, currency),
        min_days=quote.min_days,
        max_days=quote.max_days,
    )


def _rate_view(rate: Row, currency: str) -> ShippingRateView:
    def major(amount: int | None) -> Decimal | None:
        return None if amount is None else money.to_major(amount, currency)

    by_weight = rate["priced_by"] == PricedBy.WEIGHT
    return ShippingRateView(
        country=rate.get("country"),
        regions=rate["regions"],
        priced_by=rate["priced_by"],
        price=major(rate.get("price")),
        steps=[
            ShippingStepView(
                up_to=_grams(step["up_to"]) if by_weight else major(step["up_to"]),
                price=money.to_major(step["price"], currency),
            )
            for step in rate["steps"]
        ],
        free_from=major(rate.get("free_from")),
        min_days=rate["min_days"],
        max_days=rate["max_days"],
    )


def _grams(grams: int | None) -> Decimal | None:
    return None if grams is None else Decimal(grams)
