"""What a cart costs: present prices, then the discounts and fees that plugins add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from wrencos_commerce.services.variants import full_name
from wrencos_core.api import Identity, Platform
from wrencos_core.contracts.commerce import Adjustment, CartContents, CartLine

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PricedLine:
    """So many of a variant at its present price (minor units)."""

    item_id: str
    product: Row
    variant: Row
    quantity: int
    is_available: bool

    @property
    def price(self) -> int:
        return int(self.variant["price"])

    @property
    def total(self) -> int:
        return self.price * self.quantity


@dataclass(frozen=True)
class PricedCart:
    """A cart with everything that makes up its total, in minor units of `currency`."""

    lines: Sequence[PricedLine]
    adjustments: Sequence[Adjustment]
    subtotal: int
    total: int
    currency: str

    @property
    def item_count(self) -> int:
        """Pieces, not lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def contents(self) -> CartContents:
        return contents(self.lines, self.currency)


class Pricing:
    """Prices carts, in the shop's currency."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.currency = platform.settings.currency

    def price(self, lines: Sequence[PricedLine], identity: Identity) -> PricedCart:
        """`lines` with their total; asks the plugins that implement commerce_adjust_cart."""
        before = contents(lines, self.currency)
        adjustments = apply(before.subtotal, self._asked(before, identity) if lines else ())
        total = before.subtotal + sum(adjustment.amount for adjustment in adjustments)
        return PricedCart(lines, adjustments, before.subtotal, total, self.currency)

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
        return PricedLine(item["id"], product, variant, item["quantity"], is_available)


def apply(subtotal: int, adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """The adjustments in their order, each cut so that the running total stays at zero or above."""
    applied = []
    running = subtotal
    for adjustment in sorted(adjustments, key=lambda a: (a.order, a.code)):
        amount = max(adjustment.amount, -running)
        running += amount
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
                line_total=line.total,
            )
            for line in lines
        ),
        subtotal=sum(line.total for line in lines),
        currency=currency,
    )
