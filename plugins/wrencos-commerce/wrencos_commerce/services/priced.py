"""A cart with its price: what goes in, and every part of what comes out. In minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.models.promotion import UseLimit
from wrencos_commerce.services.variants import full_name
from wrencos_core.api import Identity
from wrencos_core.contracts.commerce import Adjustment, CartContents, CartLine

Row = Mapping[str, Any]

SHIPPING = "shipping"


@dataclass(frozen=True, kw_only=True)
class PricingContext:
    """What a price depends on besides the lines; where it goes is None until that is known.

    `region` is a state or, where addresses have none, a city; with both, `city` is the city.
    """

    identity: Identity
    coupons: Sequence[str] = ()
    country: str | None = None
    region: str | None = None
    city: str | None = None
    shipping_method_id: str | None = None

    @property
    def regions(self) -> Sequence[str]:
        """What taxes and shipping may go by within the country, the smallest last."""
        return tuple(filter(None, (self.region, self.city)))


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
    """A promotion that took something off, with the coupon typed for it, and what limits its
    uses."""

    promotion_id: str
    code: str | None
    limits: Sequence[UseLimit] = ()


@dataclass(frozen=True, kw_only=True)
class PricedCart:
    """A cart with everything that makes up its total, in minor units of `currency`.

    `total` is the sum of the totals of the lines and charges. `goods_total` is what the goods cost
    after discounts, before shipping: what a customer saw in the cart. `shipping` is the chosen one
    of `shipping_quotes`; both are empty in a shop without shipping methods and until it is known
    where it goes, and `is_deliverable` is False when no chosen method goes there. `refused_coupons`
    says of each typed code that does not count now why not.
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
    shipping_quotes: Sequence[ShippingQuote] = ()
    is_deliverable: bool = True
    promotions: Sequence[CountedPromotion] = ()
    refused_coupons: Mapping[str, str] | None = None
    # What plugins were asked about; None for an empty cart, of which nobody is asked.
    contents: CartContents | None = None

    @property
    def item_count(self) -> int:
        """Pieces, not lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def goods_total(self) -> int:
        return self.subtotal - sum(line.discount for line in self.lines)


def contents(
    lines: Sequence[PricedLine],
    currency: str,
    context: PricingContext | None = None,
    shipping: int | None = None,
) -> CartContents:
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
        coupons=tuple(context.coupons) if context else (),
        country=context.country if context else None,
        region=(context.region or context.city) if context else None,
        shipping=shipping,
    )
