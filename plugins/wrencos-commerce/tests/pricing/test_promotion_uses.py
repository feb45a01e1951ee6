"""Limits of promotions, with many orders at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.errors import CouponRefused
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.promotion import Coupon, Promotion, PromotionUse, PromotionUser
from wrencos_commerce.services.cart_choices import CartChoices
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.priced import PricingContext
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_core.api import SYSTEM, Identity, Platform, Role, new_id, transaction
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
MakePromotion = Callable[..., str]

HOME = ShippingAddress(street="1 Example Road", city="Huế", country="VN")
PURCHASE = Purchase(payment_method_id="cod", address=HOME)


@pytest.fixture
def serum(make_product: MakeProduct) -> str:
    return make_product(price=Decimal(20), inventory=100)


def buyer(platform: Platform, product: str, code: str | None = None) -> CartHolder:
    """A customer with the product and the coupon in the cart."""
    holder = CartHolder(Identity(user_id=new_id("user"), role=Role.CUSTOMER))
    fill(platform, holder, product, code)
    return holder


def fill(platform: Platform, holder: CartHolder, product: str, code: str | None) -> None:
    platform.services.require(Carts).add(holder, product, 1)
    if code:
        platform.services.require(CartChoices).add_coupon(holder, code)
    platform.services.require(Carts).shown(holder)


def kinds(outcomes: list[Any]) -> dict[str, int]:
    return dict(Counter(type(one).__name__ for one in outcomes))


@pytest.mark.parametrize("of_code", [True, False])
def test_one_use_and_eight_checkouts(
    platform: Platform, serum: str, make_promotion: MakePromotion, of_code: bool
) -> None:
    limits: dict[str, Any] = {"max_uses_of_code": 1} if of_code else {"max_uses": 1}
    make_promotion("ONE", **limits)
    buyers = [buyer(platform, serum, "ONE") for _ in range(8)]
    checkout = platform.services.require(Checkout)
    outcomes = run_in_threads(8, lambda number: checkout.place(buyers[number], PURCHASE))
    assert kinds(outcomes) == {"dict": 1, "CouponRefused": 7}
    for refused in outcomes:
        if isinstance(refused, CouponRefused):
            assert refused.extra["total"] == 20
            assert refused.extra["coupons"] == [{"code": "ONE", "reason": "used-up"}]
    counted = Coupon if of_code else Promotion
    assert counted.raw().find_one()["uses"] == 1
    assert [order["total_price"] for order in Order.raw().find()] == [1800]


def test_an_automatic_one_that_runs_out_changes_the_price(
    platform: Platform, serum: str, make_promotion: MakePromotion
) -> None:
    make_promotion(is_automatic=True, max_uses=3)
    buyers = [buyer(platform, serum) for _ in range(8)]
    checkout = platform.services.require(Checkout)
    outcomes = run_in_threads(8, lambda number: checkout.place(buyers[number], PURCHASE))
    assert kinds(outcomes) == {"dict": 3, "PriceChanged": 5}
    assert Promotion.raw().find_one()["uses"] == 3


def test_once_for_each_customer_whoever_writes_the_order(
    platform: Platform, serum: str, make_promotion: MakePromotion
) -> None:
    """Their own checkouts meet at the cart; orders that staff write for them do not."""
    make_promotion(is_automatic=True, max_uses_per_user=1)
    holder = buyer(platform, serum)
    carts, pricing = platform.services.require(Carts), platform.services.require(Pricing)
    lines = carts.lines_of(carts.current(holder))
    context = PricingContext(identity=holder.identity)

    def write(number: int) -> int:
        priced = pricing.price(lines, context)
        Promotions.count_uses(priced, holder.identity.user_id, f"order_{number}")
        return priced.total

    outcomes = run_in_threads(6, lambda number: transaction(lambda: write(number)))
    assert Counter(outcomes) == {1800: 1, 2000: 5}
    assert PromotionUser.raw().find_one()["uses"] == 1
    assert PromotionUse.raw().count_documents({}) == 1


def test_codes_are_read_in_small_letters_too_and_once(
    platform: Platform, serum: str, make_promotion: MakePromotion
) -> None:
    make_promotion("SPRING")
    carts, pricing = platform.services.require(Carts), platform.services.require(Pricing)
    holder = buyer(platform, serum)
    context = PricingContext(identity=holder.identity, coupons=[" spring", "Spring", "none"])
    priced = pricing.price(carts.lines_of(carts.current(holder)), context)
    assert (priced.total, priced.refused_coupons) == (1800, {"NONE": "unknown"})
    assert [used.code for used in priced.promotions] == ["SPRING"]


def test_one_customer_clicks_eight_times(
    platform: Platform, serum: str, make_promotion: MakePromotion
) -> None:
    make_promotion("ONCE", max_uses_per_user=1)
    holder = buyer(platform, serum, "ONCE")
    checkout = platform.services.require(Checkout)
    outcomes = run_in_threads(8, lambda _: checkout.place(holder, PURCHASE))
    assert kinds(outcomes) == {"dict": 1, "CartEmpty": 7}
    assert PromotionUser.raw().find_one()["uses"] == 1
    with pytest.raises(CouponRefused):
        fill(platform, holder, serum, "ONCE")


def test_a_cancelled_order_gives_its_uses_back_once(
    platform: Platform,
    login: Any,
    serum: str,
    make_promotion: MakePromotion,
    purchase: dict[str, Any],
) -> None:
    make_promotion("ONE", max_uses=1, max_uses_per_user=1, max_uses_of_code=1)
    me: Caller = login()
    me.post("/api/cart/items", json={"productId": serum})
    assert me.post("/api/cart/coupons", json={"code": "ONE"}).status_code == 200
    order_id = me.post("/api/cart/checkout", json=purchase).get_json()["orderId"]

    def uses() -> list[int]:
        return [model.raw().find_one()["uses"] for model in (Promotion, Coupon, PromotionUser)]

    assert uses() == [1, 1, 1]
    assert me.post(f"/api/orders/{order_id}/cancel").status_code == 200
    assert uses() == [0, 0, 0]
    order = Order.raw().find_one({"_id": order_id})
    run_in_threads(4, lambda _: Promotions.give_back(order))
    assert uses() == [0, 0, 0]
    assert PromotionUse.raw().find_one()["given_back_at"] is not None
    me.post("/api/cart/items", json={"productId": serum})
    assert me.post("/api/cart/coupons", json={"code": "ONE"}).status_code == 200
    assert me.post("/api/cart/checkout", json=purchase).status_code == 201
    assert uses() == [1, 1, 1]


def test_an_order_for_nothing_is_paid_at_once_and_nothing_goes_back(
    me: Caller,
    add: Callable[..., None],
    serum: str,
    make_promotion: MakePromotion,
    purchase: dict[str, Any],
    outbox_events: Any,
) -> None:
    make_promotion("GIFT", percent="100")
    add(me, serum)
    me.post("/api/cart/coupons", json={"code": "GIFT"})
    placed = me.post("/api/cart/checkout", json=purchase).get_json()
    assert (placed["totalPrice"], placed["paymentStatus"]) == (0, "paid")
    assert me.post(f"/api/orders/{placed['orderId']}/cancel").status_code == 200
    (event,) = outbox_events("commerce.order_cancelled")
    assert event["payload"]["was_paid"] is False
    assert outbox_events("commerce.order_refunded") == []


def test_giving_back_at_once_counts_once(
    platform: Platform, serum: str, make_promotion: MakePromotion
) -> None:
    make_promotion("TWICE", max_uses=2)
    checkout = platform.services.require(Checkout)
    first, _ = [checkout.place(buyer(platform, serum, "TWICE"), PURCHASE) for _ in range(2)]
    outcomes = run_in_threads(6, lambda _: Promotions.give_back(first))
    assert kinds(outcomes) == {"NoneType": 6}
    assert Promotion.raw().find_one()["uses"] == 1


def test_a_limit_counts_what_is_used_while_there_is_one(
    platform: Platform, serum: str, make_promotion: MakePromotion
) -> None:
    id = make_promotion("SOME")
    promotions = platform.services.require(Promotions)

    def uses_after(**changes: Any) -> int:
        promotions.update(id, changes, SYSTEM)
        platform.services.require(Checkout).place(buyer(platform, serum, "SOME"), PURCHASE)
        return int(promotions.get(id)["uses"])

    assert uses_after() == 0
    assert uses_after(max_uses=3) == 1
    assert uses_after(max_uses=None) == 1
    assert uses_after(max_uses=3) == 2
    assert promotions.used_by(id) == 4


def test_a_refused_checkout_uses_nothing(
    platform: Platform, serum: str, make_promotion: MakePromotion
) -> None:
    make_promotion("ONE", max_uses=1)
    holder = buyer(platform, serum, "ONE")
    wrong = Purchase(payment_method_id="cod", address=HOME, expected_total=Decimal(1))
    with pytest.raises(Exception, match="new total"):
        platform.services.require(Checkout).place(holder, wrong)
    assert Promotion.raw().find_one()["uses"] == 0
    assert PromotionUse.raw().count_documents({}) == 0
