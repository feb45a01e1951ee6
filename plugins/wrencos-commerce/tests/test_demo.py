"""The demo's data is made by the services, so that it ties out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from wrencos_commerce.demo.steps import STEPS
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.order_return import OrderReturn
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.payment_review import PaymentReview
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_core.api import Platform, now
from wrencos_core.demo import fill
from wrencos_core.outbox import Delivery


def start(platform: Platform, products: int) -> set[str]:
    """Fill the shop and return the labels of the progress that was shown."""
    labels: set[str] = set()
    fill(platform, STEPS, products, lambda label, done, total: labels.add(label))
    return labels


def test_a_year_ties_out(make_platform: Callable[..., Platform]) -> None:
    platform = make_platform(currency="VND", environment="demo")
    assert "A year of orders, steps" in start(platform, 20)
    orders = list(Order.raw().find().sort("created_at", 1))
    assert 150 < len(orders) <= 180
    for order in orders:
        parts = [*order["lines"], *order["charges"]]
        assert order["total_price"] == sum(part["total"] for part in parts)
        assert order["tax_total"] == sum(part["tax"] for part in parts)
        times = [entry["at"] for entry in order["history"]]
        assert times == sorted(times)
        assert times[0] == order["created_at"]
        assert times[-1] <= now()
    statuses = Counter(order["status"] for order in orders)
    assert statuses["delivered"] > len(orders) / 2
    assert statuses["cancelled"]
    assert Delivery.raw().count_documents({"state": "pending"}) == 0
    assert set(Delivery.raw().distinct("state")) == {"done"}
    _check_books(platform)


def _check_books(platform: Platform) -> None:
    """Its stock and its money tie out."""
    assert list(platform.services.require(StockAudit).differences()) == []
    orders = {row["_id"]: row for row in Order.raw().find()}
    received: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    for payment in Payment.raw().find():
        received[payment["order_id"]] += payment["received"]
        refunded[payment["order_id"]] += payment["refunded"]
        assert payment["refunded"] == payment["refund_reserved"] <= payment["received"]
    for id, order in orders.items():
        assert (received[id], refunded[id]) == (order["paid"], order["refunded"])
        if order["status"] == "cancelled":
            assert order["paid"] == order["refunded"]
        if order["status"] == "delivered":
            assert order["paid"] == order["total_price"]
    methods = {order["payment_method"] for order in orders.values()}
    assert methods == {"cod", "demo", "bank_transfer", "cash", "exchange"}
    assert {order["channel"] for order in orders.values()} == {"web", "counter"}
    assert any(order.get("exchange_for") for order in orders.values())
    reasons = {order.get("cancel_reason") for order in orders.values()} - {None}
    assert {"customer", "not_paid"} <= reasons
    assert PaymentReview.raw().count_documents({}) == 0
    assert any(order["adjustments"] for order in orders.values())
    assert {row["state"] for row in OrderReturn.raw().find()} <= {"closed", "rejected"}
    assert not Refund.raw().find_one({"state": {"$ne": "succeeded"}})


def test_the_second_start_does_nothing(make_platform: Callable[..., Platform]) -> None:
    platform = make_platform(currency="VND", environment="demo")
    start(platform, 3)
    before = list(Order.raw().find()), list(Product.raw().find())
    start(platform, 3)
    start(platform, 5)
    assert (list(Order.raw().find()), list(Product.raw().find())) == before


def test_more_products_are_further_sizes_and_each_has_a_picture(
    make_platform: Callable[..., Platform],
) -> None:
    from wrencos_commerce.demo.catalogue import fill_catalogue
    from wrencos_core.api import DemoContext

    platform = make_platform(currency="USD")
    fill_catalogue(DemoContext(platform, 250, lambda label, done, total: None))
    rows = list(Product.raw().find())
    assert len(rows) == 250
    assert sum("(size 2)" in row["name"] for row in rows) == 10
    for row in rows:
        file = platform.settings.data_dir / "files" / row["image_url"].removeprefix("/media/")
        assert file.read_bytes().startswith(b"<svg")
        assert row["currency"] == "USD"
        assert 100 <= row["price"] < 20_000
