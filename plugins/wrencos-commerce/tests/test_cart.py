"""/api/cart: a user's cart."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
VariantOf = Callable[[str], str]


@pytest.fixture
def me(login: Any) -> Caller:
    return login()  # type: ignore[no-any-return]


def add(caller: Any, product_id: str, quantity: int = 1) -> Any:
    body = {"productId": product_id, "quantity": quantity}
    return caller.post("/api/cart/items", json=body)


def test_an_empty_cart(me: Caller) -> None:
    assert me.get("/api/cart").get_json() == {
        "items": [],
        "adjustments": [],
        "charges": [],
        "subtotal": 0,
        "tax": 0,
        "pricesIncludeTax": True,
        "total": 0,
        "shipping": None,
        "coupons": [],
        "refusedCoupons": [],
        "itemCount": 0,
        "currency": "USD",
        "warnings": [],
    }


def test_adding_shows_in_the_cart(
    me: Caller, make_product: MakeProduct, variant_of: VariantOf
) -> None:
    serum = make_product(sku="S-1", image_url="/media/commerce/serum.svg")
    cream = make_product(name="Night Cream", price=Decimal("15"))
    answer = add(me, serum, 2)
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["message"] == "Product added to cart"
    assert body["cartId"].startswith("cart_")
    assert "cartToken" not in body
    assert "Set-Cookie" not in answer.headers
    add(me, cream)
    cart = me.get("/api/cart").get_json()
    assert cart["items"][0] == {
        "itemId": body["itemId"],
        "productId": serum,
        "variantId": variant_of(serum),
        "variantName": None,
        "sku": "S-1",
        "name": "Hydrating Essence Serum",
        "price": 29.99,
        "quantity": 2,
        "lineTotal": 59.98,
        "imageUrl": "/media/commerce/serum.svg",
        "available": True,
        "priceChanged": False,
        "previousPrice": None,
        "discount": 0,
        "taxRate": "0",
        "tax": 0,
        "total": 59.98,
    }
    assert (cart["total"], cart["itemCount"]) == (74.98, 3)


def test_adding_again_adds_up(me: Caller, make_product: MakeProduct) -> None:
    serum = make_product()
    first, second = add(me, serum, 2).get_json(), add(me, serum, 3).get_json()
    assert (first["cartId"], first["itemId"]) == (second["cartId"], second["itemId"])
    (item,) = me.get("/api/cart").get_json()["items"]
    assert item["quantity"] == 5


def test_the_quantity_defaults_to_one(me: Caller, make_product: MakeProduct) -> None:
    answer = me.post("/api/cart/items", json={"productId": make_product()})
    assert answer.status_code == 201
    assert me.get("/api/cart").get_json()["itemCount"] == 1


def test_prices_are_the_present_ones(me: Caller, login: Any, make_product: MakeProduct) -> None:
    serum = make_product()
    add(me, serum, 2)
    login("admin").put(f"/api/products/{serum}", json={"price": 10})
    assert me.get("/api/cart").get_json()["total"] == 20


def test_changing_and_removing_an_item(me: Caller, make_product: MakeProduct) -> None:
    item = add(me, make_product()).get_json()["itemId"]
    answer = me.put(f"/api/cart/items/{item}", json={"quantity": 4})
    assert answer.status_code == 200
    assert answer.get_json()["message"] == "Cart updated"
    assert answer.get_json()["updatedCart"]["total"] == 119.96
    answer = me.delete(f"/api/cart/items/{item}")
    assert answer.status_code == 200
    assert answer.get_json()["message"] == "Item removed from cart"
    assert answer.get_json()["updatedCart"]["items"] == []
    assert me.delete(f"/api/cart/items/{item}").status_code == 404


def test_more_than_is_in_stock_is_refused_with_the_count(
    me: Caller, make_product: MakeProduct, variant_of: VariantOf
) -> None:
    serum = make_product(inventory=3)
    item = add(me, serum, 2).get_json()["itemId"]
    for answer in (add(me, serum, 2), me.put(f"/api/cart/items/{item}", json={"quantity": 4})):
        assert answer.status_code == 409
        problem = answer.get_json()
        assert problem["type"] == "urn:wrencos:problem:out-of-stock"
        assert problem["available"] == 3
        (missing,) = problem["products"]
        assert (missing["productId"], missing["available"]) == (serum, 3)
        assert missing["variantId"] == variant_of(serum)
    assert me.get("/api/cart").get_json()["itemCount"] == 2


def test_quantities_have_bounds(me: Caller, make_product: MakeProduct) -> None:
    serum = make_product(inventory=500)
    item = add(me, serum, 99).get_json()["itemId"]
    assert add(me, serum, 1).status_code == 422
    for quantity in (0, -1, 100, 10_000, 1.5, "2", None, True):
        answer = me.put(f"/api/cart/items/{item}", json={"quantity": quantity})
        assert answer.status_code == 422, quantity
        assert "quantity" in answer.get_json()["errors"]


def test_products_that_can_not_be_bought(me: Caller, login: Any, make_product: MakeProduct) -> None:
    serum = make_product()
    add(me, serum)
    login("admin").delete(f"/api/products/{serum}")
    assert add(me, "prod_nothing").status_code == 404
    answer = add(me, serum)
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "urn:wrencos:problem:product-unavailable"
    (item,) = me.get("/api/cart").get_json()["items"]
    assert item["available"] is False


def test_items_of_others_are_not_found(me: Caller, login: Any, make_product: MakeProduct) -> None:
    item = add(me, make_product()).get_json()["itemId"]
    other = login()
    assert other.put(f"/api/cart/items/{item}", json={"quantity": 2}).status_code == 404
    assert other.delete(f"/api/cart/items/{item}").status_code == 404
    assert me.get("/api/cart").get_json()["itemCount"] == 1


def test_a_cart_has_room_for_so_many_products(
    make_platform: Any, make_app: Any, make_product: MakeProduct
) -> None:
    from wrencos_commerce.settings import CommerceSettings
    from wrencos_core.testing.accounts import Logins

    platform = make_platform(settings={CommerceSettings: {"max_lines": 2}})
    me = Logins(platform, make_app(platform))()
    for number in range(2):
        assert add(me, make_product(name=f"Product {number}")).status_code == 201
    answer = add(me, make_product(name="One more"))
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "urn:wrencos:problem:cart-full"


def test_adds_at_once_all_count(me: Caller, make_product: MakeProduct) -> None:
    products = [make_product(name=f"Product {number}") for number in range(2)]

    def work(number: int) -> int:
        caller = Caller(me.app, me.user_id, me.token)
        return int(add(caller, products[number % 2]).status_code)

    assert run_in_threads(8, work) == [201] * 8
    cart = me.get("/api/cart").get_json()
    assert [item["quantity"] for item in cart["items"]] == [4, 4]


def test_a_product_that_was_purged_is_no_longer_shown(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum = make_product()
    add(me, serum)
    Product.raw().delete_one({"_id": serum})
    assert me.get("/api/cart").get_json()["items"] == []
    answer = me.post("/api/cart/checkout", json=purchase)
    assert answer.get_json()["type"] == "urn:wrencos:problem:cart-empty"


def test_a_product_that_was_purged_does_not_hold_up_the_others(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum, cream = make_product(), make_product(name="Night Cream")
    add(me, serum)
    add(me, cream)
    Product.raw().delete_one({"_id": serum})
    assert me.post("/api/cart/checkout", json=purchase).status_code == 409
    assert me.get("/api/cart").get_json()["itemCount"] == 1
    assert me.post("/api/cart/checkout", json=purchase).status_code == 201
