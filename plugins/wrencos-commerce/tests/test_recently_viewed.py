"""What a customer looked at last: the newest first, each product once, one write a view."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from wrencos_commerce import plugin
from wrencos_commerce.models.recent_view import MAX_VIEWS, RecentViews
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.recent_views import RecentlyViewed
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.platform import current_platform as shop
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
PATH = "/api/recently-viewed"


def view(caller: Caller, product_id: str) -> None:
    answer = caller.post(PATH, json={"productId": product_id})
    assert answer.status_code == 200, answer.get_json()


def viewed(caller: Caller) -> list[str]:
    shown = caller.get(f"{PATH}?limit=100").get_json()
    assert shown["totalCount"] == len(shown["products"])
    return [row["productId"] for row in shown["products"]]


def test_the_newest_comes_first_and_each_product_once(
    login: Any, make_product: MakeProduct, clock: Any
) -> None:
    me, other = login(), login()
    a, b = make_product(name="A"), make_product(name="B", inventory=0)
    assert viewed(me) == []
    for product in (a, b, a, a):
        clock.advance(timedelta(seconds=1))
        view(me, product)
    assert viewed(me) == [a, b]
    assert viewed(other) == []
    newest, older = me.get(PATH).get_json()["products"]
    assert (newest["name"], newest["available"], older["available"]) == ("A", True, False)
    assert newest["viewedAt"] > older["viewedAt"]
    page = me.get(f"{PATH}?limit=1&page=2").get_json()
    assert ([p["productId"] for p in page["products"]], page["totalPages"]) == ([b], 2)


def test_only_the_newest_are_kept(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, recent = login(), platform.services.require(RecentlyViewed)
    products = [make_product(name=f"P{number}") for number in range(MAX_VIEWS + 2)]
    for product in products:
        recent.note(me.user_id, product)
    assert viewed(me) == products[:1:-1]
    assert len(RecentViews.raw().find_one({"user_id": me.user_id})["views"]) == MAX_VIEWS


def test_withdrawn_products_are_hidden(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, serum = login(), make_product()
    view(me, serum)
    platform.services.require(Products).withdraw(serum, SYSTEM)
    assert viewed(me) == []
    assert me.post(PATH, json={"productId": serum}).status_code == 404


def test_bad_input_is_refused(login: Any, client: Any, make_product: MakeProduct) -> None:
    me = login()
    assert client.get(PATH).status_code == 401
    assert client.post(PATH, json={"productId": make_product()}).status_code == 401
    assert me.post(PATH, json={"productId": "prod_unknown"}).status_code == 404
    for body in ({}, {"productId": None}, {"productId": {"$gt": ""}}, {"productId": "x" * 41}):
        assert me.post(PATH, json=body).status_code == 422


def test_an_id_is_never_read_as_an_expression(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, odd = login(), "$views"
    serum = make_product()
    from wrencos_commerce.models.product import Product

    Product.raw().insert_one(
        {**Product.raw().find_one({"_id": serum}), "_id": odd, "slug": "odd", "variants": []}
    )
    view(me, odd)
    view(me, serum)
    view(me, odd)
    assert viewed(me) == [odd, serum]


def test_it_is_cleared(login: Any, make_product: MakeProduct) -> None:
    me, other, serum = login(), login(), make_product()
    view(me, serum)
    view(other, serum)
    for _ in range(2):
        assert me.delete(PATH).status_code == 200
    assert (viewed(me), viewed(other)) == ([], [serum])


def test_views_at_once_are_all_kept(
    platform: Platform, login: Any, make_product: MakeProduct
) -> None:
    me, recent = login(), platform.services.require(RecentlyViewed)
    products = [make_product(name=f"P{number}") for number in range(4)]
    outcomes = run_in_threads(8, lambda number: recent.note(me.user_id, products[number % 4]))
    assert outcomes == [None] * 8
    assert sorted(viewed(me)) == sorted(products)


def test_a_view_costs_one_read_and_one_write_by_index(
    platform: Platform, login: Any, make_product: MakeProduct, commands_of: Any, plans_of: Any
) -> None:
    me, serum = login(), make_product()
    recent = platform.services.require(RecentlyViewed)
    recent.note(me.user_id, serum)
    sent = commands_of(lambda: recent.note(me.user_id, serum))
    assert [next(iter(command)) for command in sent] == ["find", "update"]
    (plan,) = plans_of(sent[0])
    assert plan["documents"] <= 1
    assert_uses_index(RecentViews.raw().find({"user_id": me.user_id}))


def test_views_are_exported_and_erased(login: Any, make_product: MakeProduct) -> None:
    me, serum = login(), make_product()
    view(me, serum)
    (exported,) = plugin.export_personal_data(shop(), user_id=me.user_id).sections["recentlyViewed"]
    assert exported["views"][0]["product_id"] == serum
    assert plugin.erase_personal_data(shop(), user_id=me.user_id).erased["recentlyViewed"] == 1
    assert viewed(me) == []
