"""What needs a human: each reason, each decision that fits it, and each decision once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.payment_review import PaymentReview
from wrencos_commerce.testing.fake_bank import FakeBank
from wrencos_commerce.testing.fake_stripe import FakeStripe
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

Ipn = Callable[[str], str]

pytestmark = pytest.mark.usefixtures("clock")


class Cases:
    """Brings an order of two pieces into each state that a human must look at."""

    def __init__(self, **parts: Any) -> None:
        self.__dict__ |= parts

    def amount_mismatch(self) -> str:
        order = self._order()
        reference = self.shopper.open_page(order)
        self.vnpay.pay(reference, "24", "02")
        wrong = {"Amount": "100", "ResponseCode": "00", "TransactionStatus": "00"}
        assert self.ipn(self.vnpay.ipn(reference, **wrong)) == "04"
        return order

    def suspicious(self) -> str:
        order = self._order()
        assert self.ipn(self.vnpay.pay(self.shopper.open_page(order), "07", "07")) == "00"
        return order

    def late(self) -> str:
        order = self._order()
        reference = self.shopper.open_page(order)
        self.shopper.cancel(order)
        assert self.ipn(self.vnpay.pay(reference)) == "00"
        return order

    def paid_twice(self) -> str:
        order = self._order()
        first = self.shopper.open_page(order)
        second = self.shopper.start(order, "stripe")["paymentId"]
        session = self.stripe.session_of(self.shop.payment(second)["reference"])["id"]
        self.tell("stripe", self.stripe.pay(session))
        assert self.ipn(self.vnpay.pay(first)) == "00"
        return order

    def out_of_stock(self) -> str:
        order = self._order()
        reference = self.shopper.open_page(order)
        self.clock.advance(timedelta(minutes=15))
        self.shop.expire()
        self.sold = self.shopper.order(self.serum, 9, "cod")
        assert self.ipn(self.vnpay.pay(reference)) == "00"
        return order

    def underpaid(self) -> str:
        return self._transferred(100_000)

    def overpaid(self) -> str:
        return self._transferred(700_000)

    def unknown_transfer(self) -> str:
        return self._transferred(600_000, memo="cam on")

    def refund_stuck(self) -> str:
        order = self._order()
        assert self.ipn(self.vnpay.pay(self.shopper.open_page(order))) == "00"
        self.vnpay.refund_status = "09"
        self.desk.refund(order)
        self.run_jobs()
        self.vnpay.refund_status = "00"
        return order

    def foreign_refund(self) -> str:
        order = self._order()
        payment = self.shopper.start(order, "stripe")["paymentId"]
        session = self.stripe.session_of(self.shop.payment(payment)["reference"])
        self.tell("stripe", self.stripe.pay(session["id"]))
        foreign = {
            "id": "re_test_foreign",
            "amount": 5,
            "currency": "vnd",
            "status": "succeeded",
            "payment_intent": session["payment_intent"],
        }
        self.tell("stripe", self.stripe.event("refund.created", foreign))
        return order

    def _order(self, method: str = "vnpay") -> str:
        return str(self.shopper.order(self.serum, 2, method))

    def _transferred(self, amount: int, **changes: Any) -> str:
        order = self._order("bank_transfer")
        code = self.shopper.start(order)["next"]["qrPayload"]
        transfer = self.bank.transfer(code, amount=amount, **changes)
        assert self.tell("bank_transfer", self.bank.message(transfer)) == (200, "applied")
        return order


@pytest.fixture
def cases(
    shop: Any,
    shopper: Any,
    desk: Any,
    serum: str,
    vnpay: FakeVNPay,
    stripe: FakeStripe,
    bank: FakeBank,
    ipn: Ipn,
    tell: Any,
    run_jobs: Any,
    clock: Any,
) -> Cases:
    return Cases(
        shop=shop,
        shopper=shopper,
        desk=desk,
        serum=serum,
        vnpay=vnpay,
        stripe=stripe,
        bank=bank,
        ipn=ipn,
        tell=tell,
        run_jobs=run_jobs,
        clock=clock,
    )


# From a reason and a decision to what is answered, and what the order's customer sees then.
WAITS, PAID = ("pending", "pending"), ("confirmed", "paid")
DECISIONS = {
    ("amount_mismatch", "accept"): (200, PAID),
    ("amount_mismatch", "reject"): (200, WAITS),
    ("amount_mismatch", "close"): (200, WAITS),
    ("amount_mismatch", "refund"): (409, WAITS),
    ("amount_mismatch", "fulfil"): (422, WAITS),
    ("suspicious", "accept"): (200, PAID),
    ("suspicious", "reject"): (200, WAITS),
    ("suspicious", "close"): (200, WAITS),
    ("suspicious", "refund"): (409, WAITS),
    ("suspicious", "fulfil"): (422, WAITS),
    ("late", "refund"): (200, ("cancelled", "void")),
    ("late", "close"): (200, ("cancelled", "void")),
    ("late", "accept"): (422, ("cancelled", "void")),
    ("late", "reject"): (422, ("cancelled", "void")),
    ("late", "fulfil"): (422, ("cancelled", "void")),
    ("paid_twice", "refund"): (200, PAID),
    ("paid_twice", "close"): (200, PAID),
    ("paid_twice", "accept"): (422, PAID),
    ("paid_twice", "reject"): (422, PAID),
    ("paid_twice", "fulfil"): (422, PAID),
    ("out_of_stock", "fulfil"): (409, ("pending", "paid")),
    ("out_of_stock", "close"): (422, ("pending", "paid")),
    ("out_of_stock", "refund"): (409, ("pending", "paid")),
    ("out_of_stock", "accept"): (422, ("pending", "paid")),
    ("out_of_stock", "reject"): (422, ("pending", "paid")),
    ("underpaid", "accept"): (200, PAID),
    ("underpaid", "reject"): (422, WAITS),
    ("underpaid", "close"): (422, WAITS),
    ("underpaid", "refund"): (409, WAITS),
    ("underpaid", "fulfil"): (422, WAITS),
    ("overpaid", "refund"): (200, PAID),
    ("overpaid", "close"): (200, PAID),
    ("overpaid", "accept"): (422, PAID),
    ("overpaid", "reject"): (422, PAID),
    ("overpaid", "fulfil"): (422, PAID),
    ("unknown_transfer", "close"): (200, WAITS),
    ("unknown_transfer", "accept"): (422, WAITS),
    ("refund_stuck", "close"): (200, PAID),
    ("refund_stuck", "refund"): (409, PAID),
    ("refund_stuck", "accept"): (409, PAID),
    ("refund_stuck", "reject"): (409, PAID),
    ("refund_stuck", "fulfil"): (422, PAID),
    ("foreign_refund", "close"): (200, PAID),
    ("foreign_refund", "refund"): (409, PAID),
    ("foreign_refund", "accept"): (422, PAID),
}


@pytest.mark.parametrize(
    ("case", "expected"), DECISIONS.items(), ids=lambda one: "-".join(map(str, one))
)
def test_each_reason_and_each_decision(
    shop: Any,
    shopper: Any,
    desk: Any,
    cases: Cases,
    case: tuple[str, str],
    expected: tuple[int, tuple[str, str]],
) -> None:
    (reason, decision), (status, shown) = case, expected
    order = getattr(cases, reason)()
    assert shop.reviews() == [reason]
    id = shop.review(reason)["_id"]
    answer = desk.resolve_id(id, decision, status)
    assert shopper.shown(order) == shown
    if status != 200:
        assert shop.reviews() == [reason]
        return
    assert answer["review"]["resolution"] == decision
    assert answer["review"]["resolvedBy"] == desk.caller.user_id
    assert shop.reviews() == []
    again = desk.resolve_id(id, decision, 409)
    assert again["type"].endswith("review-resolved")


def test_what_was_closed_does_not_wait_for_ever(
    shop: Any, shopper: Any, desk: Any, serum: str, cases: Cases, clock: Any
) -> None:
    order = cases.suspicious()
    clock.advance(timedelta(days=5))
    shop.reconcile()
    assert shop.expire() == (0, 0)
    shop.add_up()
    desk.resolve("suspicious", "close")
    assert shop.order(order)["pay_until"] is not None
    shop.add_up()
    clock.advance(timedelta(minutes=1))
    assert shop.expire() == (1, 0)
    clock.advance(timedelta(hours=25))
    shop.reconcile()
    shop.expire()
    assert shopper.shown(order) == ("cancelled", "void")
    assert shop.stock(serum) == (10, 0)
    shop.add_up()


def test_what_was_paid_back_in_part_can_still_be_fulfilled(
    shop: Any, shopper: Any, desk: Any, cases: Cases
) -> None:
    order = cases.out_of_stock()
    desk.refund(order, amount=1_000)
    cases.run_jobs()
    shopper.cancel(cases.sold)
    desk.resolve("out_of_stock", "fulfil")
    assert shopper.shown(order) == ("confirmed", "partially_refunded")
    shop.add_up()


def test_one_of_two_doubts_is_not_enough_to_let_an_order_go(
    shop: Any, shopper: Any, desk: Any, cases: Cases
) -> None:
    order = cases.amount_mismatch()
    (payment,) = shop.payments(order)
    doubted = cases.vnpay.ipn(
        payment["reference"], ResponseCode="07", TransactionStatus="07", TransactionNo="5"
    )
    assert cases.ipn(doubted) == "00"
    desk.resolve("amount_mismatch", "close")
    assert shop.order(order).get("pay_until") is None
    desk.resolve("suspicious", "close")
    assert shop.order(order)["pay_until"] is not None
    shop.add_up()
    assert shopper.start(order)["state"] == "pending"


def test_what_was_given_up_can_still_be_accepted(
    shop: Any, shopper: Any, desk: Any, cases: Cases
) -> None:
    order = cases.suspicious()
    shopper.cancel(order)
    desk.resolve("suspicious", "accept")
    assert shop.states(order) == ["paid"]
    assert shopper.shown(order) == ("cancelled", "void")
    assert shop.reviews() == ["late"]
    desk.resolve("late", "refund")
    assert len(shop.refunds(order)) == 1


def test_two_managers_at_once_decide_once(shop: Any, desk: Any, cases: Cases) -> None:
    order = cases.late()
    id, admin = shop.review("late")["_id"], desk.caller

    def decide(_: int) -> int:
        own = Caller(admin.app, admin.user_id, admin.token)
        body = {"resolution": "refund"}
        return own.post(f"/api/payment-reviews/{id}/resolve", json=body).status_code

    assert Counter(run_in_threads(3, decide)) == {200: 1, 409: 2}
    assert len(shop.refunds(order)) == 1
    cases.run_jobs()
    shop.add_up()


def test_a_decision_is_in_the_audit_log(shop: Any, desk: Any, cases: Cases) -> None:
    cases.late()
    desk.resolve("late", "close")
    (entry,) = shop.audited("commerce.payments.resolve")
    assert entry["changes"]["reason"] == "late"
    assert entry["changes"]["resolution"] == "close"


def test_who_may_decide(shop: Any, shopper: Any, login: Any, client: Any, cases: Cases) -> None:
    cases.late()
    path = f"/api/payment-reviews/{shop.review('late')['_id']}/resolve"
    body = {"resolution": "close"}
    assert client.post(path, json=body).status_code == 401
    assert shopper.caller.post(path, json=body).status_code == 403
    assert login("staff").post(path, json=body).status_code == 403
    manager = login("staff", ["commerce.payments.review"])
    assert manager.get("/api/payment-reviews").get_json()["totalCount"] == 1
    assert manager.get("/api/payment-reviews?state=resolved").get_json()["totalCount"] == 0
    assert manager.get("/api/payment-reviews?state=odd").status_code == 422
    for bad in ({}, {"resolution": "odd"}, {"resolution": "close", "note": "x" * 501}):
        assert manager.post(path, json=bad).status_code == 422
    nobody = path.replace(shop.review("late")["_id"], "prev_nobody")
    assert manager.post(nobody, json=body).status_code == 404
    assert manager.post(path, json={**body, "note": "called them"}).status_code == 200
    assert manager.get("/api/payment-reviews?state=all").get_json()["totalCount"] == 1
    assert PaymentReview.raw().find_one()["note"] == "called them"
