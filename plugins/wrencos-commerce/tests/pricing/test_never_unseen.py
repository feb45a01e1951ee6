"""Whatever customers and staff do: an order without `expectedTotal` costs what was shown last."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.errors import CartEmpty, CouponRefused, PriceChanged
from wrencos_commerce.models.promotion import Promotion
from wrencos_commerce.services.cart_choices import CartChoices
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.promotions.coupons import Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_core.api import SYSTEM, Identity, NotFound, Platform, Role, new_id
from wrencos_core.contracts.orders import ShippingAddress

HOME = ShippingAddress(street="1 Example Road", city="Huế", country="VN")
PURCHASE = Purchase(payment_method_id="cod", address=HOME)

of_staff = st.one_of(
    st.tuples(st.just("reprice"), st.integers(0, 5)),
    st.tuples(st.just("switch"), st.integers(0, 1)),
)
of_customer = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 1)),
    st.tuples(st.just("change"), st.integers(1, 3)),
    st.tuples(st.just("type"), st.just(0)),
    st.tuples(st.just("show"), st.just(0)),
)
# What is done before each order; most dangerous is what the staff do last.
rounds = st.lists(
    st.tuples(
        st.lists(st.one_of(of_customer, of_staff), max_size=4),
        st.booleans(),
        st.lists(of_staff, max_size=2),
    ),
    min_size=1,
    max_size=4,
)


@given(rounds)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nobody_is_charged_what_they_did_not_see(platform: Platform, rounds: list[Any]) -> None:
    shop = Shop(platform)
    for steps, looks, last in rounds:
        shop.add(0)
        for kind, number in [*steps, *([("show", 0)] if looks else []), *last]:
            getattr(shop, kind)(number)
        shop.order()
    shop.order_after_a_look()


class Shop:
    """A customer who never sends an expected total, and staff who change prices meanwhile."""

    def __init__(self, platform: Platform) -> None:
        services = platform.services
        self.carts, self.checkout = services.require(Carts), services.require(Checkout)
        self.choices = services.require(CartChoices)
        self.products, self.promotions = services.require(Products), services.require(Promotions)
        self.ids = [
            self.products.create({"name": "Serum", "price": Decimal(10), "inventory": 999}, SYSTEM)
            for _ in range(2)
        ]
        # Those of the examples before.
        Promotion.raw().update_many({}, {"$set": {"is_active": False}})
        percent = {"name": "Spring", "kind": "percent", "percent": "10"}
        automatic = self.promotions.create({**percent, "is_automatic": True}, SYSTEM)
        by_coupon = self.promotions.create({**percent, "name": "Coupon"}, SYSTEM)
        self.code = by_coupon["_id"].upper()[-12:]
        services.require(Coupons).add(by_coupon["_id"], [self.code], None, SYSTEM)
        self.switched = [automatic["_id"], by_coupon["_id"]]
        self.on = dict.fromkeys(self.switched, True)
        self.me = CartHolder(Identity(user_id=new_id("user"), role=Role.CUSTOMER))
        self.prices = dict.fromkeys(self.ids, 1000)
        # What the customer has seen: of each product, and of all goods since they changed them.
        self.seen: dict[str, int] = {}
        self.seen_goods: int | None = None

    def add(self, number: int) -> None:
        id = self.ids[number]
        self.carts.add(self.me, id, 1)
        self.seen[id], self.seen_goods = self.prices[id], None

    def change(self, quantity: int) -> None:
        cart = self.carts.current(self.me)
        for item in (cart or {}).get("items", ())[:1]:
            self.carts.set_quantity(self.me, item["id"], quantity)
            id = item["product_id"]
            self.seen[id], self.seen_goods = self.prices[id], None

    def show(self, _: int) -> None:
        priced = self.carts.shown(self.me).priced
        self.seen.update({line.product["_id"]: line.price for line in priced.lines})
        self.seen_goods = priced.goods_total if priced.lines else None

    def reprice(self, number: int) -> None:
        id, price = self.ids[number % 2], Decimal(9 + number % 3)
        self.products.update(id, {"price": price}, SYSTEM)
        self.prices[id] = int(price) * 100

    def switch(self, number: int) -> None:
        id = self.switched[number]
        self.on[id] = not self.on[id]
        self.promotions.update(id, {"is_active": self.on[id]}, SYSTEM)

    def type(self, _: int) -> None:
        try:
            self.choices.add_coupon(self.me, self.code)
        except (CouponRefused, CartEmpty):
            return
        self.show(0)

    def order(self) -> None:
        try:
            row = self.checkout.place(self.me, PURCHASE)
        except (CartEmpty, PriceChanged, CouponRefused):
            return
        self.check(row)

    def check(self, row: Mapping[str, Any]) -> None:
        assert {line["product_id"]: line["price"] for line in row["lines"]} == {
            line["product_id"]: self.seen[line["product_id"]] for line in row["lines"]
        }
        if self.seen_goods is not None:
            assert row["total_price"] == self.seen_goods
        self.seen_goods = None

    def order_after_a_look(self) -> None:
        """Once the cart was shown, and no code is left that does not count, nothing is refused."""
        self.show(0)
        try:
            self.choices.remove_coupon(self.me, self.code)
            self.show(0)
        except (NotFound, CartEmpty):
            pass
        try:
            self.check(self.checkout.place(self.me, PURCHASE))
        except CartEmpty:
            assert not self.carts.shown(self.me).priced.lines
