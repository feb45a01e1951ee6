"""The wishlist: what is on it, what it costs now, who may see it, and how it becomes a cart."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_commerce.models.wishlist import MAX_ITEMS, Wishlist
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.wishlists import Wishlists
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.platform import current_platform as shop
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
VARIANTS = [
    {"shade": "Rose", "price": Decimal("19.99"), "inventory": 3},
    {"shade": "Plum", "price": Decimal("24.99"), "inventory": 0},
]


def add(caller: Caller, product_id: str, **more: Any) -> Any:
    return caller.post("/api/wishlist/items", json={"productId": product_id, **more})


def items(caller: Caller) -> list[dict[str, Any]]:
    shown = caller.get("/api/wishlist").get_json()
    assert shown["totalCount"] == len(shown["items"])
    return list(shown["items"])


def variants_of(platform: Platform, product_id: str) -> list[Any]:
    from wrencos_commerce.services.product_queries import ProductQueries

    return list(platform.services.require(ProductQueries).get(product_id)["variants"])


def test_an_item_shows_its_product_and_a_drop_of_the_price(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me = login()
    serum, balm = make_product(), make_product(name="Balm", inventory=0)
    answer = add(me, serum, note="for Tết")
    assert answer.status_code == 200
    assert answer.get_json()["isNew"]
    add(me, balm)
    products = platform.services.require(Products)
    products.update(serum, {"price": Decimal("24.50")}, SYSTEM)
    products.update(balm, {"price": Decimal("31.00")}, SYSTEM)
    second, first = items(me)
    assert first["itemId"] == answer.get_json()["itemId"]
    assert (first["name"], first["note"]) == ("Hydrating Essence Serum", "for Tết")
    assert (first["addedPrice"], first["price"], first["priceDrop"]) == (29.99, 24.5, 5.49)
    assert (first["available"], second["available"]) == (True, False)
    assert (second["price"], second["priceDrop"]) == (31, 0)


def test_adding_twice_is_the_same(login: Any, make_product: MakeProduct) -> None:
    me, serum = login(), make_product()
    first = add(me, serum).get_json()
    again = add(me, serum, note="now with a note")
    assert again.status_code == 200
    assert (again.get_json()["itemId"], again.get_json()["isNew"]) == (first["itemId"], False)
    (item,) = items(me)
    assert item["note"] == "now with a note"
    add(me, serum)
    assert items(me)[0]["note"] == "now with a note"
    add(me, serum, note="")
    assert items(me)[0]["note"] is None


def test_variants_are_items_of_their_own(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, lipstick = login(), make_product(name="Lipstick", variants=VARIANTS)
    rose, plum = variants_of(platform, lipstick)
    add(me, lipstick)
    add(me, lipstick, variantId=rose["id"])
    add(me, lipstick, variantId=plum["id"])
    shown = {item["variantName"]: item for item in items(me)}
    assert shown["Rose"]["price"] == 19.99
    assert (shown["Plum"]["price"], shown["Plum"]["available"]) == (24.99, False)
    assert (shown[None]["price"], shown[None]["available"]) == (19.99, True)
    assert add(me, lipstick, variantId="var_unknown").status_code == 404


def test_bad_input_is_refused(login: Any, client: Any, make_product: MakeProduct) -> None:
    me, serum = login(), make_product()
    withdrawn = make_product(is_active=False)
    assert client.get("/api/wishlist").status_code == 401
    assert client.post("/api/wishlist/items", json={"productId": serum}).status_code == 401
    assert add(me, "prod_unknown").status_code == 404
    assert add(me, withdrawn).status_code == 404
    for body in ({}, {"productId": 7}, {"productId": serum, "note": "x" * 501}, {"x": 1}):
        assert me.post("/api/wishlist/items", json=body).status_code == 422
    assert items(me) == []


def test_nobody_touches_the_items_of_others(login: Any, make_product: MakeProduct) -> None:
    me, other, serum = login(), login(), make_product()
    item = add(me, serum).get_json()["itemId"]
    assert items(other) == []
    assert other.delete(f"/api/wishlist/items/{item}").status_code == 404
    moved = other.post(f"/api/wishlist/items/{item}/move-to-cart", json={})
    assert moved.status_code == 404
    assert len(items(me)) == 1
    assert me.delete(f"/api/wishlist/items/{item}").status_code == 200
    assert me.delete(f"/api/wishlist/items/{item}").status_code == 404


def test_it_is_full_at_its_limit_also_for_many_at_once(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, wishlists = login(), platform.services.require(Wishlists)
    products = [make_product(name=f"Mask {number}") for number in range(12)]
    for product in products[:4]:
        wishlists.add(me.user_id, product)
    row = Wishlist.raw().find_one({"user_id": me.user_id})["items"][0]
    filler = [{**row, "id": f"wish_{n}", "product_id": f"prod_{n}"} for n in range(MAX_ITEMS - 8)]
    Wishlist.raw().update_one({"user_id": me.user_id}, {"$push": {"items": {"$each": filler}}})
    outcomes = run_in_threads(8, lambda number: wishlists.add(me.user_id, products[4 + number]))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 4, outcomes
    assert {type(error).__name__ for error in refused} == {"WishlistFull"}
    assert len(Wishlist.raw().find_one({"user_id": me.user_id})["items"]) == MAX_ITEMS
    answer = add(me, make_product(name="One too many"))
    assert (answer.status_code, answer.get_json()["type"].split(":")[-1]) == (409, "wishlist-full")


def test_a_first_add_by_two_at_once_makes_one_item(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, serum = login(), make_product()
    wishlists = platform.services.require(Wishlists)
    outcomes = run_in_threads(6, lambda _: wishlists.add(me.user_id, serum).item_id)
    assert len(set(outcomes)) == 1, outcomes
    assert len(items(me)) == 1


def test_an_item_moves_to_the_cart(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, lipstick = login(), make_product(name="Lipstick", variants=VARIANTS)
    rose, plum = variants_of(platform, lipstick)
    any_of_it = add(me, lipstick).get_json()["itemId"]
    purple = add(me, lipstick, variantId=plum["id"]).get_json()["itemId"]

    def move(item: str, **body: Any) -> Any:
        return me.post(f"/api/wishlist/items/{item}/move-to-cart", json=body)

    assert move(any_of_it).status_code == 422
    assert move(any_of_it, quantity=0).status_code == 422
    assert move(purple).status_code == 409
    assert move(purple, variantId=rose["id"]).status_code == 422
    assert len(items(me)) == 2
    moved = move(any_of_it, variantId=rose["id"], quantity=2)
    assert moved.status_code == 200, moved.get_json()
    assert [item["itemId"] for item in items(me)] == [purple]
    (line,) = me.get("/api/cart").get_json()["items"]
    assert (line["itemId"], line["quantity"]) == (moved.get_json()["itemId"], 2)
    assert move(any_of_it, variantId=rose["id"]).status_code == 404


def test_moved_by_two_at_once_it_is_in_the_cart_once(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, serum = login(), make_product()
    item = add(me, serum).get_json()["itemId"]

    def move(_: int) -> int:
        caller = Caller(me.app, me.user_id, me.token)
        path = f"/api/wishlist/items/{item}/move-to-cart"
        return caller.post(path, json={}).status_code

    assert sorted(map(str, run_in_threads(4, move))) == ["200", "404", "404", "404"]
    (line,) = me.get("/api/cart").get_json()["items"]
    assert line["quantity"] == 1


def test_a_shared_list_shows_no_person(
    platform: Platform, login: Any, client: Any, make_product: MakeProduct
) -> None:
    me, serum, gone = login(), make_product(), make_product(name="Gone")
    add(me, serum, note="my secret")
    add(me, gone)
    platform.services.require(Products).withdraw(gone, SYSTEM)
    assert me.get("/api/wishlist/share").get_json() == {
        "isShared": False,
        "token": None,
        "url": None,
    }
    shared = me.put("/api/wishlist/share", json={"isShared": True}).get_json()
    assert me.put("/api/wishlist/share", json={"isShared": True}).get_json() == shared
    assert shared["url"].endswith(f"/wishlists/{shared['token']}")
    assert len(shared["token"]) >= 32
    seen = client.get(f"/api/shared-wishlists/{shared['token']}")
    assert [item["productId"] for item in seen.get_json()["items"]] == [serum]
    for trace in (me.user_id, "my secret", "Lan", "customer1"):
        assert trace not in seen.text
    assert client.delete(f"/api/shared-wishlists/{shared['token']}").status_code == 405
    me.put("/api/wishlist/share", json={"isShared": False})
    assert client.get(f"/api/shared-wishlists/{shared['token']}").status_code == 404
    again = me.put("/api/wishlist/share", json={"isShared": True}).get_json()
    assert again["token"] != shared["token"]
    assert client.get(f"/api/shared-wishlists/{shared['token']}").status_code == 404
    assert len(items(me)) == 2
    assert not items(me)[0]["isActive"]


def test_texts_are_in_the_language_of_the_caller(login: Any, make_product: MakeProduct) -> None:
    me = login()
    add(me, make_product(name="Kem chống nắng"))
    assert me.get("/api/wishlist?locale=en").get_json()["items"][0]["name"] == "Kem chống nắng"
    assert me.get("/api/wishlist?locale=fr").status_code == 422


@pytest.mark.parametrize("field", ["user_id", "share_token"])
def test_lists_are_found_by_an_index(platform: Platform, field: str) -> None:
    assert_uses_index(Wishlist.raw().find({field: "x"}))


def test_it_is_exported_and_erased(login: Any, make_product: MakeProduct) -> None:
    me, other, serum = login(), login(), make_product()
    add(me, serum, note="for Tết")
    add(other, serum)
    (exported,) = plugin.export_personal_data(shop(), user_id=me.user_id).sections["wishlist"]
    assert exported["items"][0]["note"] == "for Tết"
    assert plugin.erase_personal_data(shop(), user_id=me.user_id).erased["wishlists"] == 1
    assert items(me) == []
    assert len(items(other)) == 1
