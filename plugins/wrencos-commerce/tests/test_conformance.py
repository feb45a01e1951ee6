"""Commerce keeps the rules that every plugin must."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from wrencos_commerce import plugin as commerce
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import ANY, SORTS, Product
from wrencos_commerce.models.review import SORTS as REVIEW_SORTS, Review, ReviewState
from wrencos_commerce.services.order_queries import NEWEST
from wrencos_core.testing.conformance import PluginConformance


class TestConformance(PluginConformance):
    plugin = commerce
    bounded_otherwise: ClassVar = {
        "GET /api/categories": "A shop's menu shows the whole tree, and only staff add to it.",
        "GET /api/cart": "A cart has at most 100 different products.",
        "GET /api/cart/shipping-methods": "A shop has at most 50 shipping methods.",
        "GET /api/payment-methods": "They are the few that the program knows.",
        "GET /api/skin-quiz": "Its questions are a file of this package.",
        "GET /api/products/suggest": "At most five of each kind are suggested.",
    }

    def hot_queries(self) -> Iterable[Any]:
        for_sale = {"is_active": True, "facets": {"$all": [ANY]}}
        shown = {"product_id": "prod_1", "state": ReviewState.PUBLISHED.value, "facets": ANY}
        return [
            *(Product.raw().find(for_sale).sort(sort) for sort in SORTS.values()),
            Product.raw().find({"slug": "kem-chong-nang"}),
            *(Review.raw().find(shown).sort(sort) for sort in REVIEW_SORTS.values()),
            Cart.raw().find({"user_id": "user_1"}),
            Order.raw().find({"user_id": "user_1"}).sort(NEWEST),
        ]
