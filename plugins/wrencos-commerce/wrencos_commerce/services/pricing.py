"""What a cart costs: present prices, then the discounts and fees that plugins add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from wrencos_commerce.services.variants import full_name
from wrencos_core.api import Identity, Platform, money
from wrencos_core.contracts.commerce import Adjustment, CartContents, CartLine

Row = Mapping[str, Any]

SHIPPING = "shipping"


@dataclass(frozen=True, kw_only=True)
class PricingContext:
    """What a price depends on besides the lines; where it goes is None until that is known."""

    identity: Identity
    coupons: Sequence[str] = ()
    country: str | None = None
    region: str | None = None
    shipping_method_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class PricedLine:
    """So many of a variant at its present price, in minor units.

    `discount` is the line's share of all discounts, `tax` the tax of what is left at `tax_rate`
    per cent; `total` is what the customer pays for it.
    """

    item_id: str
    product: Row
    variant: Row
    quantity: int
    is_available: bool
    discount: int = 0
    tax_rate: str = "0"
    tax: int = 0
    total: int = 0

    @property
    def price(self) -> int:
        return int(self.variant["price"])

    @property
    def line_total(self) -> int:
        return self.price * self.quantity


@dataclass(frozen=True, kw_only=True)
class PricedCharge:
    """What is paid besides the goods: `shipping`, or a fee of a plugin by its code."""

    code: str
    label: str
    amount: int
    discount: int = 0
    tax_rate: str = "0"
    tax: int = 0
    total: int = 0


@dataclass(frozen=True, kw_only=True)
class ShippingQuote:
    """A shipping method that takes the cart: its price, and the days that it takes."""

    method_id: str
    name: str
    amount: int
    min_days: int
    max_days: int


@dataclass(frozen=True, kw_only=True)
class CountedPromotion:
    """A promotion that was applied and whose uses are limited, with the coupon typed for it."""

    promotion_id: str
    code: str | None


@dataclass(frozen=True, kw_only=True)
class PricedCart:
    """A cart with everything that makes up its total, in minor units of `currency`.

    `total` is the sum of the totals of the lines and charges. `goods_total` is what the goods cost
    after discounts, before shipping: what a customer saw in the cart. `refused_coupons` says of
    each typed code that does not count now why not.
    """

    lines: Sequence[PricedLine]
    charges: Sequence[PricedCharge]
    adjustments: Sequence[Adjustment]
    subtotal: int
    prices_include_tax: bool
    tax_total: int
    total: int
    currency: str
    shipping: ShippingQuote | None = None
    promotions: Sequence[CountedPromotion] = ()
    refused_coupons: Mapping[str, str] | None = None

    @property
    def item_count(self) -> int:
        """Pieces, not lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def goods_total(self) -> int:
        return self.subtotal - sum(line.discount for line in self.lines)

    @property
    def contents(self) -> CartContents:
        return contents(self.lines, self.currency)


class Pricing:
    """Prices carts, in the shop's currency."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.currency = platform.settings.currency

    def price(self, lines: Sequence[PricedLine], context: PricingContext) -> PricedCart:
        """`lines` with their total; asks the plugins that implement commerce_adjust_cart."""
        before = contents(lines, self.currency)
        asked = self._asked(before, context.identity) if lines else ()
        adjustments = apply(before.subtotal, asked)
        priced = _discounted(lines, adjustments)
        charges = [
            PricedCharge(code=a.code, label=a.label, amount=a.amount, total=a.amount)
            for a in adjustments
            if a.amount > 0
        ]
        return PricedCart(
            lines=priced,
            charges=charges,
            adjustments=adjustments,
            subtotal=before.subtotal,
            prices_include_tax=True,
            tax_total=0,
            total=sum(line.total for line in priced) + sum(charge.total for charge in charges),
            currency=self.currency,
        )

    def _asked(self, cart: CartContents, identity: Identity) -> Iterable[Adjustment]:
        answers = self._platform.hook.commerce_adjust_cart(cart=cart, identity=identity)
        return (adjustment for answer in answers for adjustment in answer)

    def line(self, item: Row, product: Row, variant: Row) -> PricedLine:
        """A line of a cart, and whether so many of the variant can be ordered now."""
        is_available = (
            product["is_active"]
            and variant["is_active"]
            and product["currency"] == self.currency
            and variant["inventory"] >= item["quantity"]
        )
        return PricedLine(
            item_id=item["id"],
            product=product,
            variant=variant,
            quantity=item["quantity"],
            is_available=is_available,
        )


def _discounted(lines: Sequence[PricedLine], adjustments: Iterable[Adjustment]) -> list[PricedLine]:
    """The lines with their shares of the discounts; no unit is lost or made."""
    left = [line.line_total for line in lines]
    for adjustment in adjustments:
        if adjustment.amount < 0:
            for number, share in enumerate(money.split(-adjustment.amount, left)):
                left[number] -= share
    return [
        replace(line, discount=line.line_total - rest, total=rest)
        for line, rest in zip(lines, left, strict=True)
    ]


def apply(subtotal: int, adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """The adjustments in their order, the discounts cut so that the goods never cost below zero."""
    applied = []
    running = subtotal
    for adjustment in sorted(adjustments, key=lambda a: (a.order, a.code)):
        amount = max(adjustment.amount, -running)
        running += min(amount, 0)
        if amount:
            applied.append(msgspec.structs.replace(adjustment, amount=amount))
    return applied


def contents(lines: Sequence[PricedLine], currency: str) -> CartContents:
    """The cart as other plugins see it, before adjustments."""
    return CartContents(
        lines=tuple(
            CartLine(
                product_id=line.product["_id"],
                variant_id=line.variant["id"],
                category_id=line.product.get("category_id"),
                name=full_name(line.product, line.variant),
                quantity=line.quantity,
                price=line.price,
                line_total=line.line_total,
                weight=line.variant.get("weight") or 0,
            )
            for line in lines
        ),
        subtotal=sum(line.line_total for line in lines),
        currency=currency,
    )
