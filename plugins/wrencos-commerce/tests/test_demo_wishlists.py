"""The demo's lists: filled once, and plausible."""

from __future__ import annotations

from typing import Any

from wrencos_commerce.demo import wishlists
from wrencos_commerce.models.recent_view import RecentViews
from wrencos_commerce.models.stock_request import StockRequest
from wrencos_commerce.models.wishlist import Wishlist
from wrencos_core.api import DemoContext, Platform


def test_the_demo_fills_lists_once(platform: Platform, make_product: Any) -> None:
    for number in range(6):
        make_product(name=f"Demo {number}", inventory=number)
    context = DemoContext(platform, 6, lambda name, done, total: None)
    wishlists.fill(context)
    counts = [model.raw().count_documents({}) for model in (Wishlist, RecentViews, StockRequest)]
    assert counts[0] == counts[1] > 50
    assert counts[2] == 5
    assert all(len(row["items"]) == 3 for row in Wishlist.raw().find({}))
    wishlists.fill(context)
    assert counts == [
        model.raw().count_documents({}) for model in (Wishlist, RecentViews, StockRequest)
    ]
