"""Many at once: nothing is sold twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_core.api import Identity, Platform, Role, new_id
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]

HOME = ShippingAddress(street="1 Example Road", city="Huế", country="VN")


def test_twenty_in_stock_sixty_buyers(platform: Platform, make_product: MakeProduct) -> None:
    product = make_product(inventory=20)
    carts, checkout = platform.services.require(Carts), platform.services.require(Checkout)
    buyers = [CartHolder(Identity(user_id=new_id("user"), role=Role.CUSTOMER)) for _ in range(60)]
    for buyer in buyers:
        carts.add(buyer, product, 1)
    purchase = Purchase(payment_method_id="cod", address=HOME)
    outcomes = run_in_threads(60, lambda number: checkout.place(buyers[number], purchase))
    placed = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    refused = {type(outcome).__name__ for outcome in outcomes if isinstance(outcome, Exception)}
    assert len(placed) == 20
    assert refused == {"OutOfStock"}
    assert Product.raw().find_one({"_id": product})["inventory"] == 0
    assert Order.raw().count_documents({}) == 20


def test_carts_of_several_products_do_not_deadlock(
    platform: Platform, make_product: MakeProduct
) -> None:
    products = [make_product(name=f"Product {number}", inventory=6) for number in range(3)]
    carts, checkout = platform.services.require(Carts), platform.services.require(Checkout)

    def work(number: int) -> Any:
        buyer = CartHolder(Identity(user_id=new_id("user"), role=Role.CUSTOMER))
        for product in products if number % 2 else reversed(products):
            carts.add(buyer, product, 1)
        return checkout.place(buyer, Purchase(payment_method_id="cod", address=HOME))

    assert not [outcome for outcome in run_in_threads(6, work) if isinstance(outcome, Exception)]
    assert Product.raw().count_documents({"inventory": 0}) == 3


def test_one_key_eight_times_at_once_is_one_order(
    app: Flask, login: Any, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    me: Caller = login()
    me.post("/api/cart/items", json={"productId": make_product(), "quantity": 2})

    def work(_: int) -> Any:
        caller = Caller(app, me.user_id, me.token)
        answer = caller.post(
            "/api/cart/checkout", json=purchase, headers={"Idempotency-Key": "same"}
        )
        return answer.status_code, answer.get_json().get("orderId")

    outcomes = run_in_threads(8, work)
    assert len(set(outcomes)) == 1, outcomes
    assert outcomes[0][0] == 201  # type: ignore[index]
    assert Order.raw().count_documents({}) == 1


def test_first_adds_at_once_share_one_cart(platform: Platform, make_product: MakeProduct) -> None:
    product = make_product()
    carts = platform.services.require(Carts)
    holder = CartHolder(Identity(user_id=new_id("user"), role=Role.CUSTOMER))
    outcomes = run_in_threads(8, lambda _: carts.add(holder, product, 1))
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert carts.shown(holder).priced.item_count == 8
