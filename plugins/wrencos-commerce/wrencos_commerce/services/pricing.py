"""What a cart costs: present prices, discounts, fees, shipping and taxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wrencos_commerce.services.priced import (
    SHIPPING,
    CountedPromotion,
    PricedCart,
    PricedCharge,
    PricedLine,
    PricingContext,
    ShippingQuote,
    contents,
)
from wrencos_commerce.services.taxes import Rates, Taxes
from wrencos_commerce.services.totals import Terms, add_up
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Identity, Platform
from wrencos_core.contracts.commerce import Adjustment, CartContents

Row = Mapping[str, Any]

__all__ = [
    "SHIPPING",
    "CountedPromotion",
    "PricedCart",
    "PricedCharge",
    "PricedLine",
    "Pricing",
    "PricingContext",
    "ShippingQuote",
    "contents",
]


class Pricing:
    """Prices carts, in the shop's currency."""

    def __init__(self, platform: Platform, taxes: Taxes) -> None:
        self._platform = platform
        self._taxes = taxes
        self._settings = platform.settings_for(CommerceSettings)
        self.currency = platform.settings.currency

    def price(self, lines: Sequence[PricedLine], context: PricingContext) -> PricedCart:
        """`lines` with everything that makes up their total.

        Asks the plugins that implement commerce_adjust_cart.
        """
        before = contents(lines, self.currency, context)
        asked = self._asked(before, context.identity) if lines else ()
        terms = Terms(
            currency=self.currency,
            rates=self._rates(lines, context),
            prices_include_tax=self._settings.prices_include_tax,
        )
        return add_up(lines, asked, terms)

    def _asked(self, cart: CartContents, identity: Identity) -> Iterable[Adjustment]:
        answers = self._platform.hook.commerce_adjust_cart(
            cart=cart, identity=identity, platform=self._platform
        )
        return (adjustment for answer in answers for adjustment in answer)

    def _rates(self, lines: Sequence[PricedLine], context: PricingContext) -> Rates:
        """Of where it goes, or of the shop's own country while that is not known."""
        if not lines:
            return Rates()
        return self._taxes.rates_for(
            context.country or self._settings.country,
            context.regions,
            (line.product.get("category_id") for line in lines),
        )

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
