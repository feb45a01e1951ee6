"""The background work: each job twice and at once, and every question answered by an index."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.payments import reconciliation, work
from wrencos_commerce.services.payments.queries import PaymentQueries
from wrencos_commerce.services.payments.reconciliation import Reconciliation
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.services.payments.refunds import SUBMIT_REFUND, Refunds
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.testing.fake_stripe import FakeStripe
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.api import Platform
from wrencos_core.testing.threads import run_in_threads

pytestmark = pytest.mark.usefixtures("clock")


def run(shop: Any, run_jobs: Any, name: str, **arguments: Any) -> None:
    """Have the worker run the job twice."""
    for number in range(2):
        shop.platform.jobs.enqueue(name, key=f"{name}-{number}", **arguments)
    run_jobs()


def test_expiry(shop: Any, shopper: Any, serum: str, run_jobs: Any, clock: Any) -> None:
    left = shopper.order(serum, 2)
    kept = shopper.order(serum, 1, "cod")
    clock.advance(timedelta(minutes=16))
    run(shop, run_jobs, work.EXPIRE)
    assert shopper.shown(left) == ("pending", "pending")
    assert shop.stock(serum) == (9, 0)
    clock.advance(timedelta(hours=24))
    run(shop, run_jobs, work.EXPIRE)
    assert shopper.shown(left) == ("cancelled", "void")
    assert shopper.shown(kept) == ("confirmed", "pending")
    assert shop.states(left) == ["expired"]
    shop.add_up()


def test_many_expiries_at_once_cancel_once(
    shop: Any, shopper: Any, serum: str, clock: Any, outbox_events: Any
) -> None:
    for _ in range(3):
        shopper.order(serum, 2)
    clock.advance(timedelta(days=2))
    outcomes: Any = run_in_threads(4, lambda _: shop.expire())
    assert [sum(column) for column in zip(*outcomes, strict=True)] == [3, 3]
    assert len(outbox_events("commerce.order_cancelled")) == 3
    shop.add_up()


def test_reconciliation(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, run_jobs: Any, clock: Any
) -> None:
    paid, left = shopper.order(serum), shopper.order(serum)
    vnpay.pay(shopper.open_page(paid))
    shopper.open_page(left)
    clock.advance(timedelta(minutes=14))
    run(shop, run_jobs, work.RECONCILE)
    assert vnpay.requests[-1].path.endswith("vpcpay.html")
    clock.advance(timedelta(minutes=1))
    run(shop, run_jobs, work.RECONCILE)
    assert shopper.shown(paid) == ("confirmed", "paid")
    assert shop.states(left) == ["pending"]
    # Once each, as the next question is due later.
    assert len([one for one in vnpay.requests if "/api/" in one.path]) == 2
    shop.add_up()


def test_the_questions_about_one_payment_get_rarer_and_end(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, clock: Any
) -> None:
    order = shopper.order(serum)
    shopper.open_page(order)
    asked = []
    for minute in range(0, 60 * 28, 5):
        clock.advance(timedelta(minutes=5))
        asked += [minute for _ in shop.reconcile()]
    assert 20 < len(asked) < 40
    assert max(asked) < 60 * 26
    assert shop.states(order) == ["expired"]
    assert Payment.raw().find_one({"ask_at": {"$exists": True}}) is None


def test_many_runs_at_once_ask_about_each_payment_once(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, clock: Any
) -> None:
    for _ in range(4):
        shopper.open_page(shopper.order(serum))
    clock.advance(timedelta(minutes=15))
    vnpay.requests.clear()
    outcomes: Any = run_in_threads(4, lambda _: shop.reconcile())
    assert sum(len(outcome) for outcome in outcomes) == 4
    asked = [json.loads(request.body)["vnp_TxnRef"] for request in vnpay.requests]
    assert len(asked) == len(set(asked)) == 4


def test_a_run_ends_after_its_time_and_the_next_goes_on(
    shop: Any,
    shopper: Any,
    serum: str,
    clock: Any,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconciliation, "RUN_SECONDS", 0)
    for _ in range(2):
        shopper.open_page(shopper.order(serum))
    clock.advance(timedelta(minutes=15))
    assert [answer for _, answer, _ in shop.reconcile()] == ["answered"]
    assert [answer for _, answer, _ in shop.reconcile()] == ["answered"]
    assert shop.reconcile() == []


def test_a_run_of_refunds_ends_after_its_time_too(
    shopper: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Any,
    login: Any,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconciliation, "RUN_SECONDS", 0)
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    assert ipn(vnpay.pay(reference)) == "00"
    wish = {"amount": 100_000, "reason": "goodwill"}
    for _ in range(2):
        assert login("admin").post(f"/api/orders/{order}/refunds", json=wish).status_code == 201
    sending = platform.services.require(RefundSending)
    assert [sending.run(), sending.run(), sending.run()] == [1, 1, 0]
    assert vnpay.refunded == {reference: 200_000}


@pytest.mark.parametrize("failure", ["error", "drop"])
def test_a_gateway_that_is_away_is_no_reason_to_give_up(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, clock: Any, failure: Any
) -> None:
    order = shopper.order(serum)
    vnpay.pay(shopper.open_page(order))
    clock.advance(timedelta(hours=20))
    vnpay.fail(failure, path="/merchant_webapi")
    assert shop.reconcile() == [("pending", "unanswered", "pending")]
    # Until it was asked, the order is not cancelled either.
    clock.advance(timedelta(hours=4))
    shop.expire()
    assert shopper.shown(order) == ("pending", "pending")
    assert shop.reconcile() == [("pending", "answered", "paid")]
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


def test_an_answer_that_nobody_signed_changes_nothing(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, clock: Any
) -> None:
    order = shopper.order(serum)
    vnpay.pay(shopper.open_page(order), "24", "02")
    vnpay.is_signing = False
    clock.advance(timedelta(minutes=15))
    assert shop.reconcile() == [("pending", "unanswered", "pending")]
    assert shop.messages() == 0


def test_one_gateway_that_breaks_does_not_keep_the_others_waiting(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, stripe: FakeStripe, clock: Any
) -> None:
    first = shopper.order(serum, method="stripe")
    shopper.start(first)
    second = shopper.order(serum)
    vnpay.pay(shopper.open_page(second))
    for session in stripe.sessions.values():
        # No answer that the gateway's own code expects.
        session["payment_intent"] = session["id"]
        session["currency"] = "zzz"
    clock.advance(timedelta(minutes=15))
    answers = shop.reconcile()
    assert ("pending", "answered", "paid") in answers
    assert len(answers) == 2


@pytest.mark.parametrize("method", ["cod", "bank_transfer"])
def test_nobody_is_asked_of_what_people_pay(
    shop: Any, shopper: Any, serum: str, method: str
) -> None:
    order = shopper.order(serum, method=method)
    shopper.start(order)
    shopper.start(order, "vnpay")
    shopper.cancel(order)
    assert Payment.raw().find_one({"method": method, "ask_at": {"$exists": True}}) is None


def test_sending_a_refund(
    shop: Any, shopper: Any, desk: Any, serum: str, vnpay: FakeVNPay, ipn: Any, run_jobs: Any
) -> None:
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    ipn(vnpay.pay(reference))
    id = desk.refund(order)["refundId"]
    run(shop, run_jobs, SUBMIT_REFUND, refund_id=id)
    run(shop, run_jobs, work.CHASE_REFUNDS)
    assert vnpay.refunded == {reference: 300_000}
    assert len(vnpay.transactions[reference].refunds) == 1
    shop.add_up()


def test_chasing_refunds(
    shop: Any,
    shopper: Any,
    desk: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Any,
    run_jobs: Any,
    clock: Any,
) -> None:
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    ipn(vnpay.pay(reference))
    desk.refund(order)
    shop.platform.redis.flushdb()
    vnpay.fail("lose", path="/merchant_webapi")
    run(shop, run_jobs, work.CHASE_REFUNDS)
    assert [one["state"] for one in shop.refunds(order)] == ["unknown"]
    clock.advance(timedelta(minutes=3))
    run(shop, run_jobs, work.CHASE_REFUNDS)
    assert [one["state"] for one in shop.refunds(order)] == ["succeeded"]
    assert len(vnpay.transactions[reference].refunds) == 1
    shop.add_up()


def test_the_jobs_are_scheduled() -> None:
    assert {schedule.job for schedule in work.payment_schedules()} == {
        work.EXPIRE,
        work.RECONCILE,
        work.CHASE_REFUNDS,
    }


@pytest.fixture
def filled(
    shop: Any, shopper: Any, desk: Any, serum: str, vnpay: FakeVNPay, ipn: Any, clock: Any
) -> str:
    """A shop with a bit of everything, all of it due; an order."""
    order = shopper.order(serum)
    ipn(vnpay.pay(shopper.open_page(order)))
    desk.refund(order, amount=1_000)
    late = shopper.order(serum)
    reference = shopper.open_page(late)
    shopper.cancel(late)
    ipn(vnpay.pay(reference))
    shopper.open_page(shopper.order(serum))
    clock.advance(timedelta(days=2))
    return str(order)


def test_what_is_due_is_found_by_an_index(
    shop: Any, filled: str, commands_of: Any, plans_of: Any
) -> None:
    assert filled
    for job in (shop.expire, shop.reconcile, shop.chase):
        finds = [one for one in commands_of(job) if "find" in one]
        assert finds
        for find in finds:
            for plan in plans_of(find):
                assert "COLLSCAN" not in plan["stages"], find
                assert "SORT" not in plan["stages"], find


def test_every_list_is_answered_by_an_index(
    shop: Any, shopper: Any, filled: str, commands_of: Any, plans_of: Any
) -> None:
    find = shop.platform.services.require
    of_user, of_order = {"user_id": shopper.caller.user_id}, {"order_id": filled}
    payments, refunds = find(PaymentQueries).page, find(Refunds).page
    pages: list[Any] = [
        *[
            lambda wanted=wanted: payments(wanted, 0, 20)
            for wanted in ({}, of_user, of_order, {"state": "paid"}, {"method": "vnpay"})
        ],
        *[
            lambda wanted=wanted: refunds(wanted, 0, 20)
            for wanted in ({}, of_order, {"state": "requested"}, {"payment_id": "pay_x"})
        ],
        lambda: find(PaymentReviews).page("open", 0, 20),
        lambda: find(PaymentReviews).page(None, 0, 20),
    ]
    for page in pages:
        (sent,) = commands_of(page)
        found, _ = plans_of(sent)
        assert "COLLSCAN" not in found["stages"], sent
        assert "SORT" not in found["stages"], sent
    for read in (
        lambda: find(PaymentQueries).of_order(filled),
        lambda: find(PaymentQueries).messages("pay_x"),
        lambda: find(Refunds).of_order(filled),
        lambda: find(Reconciliation).open_payments(),
        lambda: find(RefundSending).run(),
    ):
        for sent in commands_of(read):
            for plan in plans_of(sent) if "find" in sent else ():
                assert "COLLSCAN" not in plan["stages"], sent
