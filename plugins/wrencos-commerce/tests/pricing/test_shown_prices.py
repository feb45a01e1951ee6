"""Nobody is charged another price than they were shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_commerce.services.shown_prices import agreed, seen
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
Add = Callable[..., None]


def test_an_item_remembers_the_price_before() -> None:
    first = agreed({"id": "item_1"}, 100)
    assert first == {"id": "item_1", "price": 100}
    assert seen(first, 100) == first
    second = seen(first, 120)
    assert (second["price"], second["previous_price"]) == (120, 100)
    assert seen(second, 120) == second
    assert seen(second, 130) == {"id": "item_1", "price": 130, "previous_price": 100}
    assert seen(second, 100) == first
    assert agreed(second, 120) == {"id": "item_1", "price": 120}
    # From before prices were remembered.
    assert seen({"id": "item_1"}, 100) == first


def reprice(admin: Caller, product_id: str, price: float) -> None:
    assert admin.put(f"/api/products/{product_id}", json={"price": price}).status_code == 200


def test_a_price_that_was_not_shown_is_refused_until_it_was(
    me: Caller,
    admin: Caller,
    add: Add,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    slug_of: Any,
) -> None:
    serum, cream = make_product(), make_product(name="Cream", price=Decimal(10))
    add(me, serum, 2)
    add(me, cream)
    reprice(admin, serum, 31.5)
    for _ in range(2):
        answer = me.post("/api/cart/checkout", json=purchase)
        assert (answer.status_code, slug_of(answer)) == (409, "price-changed")
        problem = answer.get_json()
        assert (problem["total"], problem["currency"]) == (73, "USD")
        (item,) = problem["items"]
        assert (item["price"], item["previousPrice"]) == (31.5, 29.99)
    assert Order.raw().count_documents({}) == 0
    assert me.get("/api/cart").get_json()["total"] == 73
    assert me.post("/api/cart/checkout", json=purchase).get_json()["totalPrice"] == 73


@pytest.mark.parametrize("price", [31.5, 5])
def test_the_answer_can_be_confirmed_by_its_total(
    me: Caller,
    admin: Caller,
    add: Add,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    price: float,
) -> None:
    serum = make_product()
    add(me, serum)
    reprice(admin, serum, price)
    total = me.post("/api/cart/checkout", json=purchase).get_json()["total"]
    assert total == price
    confirmed = me.post("/api/cart/checkout", json={**purchase, "expectedTotal": total})
    assert confirmed.status_code == 201


@pytest.mark.parametrize("what", ["dearer", "withdrawn", "elsewhere", "faster"])
def test_shipping_that_was_shown_at_another_price_is_refused_until_it_is_confirmed(
    me: Caller,
    admin: Caller,
    add: Add,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    slug_of: Any,
    what: str,
) -> None:
    rate = {"pricedBy": "flat", "minDays": 1, "maxDays": 2}
    ids = {}
    for name, price, abroad in (("Post", 5, 9), ("Express", 8, 12)):
        rates = [{**rate, "country": "US", "price": price}, {**rate, "price": abroad}]
        made = admin.post("/api/shipping-methods", json={"name": name, "rates": rates}).get_json()
        ids[name] = made["shippingMethod"]["shippingMethodId"]
    add(me, make_product(price=Decimal(20)))
    shown = me.put("/api/cart/shipping", json={"country": "US"}).get_json()["updatedCart"]
    assert shown["total"] == 25
    path = f"/api/shipping-methods/{ids['Post']}"
    if what == "dearer":
        admin.put(path, json={"rates": [{**rate, "country": "US", "price": 7}]})
    elif what == "withdrawn":
        admin.put(path, json={"isActive": False})
    elif what == "elsewhere":
        purchase["shippingAddress"]["country"] = "VN"
    else:
        purchase["shippingMethodId"] = ids["Express"]
    answer = me.post("/api/cart/checkout", json=purchase)
    assert (answer.status_code, slug_of(answer)) == (409, "price-changed")
    total = {"dearer": 27, "withdrawn": 28, "elsewhere": 29, "faster": 28}[what]
    assert answer.get_json()["total"] == total
    confirmed = me.post("/api/cart/checkout", json={**purchase, "expectedTotal": total})
    assert confirmed.get_json()["totalPrice"] == total


def test_the_cart_tells_the_former_price_until_the_item_is_changed(
    me: Caller, admin: Caller, add: Add, make_product: MakeProduct
) -> None:
    serum = make_product()
    add(me, serum)

    def item() -> tuple[Any, ...]:
        (item,) = me.get("/api/cart").get_json()["items"]
        return item["price"], item["priceChanged"], item["previousPrice"]

    assert item() == (29.99, False, None)
    reprice(admin, serum, 31.5)
    assert item() == item() == (31.5, True, 29.99)
    reprice(admin, serum, 29.99)
    assert item() == (29.99, False, None)
    reprice(admin, serum, 25)
    assert item() == (25, True, 29.99)
    (row,) = me.get("/api/cart").get_json()["items"]
    me.put(f"/api/cart/items/{row['itemId']}", json={"quantity": 1})
    assert item() == (25, False, None)


def test_showing_a_cart_disturbs_no_change_of_it(
    me: Caller, admin: Caller, add: Add, make_product: MakeProduct, commands_of: Any
) -> None:
    serum = make_product()
    add(me, serum)
    version = Cart.raw().find_one()["version"]
    me.get("/api/cart")
    reprice(admin, serum, 25)
    me.get("/api/cart")
    row = Cart.raw().find_one()
    assert (row["version"], row["items"][0]["price"]) == (version, 2500)
    sent = commands_of(lambda: me.get("/api/cart"))
    assert [c for c in sent if "update" in c or "findAndModify" in c] == []


def test_a_guests_prices_go_with_the_cart(
    app: Any, me: Caller, admin: Caller, make_product: MakeProduct, purchase: Any, slug_of: Any
) -> None:
    serum = make_product()
    guest = app.test_client()
    token = guest.post("/api/cart/items", json={"productId": serum}).get_json()["cartToken"]
    reprice(admin, serum, 31.5)
    headers = {"X-Cart-Token": token}
    answer = me.post("/api/cart/checkout", json=purchase, headers=headers)
    assert slug_of(answer) == "price-changed"


def test_a_cart_from_before_is_ordered_as_it_is(
    me: Caller, add: Add, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    add(me, make_product())
    Cart.raw().update_one({}, {"$unset": {"items.0.price": "", "shown": ""}})
    assert me.post("/api/cart/checkout", json=purchase).status_code == 201


def test_many_look_while_many_change(
    me: Caller, admin: Caller, add: Add, make_product: MakeProduct
) -> None:
    serum = make_product(inventory=500)
    add(me, serum)

    def work(number: int) -> int:
        caller = Caller(me.app, me.user_id, me.token)
        if number % 3 == 0:
            reprice(Caller(me.app, admin.user_id, admin.token), serum, 20 + number)
        if number % 3 == 1:
            body = {"productId": serum}
            return int(caller.post("/api/cart/items", json=body).status_code)
        return int(caller.get("/api/cart").status_code)

    assert Counter(run_in_threads(12, work)) == {200: 8, 201: 4}
    shown = me.get("/api/cart").get_json()
    (item,) = Cart.raw().find_one()["items"]
    assert (item["quantity"], shown["itemCount"]) == (5, 5)
    assert item["price"] == shown["items"][0]["price"] * 100
