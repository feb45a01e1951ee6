"""Beginning to pay, going on with it, and what becomes of attempts that come to nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from wrencos_commerce.models.payment import Payment
from wrencos_commerce.testing.fake_paypal import FakePayPal
from wrencos_commerce.testing.fake_stripe import FakeStripe
from wrencos_commerce.testing.fake_vnpay import FakeVNPay

Ipn = Callable[[str], str]

pytestmark = pytest.mark.usefixtures("clock")


def forget_what_was_answered(payment_id: str) -> None:
    """As if the process had died between the gateway's answer and the second transaction."""
    Payment.raw().update_one(
        {"_id": payment_id},
        {"$set": {"state": "created"}, "$unset": dict.fromkeys(("step", "gateway_id"), "")},
    )
    Payment.raw().update_one({"_id": payment_id}, {"$unset": {"gateway_key": ""}})


@pytest.mark.parametrize("method", ["vnpay", "stripe", "paypal", "bank_transfer"])
def test_the_same_again_is_the_same_attempt(
    shop: Any, shopper: Any, serum: str, method: str
) -> None:
    order = shopper.order(serum, method=method)
    first = shopper.start(order)
    assert shopper.start(order, method) == first
    assert shop.states(order) == ["pending"]


@pytest.mark.parametrize("method", ["vnpay", "stripe", "paypal", "bank_transfer"])
def test_an_attempt_whose_beginning_was_not_stored_begins_once_at_the_gateway(
    shop: Any,
    shopper: Any,
    serum: str,
    stripe: FakeStripe,
    paypal: FakePayPal,
    method: str,
) -> None:
    order = shopper.order(serum, method=method)
    first = shopper.start(order)
    forget_what_was_answered(first["paymentId"])
    # Even in another language: the gateway is asked for the same as before.
    shopper.caller._client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    again = shopper.start(order)
    assert (again["paymentId"], again["next"]) == (first["paymentId"], first["next"])
    assert len(stripe.sessions) + len(paypal.orders) == (method in ("stripe", "paypal"))
    shop.add_up()


def test_a_gateway_that_does_not_answer_is_a_503_and_the_next_try_is_the_same_attempt(
    shop: Any, shopper: Any, serum: str, paypal: FakePayPal
) -> None:
    order = shopper.order(serum, method="paypal")
    paypal.fail("lose", path="/v2/checkout/orders")
    assert shopper.start(order, status=503)["type"].endswith("payment-unavailable")
    assert shop.states(order) == ["created"]
    shopper.start(order)
    assert len(paypal.orders) == 1
    assert shop.states(order) == ["pending"]


def test_another_way_closes_the_page_that_was_open_before(
    shop: Any, shopper: Any, serum: str, stripe: FakeStripe
) -> None:
    order = shopper.order(serum, method="stripe")
    shopper.start(order)
    shopper.start(order, "vnpay")
    assert shop.states(order) == ["cancelled", "pending"]
    shop.reconcile()
    assert [session["status"] for session in stripe.sessions.values()] == ["expired"]
    shop.add_up()


@pytest.mark.parametrize("instead", ["another way", "none"])
def test_a_page_that_was_begun_too_late_is_closed(
    shop: Any, shopper: Any, serum: str, stripe: FakeStripe, monkeypatch: Any, instead: str
) -> None:
    order = shopper.order(serum, method="stripe")
    call_off = shopper.cancel if instead == "none" else partial(shopper.start, method="vnpay")

    def answer(request: Any) -> Any:
        monkeypatch.undo()
        thread = threading.Thread(target=call_off, args=(order,))
        thread.start()
        thread.join()
        return stripe.answer(request)

    monkeypatch.setattr(stripe, "answer", answer)
    shopper.start(order)
    assert shop.states(order)[0] == "cancelled"
    (session,) = stripe.sessions.values()
    assert session["status"] == "open"
    shop.reconcile()
    assert session["status"] == "expired"
    shop.add_up()


@pytest.mark.parametrize("method", ["stripe", "paypal"])
def test_a_cancelled_order_can_not_be_paid_any_more(
    shop: Any, shopper: Any, serum: str, stripe: FakeStripe, paypal: FakePayPal, method: str
) -> None:
    order = shopper.order(serum, method=method)
    shopper.start(order)
    (payment,) = shop.payments(order)
    if method == "paypal":
        paypal.approve(paypal.order_of(payment["reference"])["id"])
    shopper.cancel(order)
    shop.reconcile()
    if method == "stripe":
        assert stripe.session_of(payment["reference"])["status"] == "expired"
    # PayPal's money is only taken by us.
    assert paypal.captures == {}
    assert shop.reconcile() == []
    assert shop.states(order) == ["cancelled"]
    shop.add_up()


def test_who_paid_just_before_the_order_was_cancelled_is_found_out(
    shop: Any, shopper: Any, desk: Any, serum: str, vnpay: FakeVNPay, run_jobs: Any, clock: Any
) -> None:
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    shopper.cancel(order)
    shop.reconcile()
    vnpay.pay(reference)
    clock.advance(timedelta(minutes=5))
    assert shop.reconcile() == [("cancelled", "answered", "paid")]
    assert shop.reviews() == ["late"]
    desk.resolve("late", "refund")
    run_jobs()
    assert vnpay.refunded == {reference: 300_000}
    shop.add_up()


def test_a_second_method_can_be_paid_too_and_the_second_money_is_refundable(
    shop: Any,
    shopper: Any,
    desk: Any,
    serum: str,
    vnpay: FakeVNPay,
    stripe: FakeStripe,
    ipn: Ipn,
    tell: Any,
    run_jobs: Any,
    outbox_events: Any,
) -> None:
    order = shopper.order(serum)
    at_vnpay = shopper.open_page(order)
    shopper.start(order, "stripe")
    (_, second) = shop.payments(order)
    session = stripe.session_of(second["reference"])["id"]
    assert tell("stripe", stripe.pay(session)) == (200, "applied")
    assert ipn(vnpay.pay(at_vnpay)) == "00"
    assert shop.states(order) == ["paid", "paid"]
    assert [payment["is_counted"] for payment in shop.payments(order)] == [False, True]
    assert shop.reviews() == ["paid_twice"]
    assert len(outbox_events("commerce.order_paid")) == 1
    shop.add_up()
    desk.resolve("paid_twice", "refund")
    run_jobs()
    assert vnpay.refunded == {at_vnpay: 300_000}
    assert shopper.shown(order) == ("confirmed", "paid")
    (event,) = outbox_events("commerce.order_refunded")
    assert (event["payload"]["lines"], event["payload"]["reason"]) == ([], "not_owed")
    shop.add_up()


def test_an_order_on_delivery_that_was_not_paid_online_is_paid_on_delivery(
    shop: Any, shopper: Any, login: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    order = shopper.order(serum, method="cod")
    assert ipn(vnpay.pay(shopper.open_page(order, "vnpay"), "24", "02")) == "00"
    assert shop.states(order) == ["cancelled", "cancelled", "created"]
    assert shopper.shown(order) == ("confirmed", "pending")
    assert shop.order(order)["payment_method"] == "cod"
    staff = login("staff")
    for status in ("shipped", "delivered"):
        staff.put(f"/api/orders/{order}/status", json={"newStatus": status})
    assert shopper.shown(order) == ("delivered", "paid")
    shop.add_up()


def test_beginning_anew_does_not_keep_the_pieces_from_others_for_ever(
    shop: Any, shopper: Any, serum: str, clock: Any
) -> None:
    order = shopper.order(serum, method="bank_transfer")
    begun = []
    for number in range(20):
        method = "bank_transfer" if number % 2 else "stripe"
        answer = {"orderId": order, "paymentMethodId": method}
        begun.append(shopper.caller.post("/api/payments", json=answer).status_code)
        clock.advance(timedelta(hours=6))
        shop.reconcile()
        shop.expire()
    assert begun == [200] * 12 + [409] * 8
    assert shopper.shown(order) == ("cancelled", "void")
    assert shop.stock(serum) == (10, 0)
    shop.add_up()


def test_nobody_pays_or_sees_the_order_of_another(shopper: Any, login: Any, serum: str) -> None:
    order = shopper.order(serum, method="bank_transfer")
    payment = shopper.start(order)["paymentId"]
    other = login()
    assert other.post("/api/payments", json={"orderId": order}).status_code == 404
    for path in (payment, f"{payment}/qr.svg", "pay_nobody"):
        assert other.get(f"/api/payments/{path}").status_code == 404
    assert other.get("/api/payments").get_json()["payments"] == []
    assert [one["paymentId"] for one in shopper.caller.get("/api/payments").get_json()["payments"]]
    assert shopper.caller.get(f"/api/payments/{payment}").status_code == 200
    assert shopper.caller.get(f"/api/payments/{payment}/qr.svg").status_code == 200


def test_who_is_logged_out_pays_nothing(client: Any, shopper: Any, serum: str) -> None:
    order = shopper.order(serum)
    assert client.post("/api/payments", json={"orderId": order}).status_code == 401
    assert client.get("/api/payments").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"orderId": ""}, 422),
        ({"orderId": 5}, 422),
        ({"orderId": "order_nobody"}, 404),
        ({"orderId": "ORDER", "paymentMethodId": "nobody"}, 422),
        ({"orderId": "ORDER", "paymentMethodId": "cash"}, 422),
        ({"orderId": "ORDER", "amount": 1}, 422),
    ],
)
def test_bad_input_begins_nothing(
    shop: Any, shopper: Any, serum: str, body: dict[str, Any], status: int
) -> None:
    order = shopper.order(serum)
    body = {name: order if value == "ORDER" else value for name, value in body.items()}
    assert shopper.caller.post("/api/payments", json=body).status_code == status
    assert shop.states(order) == ["created"]


def test_what_was_let_go_and_sold_can_not_be_paid(
    shop: Any, shopper: Any, login: Any, purchase: Any, serum: str, clock: Any
) -> None:
    order = shopper.order(serum, 10)
    shopper.open_page(order)
    clock.advance(timedelta(minutes=15))
    assert shop.expire() == (1, 0)
    type(shopper)(login(), purchase).order(serum, 1, "cod")
    assert shopper.start(order, status=409)["type"].endswith("out-of-stock")
    shop.add_up()


def test_money_for_what_was_sold_meanwhile_waits_until_it_is_there_again(
    shop: Any,
    shopper: Any,
    desk: Any,
    login: Any,
    purchase: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
    clock: Any,
    outbox_events: Any,
) -> None:
    order = shopper.order(serum, 10)
    reference = shopper.open_page(order)
    clock.advance(timedelta(minutes=15))
    shop.expire()
    other = type(shopper)(login(), purchase)
    taken = other.order(serum, 1, "cod")
    assert ipn(vnpay.pay(reference)) == "00"
    assert shopper.shown(order) == ("pending", "paid")
    assert shop.reviews() == ["out_of_stock"]
    assert len(outbox_events("commerce.order_paid")) == 1
    clock.advance(timedelta(days=3))
    assert shop.expire() == (0, 0)
    shop.add_up()
    assert desk.resolve("out_of_stock", "fulfil", 409)["type"].endswith("out-of-stock")
    other.cancel(taken)
    desk.resolve("out_of_stock", "fulfil")
    assert shopper.shown(order) == ("confirmed", "paid")
    assert len(outbox_events("commerce.order_paid")) == 1
    shop.add_up()


def test_a_paid_order_whose_pieces_were_sold_can_be_cancelled(
    shop: Any,
    shopper: Any,
    desk: Any,
    login: Any,
    purchase: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
    clock: Any,
    run_jobs: Any,
) -> None:
    order = shopper.order(serum, 10)
    reference = shopper.open_page(order)
    clock.advance(timedelta(minutes=15))
    shop.expire()
    type(shopper)(login(), purchase).order(serum, 1, "cod")
    ipn(vnpay.pay(reference))
    shopper.cancel(order)
    run_jobs()
    assert shopper.shown(order) == ("cancelled", "refunded")
    assert vnpay.refunded == {reference: 3_000_000}
    assert shop.stock(serum) == (9, 0)
    desk.resolve("out_of_stock", "close")
    shop.add_up()


def test_an_order_that_nobody_pays_is_cancelled_in_the_end(
    shop: Any, shopper: Any, serum: str, clock: Any
) -> None:
    order = shopper.order(serum, 3)
    shopper.open_page(order)
    for _ in range(60):
        clock.advance(timedelta(hours=1))
        shop.reconcile()
        shop.expire()
    assert shopper.shown(order) == ("cancelled", "void")
    assert shop.order(order)["cancel_reason"] == "not_paid"
    assert shop.stock(serum) == (10, 0)
    shop.add_up()


def test_success_after_the_order_expired_waits_for_a_human(
    shop: Any, shopper: Any, desk: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn, clock: Any
) -> None:
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    for _ in range(60):
        clock.advance(timedelta(hours=1))
        shop.reconcile()
        shop.expire()
    assert shop.states(order) == ["expired"]
    assert [ipn(vnpay.pay(reference)), ipn(vnpay.ipn(reference))] == ["00", "02"]
    assert shop.states(order) == ["paid"]
    assert shopper.shown(order) == ("cancelled", "void")
    assert shop.reviews() == ["late"]
    shop.add_up()
    desk.resolve("late", "refund")
    assert [refund["amount"] for refund in shop.refunds(order)] == [300_000]
