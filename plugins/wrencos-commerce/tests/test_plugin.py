"""What commerce offers to the core and to other plugins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

from wrencos_commerce import plugin
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment_review import ReviewReason
from wrencos_commerce.permissions import READ_ORDERS
from wrencos_commerce.services import finding
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_core.api import (
    ANONYMOUS,
    Identity,
    Platform,
    PluginInfo,
    Role,
    hookimpl,
    now,
    transaction,
)
from wrencos_core.contracts.commerce import ProductCatalog
from wrencos_core.contracts.orders import OrderReader

MakeProduct = Callable[..., str]


@hookimpl
def customers_read_orders(identity: Identity, permission: str) -> bool | None:
    """`check_permission` of a shop that lets customers read orders, and nobody else."""
    return identity.role is Role.CUSTOMER if permission == READ_ORDERS else None


AUDITORS = ModuleType("auditors")
AUDITORS.PLUGIN = PluginInfo(  # type: ignore[attr-defined]
    name="auditors", title="Auditors", description="Who reads.", version="1.0", core=">=0.1,<0.2"
)
AUDITORS.check_permission = customers_read_orders  # type: ignore[attr-defined]


def test_the_search_finds_products_and_orders(
    login: Any,
    make_product: MakeProduct,
    place_order: Callable[..., str],
    run_jobs: Callable[[], int],
) -> None:
    admin = login("admin")
    cream = make_product(name="Kem chống nắng", sku="K-1")
    other = make_product(name="Serum", description="Good under kem chong nang", sku="S-1")
    make_product(name="Kem withdrawn", is_active=False)
    run_jobs()
    hits = admin.get("/api/search?q=kem+nang").get_json()["hits"]
    assert [hit["id"] for hit in hits] == [cream, other]
    assert hits[0]["score"] > hits[1]["score"]
    assert (hits[0]["kind"], hits[0]["title"], hits[0]["subtitle"]) == (
        "product",
        "Kem chống nắng",
        "K-1",
    )
    order = place_order(login(), cream)
    (hit,) = admin.get(f"/api/search?q={order}").get_json()["hits"]
    assert (hit["kind"], hit["subtitle"]) == ("order", "confirmed, 29.99 USD")


def test_orders_are_found_by_those_who_may_read_them(
    make_platform: Any, login: Any, place_order: Callable[..., str]
) -> None:
    order = place_order(login())
    staff = Identity(user_id="user_a", role=Role.STAFF, permissions=frozenset({READ_ORDERS}))
    customer = Identity(user_id="user_b", role=Role.CUSTOMER)

    def found(platform: Platform) -> list[list[str]]:
        return [
            [hit.id for hit in finding.search(platform, identity, order, 5)]
            for identity in (staff, customer, ANONYMOUS)
        ]

    assert found(login.platform) == [[order], [], []]
    row = Order.raw().find_one({"_id": order})
    with_auditors = make_platform({"commerce": plugin, "auditors": AUDITORS})
    Order.raw().insert_one(row)
    assert found(with_auditors) == [[], [order], []]


def test_the_search_of_products_walks_no_index(
    make_product: MakeProduct, platform: Platform, commands_of: Any, plans_of: Any
) -> None:
    for number in range(30):
        make_product(name=f"Cream{number}", sku=f"S-{number}")
    (sent,) = commands_of(lambda: finding.search(platform, ANONYMOUS, "CREAM29", 5))
    (plan,) = plans_of(sent)
    assert plan["keys"] <= 2


def test_the_catalogue_for_other_plugins(
    platform: Platform, make_product: MakeProduct, run_jobs: Callable[[], int]
) -> None:
    catalog = platform.services.require(ProductCatalog)
    cream = make_product(name="Kem chống nắng", price=Decimal("20"), skin_types=["oily"])
    gone = make_product(name="Kem gone", is_active=False)
    run_jobs()
    found = catalog.products([cream, gone, "prod_nothing"])
    assert set(found) == {cream, gone}
    assert (found[cream].price, found[cream].skin_types) == (2000, ("oily",))
    assert found[gone].is_active is False
    assert [product.id for product in catalog.matching("kem", 5)] == [cream]
    assert catalog.matching("?", 5) == []


def test_the_orders_for_other_plugins(
    platform: Platform, login: Any, place_order: Callable[..., str]
) -> None:
    reader = platform.services.require(OrderReader)
    start = now()
    me = login()
    placed = [place_order(me), place_order(me)]
    end = now() + timedelta(milliseconds=1)
    assert [order.id for order in reader.placed_between(start, end)] == placed
    assert list(reader.placed_between(end, end + timedelta(days=1))) == []
    order = reader.order(placed[0])
    assert order is not None
    assert (order.user_id, order.total_price, order.lines[0].line_total) == (
        me.user_id,
        2999,
        2999,
    )
    assert reader.order("order_nothing") is None


def test_the_metrics(
    platform: Platform, login: Any, make_product: MakeProduct, place_order: Callable[..., str]
) -> None:
    make_product(inventory=0)
    place_order(login())
    figures = {
        (metric.name, metric.labels.get("status") or metric.labels.get("state")): metric.value
        for metrics in platform.hook.collect_metrics()
        for metric in metrics
    }
    assert figures["wrencos_commerce_products_active", None] == 2
    assert figures["wrencos_commerce_products_sold_out", None] == 1
    assert figures["wrencos_commerce_orders_open", "confirmed"] == 1
    assert figures["wrencos_commerce_orders_open", "shipped"] == 0
    assert figures["wrencos_commerce_refunds_open", "manual"] == 0
    assert figures["wrencos_commerce_payment_reviews_open", None] == 0
    about = PaymentReviews(platform)
    transaction(
        lambda: about.add(ReviewReason.LATE, "one", "Came after its order.", method="vnpay")
    )
    (open_reviews,) = [
        metric.value
        for metrics in platform.hook.collect_metrics()
        for metric in metrics
        if metric.name == "wrencos_commerce_payment_reviews_open"
    ]
    assert open_reviews == 1
