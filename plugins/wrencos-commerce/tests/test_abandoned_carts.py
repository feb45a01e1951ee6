"""Carts left alone: told once for each state, never of an ordered one, and listed for staff."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.abandoned_carts import FIND_ABANDONED, AbandonedCarts
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.products import Products
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    SYSTEM,
    Identity,
    Platform,
    Role,
    Subscriber,
    bump,
    database,
    new_id,
    new_row,
    now,
    transaction,
)
from wrencos_core.contracts.commerce import CartAbandoned
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
EVENT = "commerce.cart_abandoned"
WAIT = timedelta(hours=4)


class Shopper:
    """A customer whose cart is changed without the API, whose tokens would be over by then."""

    def __init__(self, platform: Platform) -> None:
        self._carts = platform.services.require(Carts)
        self.user_id = new_id("user")
        self.holder = CartHolder(Identity(user_id=self.user_id, role=Role.CUSTOMER))

    def add(self, product_id: str, quantity: int = 1) -> str:
        return self._carts.add(self.holder, product_id, quantity).cart_id

    def take(self) -> None:
        transaction(lambda: self._carts.take(self.holder))

    def version(self) -> int:
        return int(Cart.raw().find_one({"user_id": self.user_id})["version"])


@pytest.fixture
def shopper(platform: Platform) -> Shopper:
    return Shopper(platform)


@pytest.fixture
def tell(platform: Platform) -> Callable[[], int]:
    return platform.services.require(AbandonedCarts).tell


def test_a_cart_is_told_of_once(
    clock: Any,
    platform: Platform,
    shopper: Shopper,
    make_product: MakeProduct,
    outbox_events: Any,
    run_jobs: Any,
    variant_of: Callable[[str], str],
) -> None:
    serum = make_product()
    cart = shopper.add(serum, 2)
    clock.advance(WAIT - timedelta(seconds=1))
    platform.jobs.enqueue(FIND_ABANDONED)
    run_jobs()
    assert outbox_events(EVENT) == []
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        platform.jobs.enqueue(FIND_ABANDONED)
        run_jobs()
    (event,) = outbox_events(EVENT)
    assert event["_id"] == f"{cart}:{shopper.version()}:abandoned"
    payload = event["payload"]
    assert (payload["cart_id"], payload["user_id"]) == (cart, shopper.user_id)
    assert (payload["subtotal"], payload["currency"]) == (5998, "USD")
    (line,) = payload["lines"]
    assert (line["product_id"], line["variant_id"]) == (serum, variant_of(serum))
    assert (line["name"], line["quantity"], line["price"], line["line_total"]) == (
        "Hydrating Essence Serum",
        2,
        2999,
        5998,
    )


def test_a_changed_cart_is_another_state(
    clock: Any,
    shopper: Shopper,
    make_product: MakeProduct,
    outbox_events: Any,
    tell: Callable[[], int],
) -> None:
    serum, balm = make_product(), make_product(name="Balm", price=Decimal("5"))
    shopper.add(serum)
    clock.advance(WAIT)
    assert tell() == 1
    clock.advance(timedelta(hours=1))
    shopper.add(balm)
    assert tell() == 0
    clock.advance(WAIT)
    assert tell() == 1
    first, second = outbox_events(EVENT)
    assert (first["payload"]["subtotal"], second["payload"]["subtotal"]) == (2999, 3499)


def test_telling_is_no_change_of_the_cart(
    clock: Any, shopper: Shopper, make_product: MakeProduct, tell: Callable[[], int]
) -> None:
    shopper.add(make_product())
    before = Cart.raw().find_one({"user_id": shopper.user_id})
    clock.advance(WAIT)
    tell()
    after = Cart.raw().find_one({"user_id": shopper.user_id})
    assert (after["version"], after["updated_at"]) == (before["version"], before["updated_at"])


def test_an_ordered_cart_is_not_abandoned(
    clock: Any, shopper: Shopper, make_product: MakeProduct, tell: Callable[[], int]
) -> None:
    shopper.add(make_product())
    clock.advance(timedelta(hours=1))
    shopper.take()
    clock.advance(2 * WAIT)
    assert tell() == 0


def test_who_is_told_of(
    clock: Any,
    platform: Platform,
    client: FlaskClient,
    shopper: Shopper,
    make_product: MakeProduct,
    tell: Callable[[], int],
) -> None:
    gone = make_product()
    client.post("/api/cart/items", json={"productId": make_product()})
    shopper.add(gone)
    Product.raw().delete_one({"_id": gone})
    late = Shopper(platform)
    late.add(make_product())
    Cart.raw().update_one(
        {"user_id": late.user_id}, {"$set": {"updated_at": now() - timedelta(days=2)}}
    )
    clock.advance(WAIT)
    # A guest's, one whose products are gone, one that was left alone long ago.
    assert tell() == 0
    assert tell() == 0


def test_a_shop_may_not_want_to_know(
    clock: Any, make_platform: Any, make_app: Any, outbox_events: Any
) -> None:
    platform = make_platform(settings={CommerceSettings: {"abandoned_cart_hours": 0}})
    make_app(platform)
    values = {"name": "Serum", "price": Decimal("29.99"), "inventory": 10}
    Shopper(platform).add(platform.services.require(Products).create(values, SYSTEM))
    clock.advance(timedelta(days=1))
    assert platform.services.require(AbandonedCarts).tell() == 0
    _, total = platform.services.require(AbandonedCarts).page(0, 20)
    assert total == 1
    assert outbox_events(EVENT) == []


def test_many_are_told_of_and_by_several_workers_once(
    clock: Any,
    platform: Platform,
    make_product: MakeProduct,
    outbox_events: Any,
    tell: Callable[[], int],
) -> None:
    serum = make_product()
    for _ in range(30):
        Shopper(platform).add(serum)
    clock.advance(WAIT)
    counts = run_in_threads(4, lambda _: tell())
    assert sum(int(count) for count in counts if not isinstance(count, Exception)) == 30
    assert len({event["_id"] for event in outbox_events(EVENT)}) == 30


def test_the_event_describes_the_state_that_it_names(
    clock: Any,
    platform: Platform,
    make_product: MakeProduct,
    outbox_events: Any,
    tell: Callable[[], int],
) -> None:
    serum, balm = make_product(inventory=99), make_product(name="Balm", price=Decimal("5"))
    shoppers = [Shopper(platform) for _ in range(12)]
    versions = {}
    for one in shoppers:
        cart = one.add(serum)
        versions[cart] = one.version()
    clock.advance(WAIT)

    def work(number: int) -> None:
        if number == 0:
            tell()
        else:
            shoppers[number].add(balm)

    outcomes = run_in_threads(len(shoppers), work)
    # Who changes the cart may be asked to do it again, as by anyone else's change.
    assert [o for o in outcomes if o is not None and type(o).__name__ != "StaleVersion"] == []
    for event in outbox_events(EVENT):
        payload = event["payload"]
        version = int(event["_id"].split(":")[1])
        assert version == versions[payload["cart_id"]]
        assert [line["product_id"] for line in payload["lines"]] == [serum]


def test_a_plugin_may_react(
    clock: Any,
    platform: Platform,
    shopper: Shopper,
    make_product: MakeProduct,
    run_jobs: Any,
    tell: Callable[[], int],
) -> None:
    heard: list[CartAbandoned] = []
    subscriber = Subscriber(CartAbandoned, "commerce.hear_of_carts", heard.append)
    platform.outbox.subscribe([subscriber])
    shopper.add(make_product())
    clock.advance(WAIT)
    tell()
    run_jobs()
    (event,) = heard
    assert (event.user_id, event.subtotal) == (shopper.user_id, 2999)


def test_staff_list_abandoned_carts(
    clock: Any,
    platform: Platform,
    login: Any,
    client: FlaskClient,
    shopper: Shopper,
    make_product: MakeProduct,
) -> None:
    serum = make_product()
    cart = shopper.add(serum, 3)
    clock.advance(timedelta(hours=2))
    later = Shopper(platform)
    later.add(serum)
    clock.advance(timedelta(hours=4, minutes=30))
    staff = login("staff")
    body = staff.get("/api/carts/abandoned").get_json()
    assert [one["userId"] for one in body["carts"]] == [later.user_id, shopper.user_id]
    assert body["carts"][1] == {
        "cartId": cart,
        "userId": shopper.user_id,
        "itemCount": 3,
        "value": 89.97,
        "currency": "USD",
        "changedAt": "2026-03-02T03:04:05Z",
        "ageHours": 6,
    }
    body = staff.get("/api/carts/abandoned?limit=1&page=2").get_json()
    assert (body["totalCount"], body["totalPages"], len(body["carts"])) == (2, 2, 1)
    shopper.add(serum)
    assert staff.get("/api/carts/abandoned").get_json()["totalCount"] == 1
    assert login().get("/api/carts/abandoned").status_code == 403
    assert client.get("/api/carts/abandoned").status_code == 401
    assert staff.get("/api/carts/abandoned?limit=0").status_code == 422


def test_what_looks_for_carts_uses_an_index(
    clock: Any,
    login: Any,
    shopper: Shopper,
    make_product: MakeProduct,
    tell: Callable[[], int],
    commands_of: Callable[[Callable[[], Any]], list[Mapping[str, Any]]],
    plans_of: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
) -> None:
    others = [new_row(new_id("cart"), items=[], user_id=new_id("user")) for _ in range(50)]
    database()["commerce_carts"].insert_many(others)
    shopper.add(make_product())
    clock.advance(WAIT)
    sent = commands_of(tell)
    found = [c for c in sent if c.get("find") == "commerce_carts"]
    staff: Caller = login("staff")
    sent = commands_of(lambda: staff.get("/api/carts/abandoned"))
    listed = [c for c in sent if c.get("aggregate") == "commerce_carts"]
    assert (len(found), len(listed)) == (2, 1)
    for command in [*found, *listed]:
        for plan in plans_of(command):
            assert not {"COLLSCAN", "SORT"} & set(plan["stages"])
            # Empty carts are not even in the index.
            assert plan["keys"] <= 1
    Cart.raw().update_one({"user_id": shopper.user_id}, bump({"$set": {"items": []}}))
    assert tell() == 0
