"""The demo's reviews are made by the services, so that they tie out."""

from __future__ import annotations

from collections.abc import Callable

from wrencos_commerce.demo import reviews
from wrencos_commerce.demo.catalogue import fill_catalogue
from wrencos_commerce.demo.customers import fill_customers
from wrencos_commerce.demo.year import fill_year
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.review import Review
from wrencos_commerce.services import ratings
from wrencos_core.api import DemoContext, Platform
from wrencos_core.outbox import Delivery


def test_the_reviews_of_the_demo(make_platform: Callable[..., Platform]) -> None:
    platform = make_platform(currency="VND")
    context = DemoContext(platform, 6, lambda label, done, total: None)
    reviews.fill(context)
    assert Review.raw().count_documents({}) == 0
    for fill in (fill_customers, fill_catalogue, fill_year, reviews.fill):
        fill(context)
    rows = list(Review.raw().find())
    assert len(rows) > 20
    for row in rows:
        bought = {"user_id": row["user_id"], "lines.product_id": row["product_id"]}
        order = Order.raw().find_one({**bought, "status": "delivered"}, sort=[("delivered_at", 1)])
        assert row["is_verified"] is (order is not None)
        assert row["state"] == ("published" if order else "pending")
        if order:
            assert row["created_at"] > order["delivered_at"]
    assert any(row.get("reply") for row in rows)
    assert any(row["helpful"] for row in rows)
    assert list(ratings.recount()) == []
    assert Delivery.raw().count_documents({"state": "pending"}) == 0
    reviews.fill(context)
    assert Review.raw().count_documents({}) == len(rows)
