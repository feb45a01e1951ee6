"""What a customer chooses for a cart besides its items: where it goes, how, and coupons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wrencos_commerce.errors import CouponRefused
from wrencos_commerce.models.cart import MAX_COUPONS
from wrencos_commerce.services.cart_context import shown_context
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.priced import PricedCart
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.promotions.coupons import typed_code
from wrencos_commerce.services.shown_prices import not_deliverable
from wrencos_core.api import Invalid, NotFound, transactional

Row = Mapping[str, Any]


class CartChoices:
    """Changes carts, and tells what there is to choose."""

    def __init__(self, carts: Carts, pricing: Pricing) -> None:
        self._carts = carts
        self._pricing = pricing

    @transactional
    def set_shipping(
        self, holder: CartHolder, country: str, region: str | None, method_id: str | None
    ) -> None:
        """Say where the cart would go, and by which method; without one by the cheapest.

        Raises CartEmpty, or NotDeliverable when the method does not take it there.
        """
        told = {"country": country, "region": region, "method_id": method_id}
        shipping = {name: value for name, value in told.items() if value is not None}
        self._carts.change(holder, lambda cart: {"shipping": shipping})
        if method_id is not None:
            priced = self._priced(holder, {})
            if not priced.is_deliverable:
                raise not_deliverable(priced)

    @transactional
    def add_coupon(self, holder: CartHolder, code: str) -> None:
        """Let the code count for the cart, which keeps it until it is taken away or ordered.

        Raises CartEmpty, or CouponRefused with the `reason` when it does not count now.
        """
        wanted = typed_code(code)

        def fields(cart: Row) -> Row:
            codes = list(dict.fromkeys([*cart.get("coupons", ()), wanted]))
            if len(codes) > MAX_COUPONS:
                raise Invalid(errors={"code": [f"At most {MAX_COUPONS} coupons."]})
            return {"coupons": codes}

        self._carts.change(holder, fields)
        refused = self._priced(holder, {}).refused_coupons or {}
        if wanted in refused:
            told = [{"code": wanted, "reason": refused[wanted]}]
            raise CouponRefused(f"{wanted} does not count: {refused[wanted]}.", coupons=told)

    @transactional
    def remove_coupon(self, holder: CartHolder, code: str) -> None:
        """Take the code out of the cart; raises NotFound, or CartEmpty."""
        wanted = typed_code(code)

        def fields(cart: Row) -> Row:
            codes = list(cart.get("coupons", ()))
            if wanted not in codes:
                raise NotFound("There is no such coupon in your cart.")
            return {"coupons": [code for code in codes if code != wanted]}

        self._carts.change(holder, fields)

    def quotes(self, holder: CartHolder, country: str | None, region: str | None) -> PricedCart:
        """The cart priced for this place (for the one in the cart, when none is told): its
        `shipping_quotes` are what each method would cost."""
        place = {} if country is None else {"country": country, "region": region}
        return self._priced(holder, place)

    def _priced(self, holder: CartHolder, place: Mapping[str, Any]) -> PricedCart:
        cart = self._carts.current(holder)
        context = replace(shown_context(cart, holder.identity), **place)
        return self._pricing.price(self._carts.lines_of(cart), context)
