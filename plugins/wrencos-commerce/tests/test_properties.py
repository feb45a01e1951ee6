"""Properties that hold for whatever people do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.errors import CartEmpty, OutOfStock, TransitionRefused
from wrencos_commerce.models.order import TRANSITIONS, Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.discounts import (
    Discounts,
    in_order,
    take_off_goods,
    take_off_shipping,
)
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_core.api import SYSTEM, Identity, Platform, Role, new_id
from wrencos_core.contracts.commerce import Adjustment
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.text import fold, terms, words

MakeProduct = Callable[..., str]

HOME = ShippingAddress(street="1 Example Road", city="Huế", country="VN")
PURCHASE = Purchase(payment_method_id="cod", address=HOME)
START = 8
# A part of an order is shipped by naming it, not by a status.
MOVABLE = [status for status in OrderStatus if status is not OrderStatus.PARTIALLY_SHIPPED]

adjustments = st.lists(
    st.builds(
        Adjustment,
        code=st.sampled_from(["a", "b", "c"]),
        label=st.just("x"),
        amount=st.integers(-(10**9), 10**9),
        order=st.integers(0, 3),
    ),
    max_size=6,
)


@given(st.integers(0, 10**12), adjustments)
def test_no_adjustment_takes_the_total_below_zero(subtotal: int, given: list[Adjustment]) -> None:
    cut, _ = take_off_shipping(0, take_off_goods(Discounts([subtotal], ["var_1"]), in_order(given)))
    applied = [adjustment for adjustment in cut if adjustment.amount]
    running = subtotal
    for adjustment in applied:
        running += adjustment.amount
        assert running >= 0
    keys = [(adjustment.order, adjustment.code) for adjustment in applied]
    assert keys == sorted(keys)
    if subtotal + sum(min(adjustment.amount, 0) for adjustment in given) >= 0:
        assert running == subtotal + sum(adjustment.amount for adjustment in given)


@given(st.text(max_size=60))
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert set(words(text)) == set(terms([text]))


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Kem Chống Nắng", "kem chong nang"), ("ĐƯỜNG", "duong"), ("Crème", "creme")],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


operations = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 1), st.integers(0, 1), st.integers(1, 5)),
        st.tuples(st.just("order"), st.integers(0, 1), st.just(0), st.just(0)),
        st.tuples(st.just("move"), st.integers(0, 5), st.integers(0, len(MOVABLE) - 1), st.just(0)),
    ),
    min_size=4,
    max_size=25,
)


@given(operations)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_stock_is_conserved(platform: Platform, steps: list[Any]) -> None:
    """Whatever is added, ordered, moved on and cancelled: on hand + in orders = at the start."""
    shop = Shop(platform)
    for kind, first, second, quantity in steps:
        getattr(shop, kind)(first, second, quantity)
        shop.check()


class Shop:
    """Two buyers, two products, and every operation on them."""

    def __init__(self, platform: Platform) -> None:
        from wrencos_commerce.services.products import Products

        services = platform.services
        self.carts = services.require(Carts)
        self.checkout = services.require(Checkout)
        self.orders = services.require(Orders)
        create = services.require(Products).create
        self.products = [
            create({"name": name, "price": Decimal(price), "inventory": START}, SYSTEM)
            for name, price in (("Serum", "29.99"), ("Cream", "0.01"))
        ]
        self.buyers = [
            CartHolder(Identity(user_id=new_id("user"), role=Role.CUSTOMER)) for _ in range(2)
        ]
        self.placed: list[str] = []

    def add(self, buyer: int, product: int, quantity: int) -> None:
        try:
            self.carts.add(self.buyers[buyer], self.products[product], quantity)
        except OutOfStock:
            pass

    def order(self, buyer: int, _: int, __: int) -> None:
        total = self.carts.shown(self.buyers[buyer]).priced.total
        try:
            row = self.checkout.place(self.buyers[buyer], PURCHASE)
        except (CartEmpty, OutOfStock):
            return
        assert row["total_price"] == total
        self.placed.append(row["_id"])

    def move(self, number: int, status: int, _: int) -> None:
        if not self.placed:
            return
        id = self.placed[number % len(self.placed)]
        wanted = MOVABLE[status]
        current = OrderStatus(Order.raw().find_one({"_id": id})["status"])
        try:
            self.orders.change_status(id, StatusChange(status=wanted), SYSTEM)
        except TransitionRefused:
            assert wanted not in TRANSITIONS[current]
        else:
            assert wanted in TRANSITIONS[current]

    def check(self) -> None:
        orders = list(Order.raw().find({"_id": {"$in": self.placed}}))
        for order in orders:
            lines = order["lines"]
            assert order["total_price"] == sum(line["line_total"] for line in lines)
            assert order["item_count"] == sum(line["quantity"] for line in lines)
        for id in self.products:
            held = sum(
                line["quantity"]
                for order in orders
                if order["status"] != OrderStatus.CANCELLED
                for line in order["lines"]
                if line["product_id"] == id
            )
            on_hand = Product.raw().find_one({"_id": id})["inventory"]
            assert on_hand >= 0
            assert on_hand + held == START
