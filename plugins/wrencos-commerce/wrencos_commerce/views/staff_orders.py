"""What an order that the staff enter would cost, and the order itself."""

from __future__ import annotations

from decimal import Decimal

from wrencos_commerce.services.priced import PricedCart
from wrencos_commerce.services.variants import full_name
from wrencos_commerce.views.amounts import AdjustmentView, ChargeView, charge_view
from wrencos_commerce.views.base import View
from wrencos_commerce.views.cart import RefusedCouponView
from wrencos_commerce.views.orders import OrderDetailView
from wrencos_commerce.views.shipping import ShippingQuoteView, quote_view
from wrencos_core.api import money


class QuotedItemView(View, kw_only=True):
    """`available`: so many could be sold now."""

    variant_id: str
    sku: str
    name: str
    quantity: int
    price: Decimal
    line_total: Decimal
    discount: Decimal
    total: Decimal
    available: bool


class OrderQuote(View, kw_only=True):
    """What it would cost now. `deliverable` false: choose another of the `shippingMethods`."""

    items: list[QuotedItemView]
    adjustments: list[AdjustmentView]
    charges: list[ChargeView]
    subtotal: Decimal
    tax_total: Decimal
    prices_include_tax: bool
    total: Decimal
    currency: str
    deliverable: bool
    shipping_methods: list[ShippingQuoteView]
    refused_coupons: list[RefusedCouponView]


class OrderCreated(View, kw_only=True):
    message: str
    order: OrderDetailView


def order_quote(priced: PricedCart) -> OrderQuote:
    def major(amount: int) -> Decimal:
        return money.to_major(amount, priced.currency)

    refused = priced.refused_coupons or {}
    return OrderQuote(
        items=[
            QuotedItemView(
                variant_id=line.variant["id"],
                sku=line.variant["sku"],
                name=full_name(line.product, line.variant),
                quantity=line.quantity,
                price=major(line.price),
                line_total=major(line.line_total),
                discount=major(line.discount),
                total=major(line.total),
                available=line.is_available,
            )
            for line in priced.lines
        ],
        adjustments=[
            AdjustmentView(code=a.code, label=a.label, amount=major(a.amount))
            for a in priced.adjustments
        ],
        charges=[charge_view(charge, priced.currency) for charge in priced.charges],
        subtotal=major(priced.subtotal),
        tax_total=major(priced.tax_total),
        prices_include_tax=priced.prices_include_tax,
        total=major(priced.total),
        currency=priced.currency,
        deliverable=priced.is_deliverable,
        shipping_methods=[quote_view(quote, priced.currency) for quote in priced.shipping_quotes],
        refused_coupons=[RefusedCouponView(code=c, reason=r) for c, r in refused.items()],
    )
