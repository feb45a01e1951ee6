"""Ordering once more: what of an old order can still be bought goes into the cart."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from wrencos_commerce.errors import CartFull
from wrencos_commerce.models.order import Order
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.variants import find_variant
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Money, NotFound, Platform, transactional

Row = Mapping[str, Any]


class Missing(StrEnum):
    """Why fewer pieces of a line went into the cart than had been ordered."""

    GONE = "gone"
    NOT_FOR_SALE = "not_for_sale"
    OUT_OF_STOCK = "out_of_stock"
    TOO_MANY = "too_many"
    CART_FULL = "cart_full"


class ReorderedLine(NamedTuple):
    """A line of the old order: how many pieces were put into the cart, and what one costs now.

    `price_now` is None for what does not exist any more.
    """

    line: Row
    added: int
    price_then: Money
    price_now: Money | None
    missing: Missing | None


class Reordering:
    """Fills carts from orders."""

    def __init__(
        self, platform: Platform, carts: Carts, products: ProductQueries, stock: Stock
    ) -> None:
        self._settings = platform.settings_for(CommerceSettings)
        self._currency = platform.settings.currency
        self._carts = carts
        self._products = products
        self._stock = stock

    @transactional
    def reorder(self, holder: CartHolder, order_id: str) -> list[ReorderedLine]:
        """Put what can still be bought of the caller's own order into their cart.

        What is in the cart already counts towards the stock and the limit. Raises NotFound, also
        for another's order.
        """
        order = Order.raw().find_one({"_id": order_id, "user_id": holder.identity.user_id})
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        products = self._products.by_ids([line["product_id"] for line in order["lines"]])
        cart = self._carts.current(holder)
        held = {item["variant_id"]: item["quantity"] for item in cart["items"]} if cart else {}
        done = []
        for line in order["lines"]:
            then, product = (
                Money(line["price"], order["currency"]),
                products.get(line["product_id"]),
            )
            variant = find_variant(product, line["variant_id"]) if product else None
            if product is None or variant is None:
                done.append(ReorderedLine(line, 0, then, None, Missing.GONE))
                continue
            added, missing = self._added(holder, line, product, variant, held)
            now = Money(variant["price"], product["currency"])
            done.append(ReorderedLine(line, added, then, now, missing))
        return done

    def _added(
        self, holder: CartHolder, line: Row, product: Row, variant: Row, held: Mapping[str, int]
    ) -> tuple[int, Missing | None]:
        fits, missing = self._fitting(line, product, variant, held.get(variant["id"], 0))
        if fits:
            try:
                self._carts.add(holder, product["_id"], fits, variant["id"])
            except CartFull:
                return 0, Missing.CART_FULL
        return fits, missing

    def _fitting(
        self, line: Row, product: Row, variant: Row, held: int
    ) -> tuple[int, Missing | None]:
        """How many pieces can be put beside those in the cart, and why not all."""
        for_sale = product["is_active"] and variant["is_active"]
        if not for_sale or product["currency"] != self._currency:
            return 0, Missing.NOT_FOR_SALE
        wanted = int(line["quantity"])
        room = self._settings.max_quantity - held
        available = self._stock.available(variant) - held
        fits = max(0, min(wanted, room, available))
        if fits == wanted:
            return fits, None
        return fits, Missing.OUT_OF_STOCK if available <= room else Missing.TOO_MANY
