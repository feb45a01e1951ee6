"""What a cart costs: present prices, discounts, fees, shipping and taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from wrencos_commerce.services.priced import (
    CountedPromotion,
    PricedCart,
    PricedLine,
    PricingContext,
    contents,
)
from wrencos_commerce.services.promotions.adjusting import PromotionDiscount, why_refused
from wrencos_commerce.services.promotions.coupons import typed_code
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.services.shipping.quotes import chosen
from wrencos_commerce.services.taxes import Rates, Taxes
from wrencos_commerce.services.totals import Terms, add_up, quotes_of
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Identity, Platform
from wrencos_core.contracts.commerce import Adjustment, CartContents

Row = Mapping[str, Any]


class Pricing:
    """Prices carts, in the shop's currency."""

    def __init__(self, platform: Platform, taxes: Taxes, shipping: ShippingMethods) -> None:
        self._platform = platform
        self._taxes = taxes
        self._shipping = shipping
        self._settings = platform.settings_for(CommerceSettings)
        self.currency = platform.settings.currency

    def price(
        self,
        lines: Sequence[PricedLine],
        context: PricingContext,
        by_hand: Sequence[Adjustment] = (),
    ) -> PricedCart:
        """`lines` with everything that makes up their total.

        Asks the plugins that implement commerce_adjust_cart; `by_hand` are the staff's own. Codes
        may be typed in small letters.
        """
        codes = dict.fromkeys(typed_code(code) for code in context.coupons)
        context = replace(context, coupons=tuple(codes))
        terms = self._terms(lines, context)
        if not lines:
            return add_up(lines, (), terms)
        cart = self._contents(lines, context, terms)
        asked = self._asked(cart, context.identity)
        priced = add_up(lines, [*asked, *by_hand], terms)
        claimed = {adjustment.coupon for adjustment in asked}
        if refused := [code for code in context.coupons if code not in claimed]:
            reasons = why_refused(refused, cart, context.identity, self._platform)
            priced = replace(priced, refused_coupons=reasons)
        used = [
            CountedPromotion(
                promotion_id=taken.promotion_id, code=taken.coupon, limits=taken.limits
            )
            for taken in priced.adjustments
            if isinstance(taken, PromotionDiscount)
        ]
        return replace(priced, promotions=used, contents=cart)

    def _terms(self, lines: Sequence[PricedLine], context: PricingContext) -> Terms:
        """What the shop asks where the goods go, or at home while that is not known."""
        return Terms(
            currency=self.currency,
            rates=self._rates(lines, context),
            prices_include_tax=self._settings.prices_include_tax,
            methods=self._shipping.offered() if lines and context.country else (),
            country=context.country,
            regions=context.regions,
            method_id=context.shipping_method_id,
        )

    def _contents(
        self, lines: Sequence[PricedLine], context: PricingContext, terms: Terms
    ) -> CartContents:
        """What plugins are asked about; shipping as it would cost before discounts."""
        subtotal = sum(line.line_total for line in lines)
        quote = chosen(quotes_of(lines, subtotal, terms), terms.method_id)
        return contents(lines, self.currency, context, quote.amount if quote else None)

    def _asked(self, cart: CartContents, identity: Identity) -> list[Adjustment]:
        answers = self._platform.hook.commerce_adjust_cart(
            cart=cart, identity=identity, platform=self._platform
        )
        return [adjustment for answer in answers for adjustment in answer]

    def _rates(self, lines: Sequence[PricedLine], context: PricingContext) -> Rates:
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
