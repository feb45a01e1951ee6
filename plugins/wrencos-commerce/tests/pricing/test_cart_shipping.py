"""PUT /api/cart/shipping and GET /api/cart/shipping-methods."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.services.taxes import Taxes
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
Add = Callable[..., None]


@pytest.fixture
def methods(platform: Platform) -> dict[str, str]:
    """Post within the US, dearer in Nevada, and Express within California: their ids by name."""
    flat = {"priced_by": "flat", "country": "US", "min_days": 1, "max_days": 2}
    nevada = {**flat, "regions": ["Nevada"], "price": Decimal(9)}
    california = {**flat, "regions": ["California", "CA"], "price": Decimal(15)}
    create = platform.services.require(ShippingMethods).create
    post = {"name": "Post", "rates": [{**flat, "price": Decimal(5)}, nevada]}
    express = {"name": "Express", "rates": [california]}
    return {row["name"]: row["_id"] for row in (create(m, SYSTEM) for m in (post, express))}


def tell(caller: Any, country: str, **fields: Any) -> Any:
    return caller.put("/api/cart/shipping", json={"country": country, **fields})


def test_shipping_is_left_out_until_it_is_known_where_to(
    me: Caller, add: Add, make_product: MakeProduct, methods: dict[str, str]
) -> None:
    add(me, make_product(price=Decimal(20)))
    cart = me.get("/api/cart").get_json()
    assert (cart["shipping"], cart["charges"], cart["total"]) == (None, [], 20)
    cart = tell(me, "US", region="nevada").get_json()["updatedCart"]
    assert cart["shipping"] == {
        "country": "US",
        "region": "nevada",
        "shippingMethodId": methods["Post"],
        "name": "Post",
        "price": 9,
        "minDays": 1,
        "maxDays": 2,
        "deliverable": True,
    }
    assert cart["charges"] == [
        {
            "code": "shipping",
            "label": "Post",
            "amount": 9,
            "discount": 0,
            "taxRate": "0",
            "tax": 0,
            "total": 9,
        }
    ]
    assert (cart["subtotal"], cart["total"]) == (20, 29)


def test_a_method_is_chosen_for_the_cart_and_its_order(
    me: Caller,
    add: Add,
    make_product: MakeProduct,
    methods: dict[str, str],
    purchase: dict[str, Any],
    slug_of: Any,
) -> None:
    add(me, make_product(price=Decimal(20)))
    express = {"shippingMethodId": methods["Express"]}
    refused = tell(me, "US", region="Nevada", **express)
    assert (refused.status_code, slug_of(refused)) == (409, "not-deliverable")
    assert [offer["name"] for offer in refused.get_json()["offered"]] == ["Post"]
    assert me.get("/api/cart").get_json()["shipping"] is None
    chosen = tell(me, "US", region="CA", **express)
    assert chosen.get_json()["updatedCart"]["total"] == 35
    placed = me.post("/api/cart/checkout", json=purchase)
    assert placed.get_json()["totalPrice"] == 35
    order = me.get(f"/api/orders/{placed.get_json()['orderId']}").get_json()["order"]
    assert (order["shippingMethod"], order["charges"][0]["total"]) == ("Express", 15)
    # Elsewhere it does not go, and nothing else is taken in its place.
    add(me, make_product())
    purchase["shippingAddress"] |= {"state": "NV", "city": "Reno"}
    assert slug_of(me.post("/api/cart/checkout", json=purchase)) == "not-deliverable"


def test_where_nothing_goes_the_cart_says_so(
    me: Caller, add: Add, make_product: MakeProduct, methods: dict[str, str]
) -> None:
    add(me, make_product())
    shipping = tell(me, "VN").get_json()["updatedCart"]["shipping"]
    assert (shipping["deliverable"], shipping["name"], shipping["price"]) == (False, None, None)


def test_without_methods_shipping_costs_nothing(
    me: Caller, add: Add, make_product: MakeProduct
) -> None:
    add(me, make_product(price=Decimal(20)))
    cart = tell(me, "VN").get_json()["updatedCart"]
    assert (cart["shipping"]["deliverable"], cart["shipping"]["price"], cart["total"]) == (
        True,
        None,
        20,
    )
    assert me.get("/api/cart/shipping-methods").get_json() == {
        "shippingMethods": [],
        "currency": "USD",
    }


def test_the_ways_to_send_a_cart(
    app: Any, me: Caller, add: Add, make_product: MakeProduct, methods: dict[str, str]
) -> None:
    def names(caller: Any, query: str = "") -> list[Any]:
        body = caller.get(f"/api/cart/shipping-methods{query}").get_json()
        return [(m["name"], m["price"]) for m in body["shippingMethods"]]

    assert names(me, "?country=US") == []  # nothing to send
    add(me, make_product())
    assert names(me) == []
    assert names(me, "?country=US&region=California") == [("Post", 5), ("Express", 15)]
    assert names(me, "?country=LA") == []
    tell(me, "US", region="Nevada")
    assert names(me) == [("Post", 9)]
    assert me.get("/api/cart/shipping-methods?country=usa").status_code == 422
    guest = app.test_client()
    guest.post("/api/cart/items", json={"productId": make_product()})
    assert names(guest, "?country=US") == [("Post", 5)]


def test_the_taxes_are_those_of_where_it_goes(
    platform: Platform, me: Caller, add: Add, make_product: MakeProduct
) -> None:
    taxes = platform.services.require(Taxes)
    for country, percent in (("VN", "10"), ("US", "25")):
        taxes.create({"country": country, "name": "VAT", "percent": percent}, SYSTEM)
    add(me, make_product(price=Decimal(11)))
    cart = me.get("/api/cart").get_json()
    assert (cart["tax"], cart["items"][0]["taxRate"], cart["pricesIncludeTax"]) == (1, "10", True)
    cart = tell(me, "US").get_json()["updatedCart"]
    assert (cart["tax"], cart["items"][0]["tax"], cart["total"]) == (2.2, 2.2, 11)


def test_what_is_no_place(me: Caller, add: Add, make_product: MakeProduct, slug_of: Any) -> None:
    assert slug_of(tell(me, "US")) == "cart-empty"
    add(me, make_product())
    for body in ({}, {"country": "us"}, {"country": "US", "zip": "1"}, {"country": None}):
        assert me.put("/api/cart/shipping", json=body).status_code == 422


def test_an_unknown_method_takes_nothing_anywhere(
    me: Caller, add: Add, make_product: MakeProduct, methods: dict[str, str], slug_of: Any
) -> None:
    add(me, make_product())
    assert slug_of(tell(me, "US", shippingMethodId="ship_nothing")) == "not-deliverable"


def test_a_dearer_way_of_sending_is_not_charged_unseen(
    platform: Platform,
    me: Caller,
    add: Add,
    make_product: MakeProduct,
    methods: dict[str, str],
    purchase: dict[str, Any],
    slug_of: Any,
) -> None:
    add(me, make_product(price=Decimal(20)))
    tell(me, "US", region="CA")
    dearer = {"priced_by": "flat", "country": "US", "min_days": 1, "max_days": 2}
    service = platform.services.require(ShippingMethods)
    service.update(methods["Post"], {"rates": [{**dearer, "price": Decimal(7)}]}, SYSTEM)
    answer = me.post("/api/cart/checkout", json=purchase)
    assert (slug_of(answer), answer.get_json()["total"]) == ("price-changed", 27)
    assert me.get("/api/cart").get_json()["total"] == 27
    assert me.post("/api/cart/checkout", json=purchase).status_code == 201
