"""Carts of guests: the token, the cookie, the expiry, and the merge at login."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]


def start(app: Flask, product_id: str, quantity: int = 1) -> str:
    """The token of a new guest's cart."""
    body = {"productId": product_id, "quantity": quantity}
    answer = app.test_client().post("/api/cart/items", json=body)
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["cartToken"])


def test_a_guest_is_known_by_header(app: Flask, make_product: MakeProduct) -> None:
    token = start(app, make_product(), 2)
    stranger = app.test_client()
    assert stranger.get("/api/cart").get_json()["itemCount"] == 0
    cart = stranger.get("/api/cart", headers={"X-Cart-Token": token}).get_json()
    assert cart["total"] == 59.98
    item = cart["items"][0]["itemId"]
    answer = stranger.put(
        f"/api/cart/items/{item}", json={"quantity": 1}, headers={"X-Cart-Token": token}
    )
    assert answer.get_json()["updatedCart"]["itemCount"] == 1


def test_a_browser_needs_only_its_cookie(client: FlaskClient, make_product: MakeProduct) -> None:
    first = client.post("/api/cart/items", json={"productId": make_product()})
    cookie = first.headers["Set-Cookie"]
    assert cookie.startswith("wrencos_cart=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    second = client.post("/api/cart/items", json={"productId": make_product()})
    assert second.get_json()["cartId"] == first.get_json()["cartId"]
    assert "cartToken" not in second.get_json()
    assert client.get("/api/cart").get_json()["itemCount"] == 2


@pytest.mark.parametrize(
    ("base_url", "requested"),
    [
        ("https://shop.example", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000", "https://shop.example"),
    ],
)
def test_behind_tls_the_cookie_goes_over_tls_only(
    make_platform: Any, make_app: Any, base_url: str, requested: str
) -> None:
    platform = make_platform(base_url=base_url)
    values = {"name": "Serum", "price": Decimal(1), "inventory": 1}
    body = {"productId": platform.services.require(Products).create(values, SYSTEM)}
    client = make_app(platform).test_client()
    answer = client.post("/api/cart/items", json=body, base_url=requested)
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_the_token_is_stored_hashed_and_never_chosen_by_the_caller(
    app: Flask, make_product: MakeProduct
) -> None:
    client = app.test_client()
    answer = client.post(
        "/api/cart/items",
        json={"productId": make_product()},
        headers={"X-Cart-Token": "my-own-choice"},
    )
    token = answer.get_json()["cartToken"]
    assert token != "my-own-choice"
    assert token not in str(Cart.raw().find_one())


def test_a_guests_cart_expires(clock: Any, app: Flask, make_product: MakeProduct) -> None:
    token = start(app, make_product())
    headers = {"X-Cart-Token": token}
    clock.advance(timedelta(days=29))
    assert app.test_client().get("/api/cart", headers=headers).get_json()["itemCount"] == 1
    clock.advance(timedelta(days=2))
    assert app.test_client().get("/api/cart", headers=headers).get_json()["itemCount"] == 0


def test_a_guests_cart_moves_into_the_account_once(
    app: Flask, login: Any, make_product: MakeProduct
) -> None:
    serum, cream = make_product(), make_product(name="Cream", price=Decimal(10))
    me: Caller = login()
    me.post("/api/cart/items", json={"productId": serum, "quantity": 1})
    token = start(app, serum, 2)
    headers = {"X-Cart-Token": token}
    app.test_client().post("/api/cart/items", json={"productId": cream}, headers=headers)
    for _ in range(2):
        cart = me.get("/api/cart", headers=headers).get_json()
        assert [(item["productId"], item["quantity"]) for item in cart["items"]] == [
            (serum, 3),
            (cream, 1),
        ]
    assert app.test_client().get("/api/cart", headers=headers).get_json()["items"] == []
    assert Cart.raw().count_documents({}) == 1


def test_merged_quantities_are_capped(app: Flask, login: Any, make_product: MakeProduct) -> None:
    serum = make_product(inventory=500)
    me: Caller = login()
    me.post("/api/cart/items", json={"productId": serum, "quantity": 60})
    token = start(app, serum, 60)
    cart = me.get("/api/cart", headers={"X-Cart-Token": token}).get_json()
    assert cart["items"][0]["quantity"] == 99


def test_merges_at_once_count_once(app: Flask, login: Any, make_product: MakeProduct) -> None:
    me: Caller = login()
    token = start(app, make_product(), 2)

    def work(_: int) -> int:
        caller = Caller(app, me.user_id, me.token)
        return caller.get("/api/cart", headers={"X-Cart-Token": token}).status_code

    assert run_in_threads(6, work) == [200] * 6
    assert me.get("/api/cart").get_json()["itemCount"] == 2


def test_a_guest_can_not_check_out(client: FlaskClient, purchase: dict[str, Any]) -> None:
    assert client.post("/api/cart/checkout", json=purchase).status_code == 401
