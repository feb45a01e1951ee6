"""One order from the cart to the refund, through VNPay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.api import Platform

Ipn = Callable[[str], str]


def test_an_order_is_held_paid_and_refunded(
    shop: Any,
    shopper: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
    login: Any,
    outbox_events: Any,
    run_jobs: Any,
) -> None:
    order = shopper.order(serum, 2)
    assert "when it has been paid" in shopper.said
    assert shopper.shown(order) == ("pending", "pending")
    assert shop.stock(serum) == (8, 2)
    assert shop.on_hand(serum) == 10
    reference = shopper.open_page(order)
    assert ipn(vnpay.pay(reference)) == "00"
    assert ipn(vnpay.ipn(reference)) == "02"
    assert shopper.shown(order) == ("confirmed", "paid")
    assert shop.stock(serum) == (8, 0)
    assert shop.on_hand(serum) == 8
    (paid,) = outbox_events("commerce.order_paid")
    assert (paid["_id"], paid["payload"]["amount"]) == (f"{order}:paid", 600_000)
    assert paid["payload"]["lines"][0]["cost_price"] == 120_000

    admin = login("admin")
    variant = paid["payload"]["lines"][0]["variant_id"]
    wish = {"items": [{"variantId": variant, "quantity": 1}], "reason": "damaged"}
    asked = admin.post(f"/api/orders/{order}/refunds", json=wish)
    assert asked.status_code == 201, asked.get_json()
    assert asked.get_json()["refund"]["amount"] == 300_000
    run_jobs()
    (refund,) = shop.refunds(order)
    assert refund["state"] == "succeeded"
    assert vnpay.refunded == {reference: 300_000}
    assert shopper.shown(order) == ("confirmed", "partially_refunded")
    (event,) = outbox_events("commerce.order_refunded")
    assert event["payload"]["lines"] == [
        {"variant_id": variant, "quantity": 1, "amount": 300_000, "tax": 0}
    ]

    assert shopper.caller.post(f"/api/orders/{order}/cancel", json={}).status_code == 200
    run_jobs()
    assert shopper.shown(order) == ("cancelled", "refunded")
    assert vnpay.refunded == {reference: 600_000}
    assert (shop.stock(serum), shop.on_hand(serum)) == ((10, 0), 10)
    assert shop.reviews() == []


def test_a_failed_payment_is_made_anew_with_the_same_order(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    order = shopper.order(serum, 2)
    first = shopper.open_page(order)
    assert ipn(vnpay.pay(first, "24", "02")) == "00"
    assert shopper.shown(order) == ("pending", "pending")
    assert shop.stock(serum) == (10, 0)
    second = shopper.open_page(order)
    assert second != first
    assert shop.stock(serum) == (8, 2)
    assert ipn(vnpay.pay(second)) == "00"
    assert shopper.shown(order) == ("confirmed", "paid")
    assert (shop.stock(serum), shop.on_hand(serum)) == ((8, 0), 8)


def test_the_method_may_change_without_a_second_order(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    order = shopper.order(serum)
    left = shopper.open_page(order)
    payment = shopper.start(order, "cod")
    assert payment["paymentMethodId"] == "cod"
    assert shopper.shown(order) == ("confirmed", "pending")
    assert (shop.stock(serum), shop.on_hand(serum)) == ((9, 0), 9)
    # The customer paid on the page that was left open all the same: it is their order's money.
    assert ipn(vnpay.pay(left)) == "00"
    assert shopper.shown(order) == ("confirmed", "paid")
    assert shop.reviews() == ["late"]


def test_what_nobody_pays_is_let_go_and_cancelled(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, platform: Platform, clock: Any
) -> None:
    order = shopper.order(serum, 3)
    shopper.open_page(order)
    expiry = platform.services.require(Expiry)
    clock.advance(timedelta(minutes=14))
    assert expiry.run() == (0, 0)
    clock.advance(timedelta(minutes=1))
    assert expiry.run() == (1, 0)
    assert expiry.run() == (0, 0)
    assert shop.stock(serum) == (10, 0)
    assert shopper.shown(order) == ("pending", "pending")
