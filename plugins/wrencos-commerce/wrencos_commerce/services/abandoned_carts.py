"""Filled carts that their owners left alone: told once for each state, and listed for the staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.services.priced import contents
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.variants import find_variant
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Listing, Platform, now, transactional
from wrencos_core.contracts.commerce import CartAbandoned, CartContents

Row = Mapping[str, Any]

FIND_ABANDONED = "commerce.find_abandoned_carts"
# What is older than so long after its time, as after an outage, nobody wants to hear of any more.
_TOLD_WITHIN = timedelta(days=1)
_AT_ONCE = 500
# Only what has an owner and something in it; both are conditions of the index too.
_FILLED: Row = {"user_id": {"$exists": True}, "items.0": {"$exists": True}}


class AbandonedCart(NamedTuple):
    """A cart with what is in it at present prices."""

    cart: Row
    contents: CartContents


class AbandonedCarts:
    """Finds and lists the carts of users; guests have no address."""

    def __init__(self, platform: Platform, products: ProductQueries, pricing: Pricing) -> None:
        self._outbox = platform.outbox
        self._wait = timedelta(hours=platform.settings_for(CommerceSettings).abandoned_cart_hours)
        self._products = products
        self._pricing = pricing
        self._listing = Listing(Cart.raw)

    def tell(self) -> int:
        """Publish CartAbandoned for each state that was not told yet; how many were."""
        if not self._wait:
            return 0
        due = now() - self._wait
        query = {
            **_FILLED,
            "updated_at": {"$gt": due - _TOLD_WITHIN, "$lte": due},
            # Not by the version alone: who changes a cart need not know of this mark.
            "$expr": {"$ne": ["$told_version", "$version"]},
        }
        count = 0
        while rows := list(Cart.raw().find(query, {"version": 1}).limit(_AT_ONCE)):
            count += sum(self._tell(row) for row in rows)
        return count

    @transactional
    def _tell(self, found: Row) -> bool:
        """Tell of the cart, unless it has changed since it was found."""
        as_found = {"_id": found["_id"], "version": found["version"]}
        # No new version: it is the state that is marked, and the owner has changed nothing.
        mark = {"$set": {"told_version": found["version"]}}
        cart = Cart.raw().find_one_and_update(as_found, mark)
        if cart is None or cart.get("told_version") == found["version"]:
            return False
        (abandoned,) = self._priced([cart])
        if not abandoned.contents.lines:
            return False
        self._outbox.publish(
            CartAbandoned(
                id=f"{cart['_id']}:{cart['version']}:abandoned",
                occurred_at=now(),
                cart_id=cart["_id"],
                user_id=cart["user_id"],
                lines=abandoned.contents.lines,
                subtotal=abandoned.contents.subtotal,
                currency=abandoned.contents.currency,
            )
        )
        return True

    def page(self, skip: int, limit: int) -> tuple[list[AbandonedCart], int]:
        """Carts left alone for the shop's hours or longer (an hour where it tells of none), those
        first that were changed last, and how many there are in all."""
        due = now() - (self._wait or timedelta(hours=1))
        rows, total = self._listing.page(
            {**_FILLED, "updated_at": {"$lte": due}},
            sort=[("updated_at", -1), ("_id", -1)],
            skip=skip,
            limit=limit,
        )
        return self._priced(rows), total

    def _priced(self, carts: Sequence[Row]) -> list[AbandonedCart]:
        products = self._products.by_ids(
            [item["product_id"] for cart in carts for item in cart["items"]]
        )
        return [AbandonedCart(cart, self._contents(cart, products)) for cart in carts]

    def _contents(self, cart: Row, products: Mapping[str, Row]) -> CartContents:
        lines = []
        for item in cart["items"]:
            product = products.get(item["product_id"])
            variant = find_variant(product, item["variant_id"]) if product else None
            if product and variant:
                lines.append(self._pricing.line(item, product, variant))
        return contents(lines, self._pricing.currency)
