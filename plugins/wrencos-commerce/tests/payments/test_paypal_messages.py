"""PayPal: the customer agrees there, and we take the money, in another currency."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.testing.fake_paypal import FakePayPal, Message

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def order(shopper: Any, serum: str) -> str:
    """An order of 300,000 VND, 11.81 USD at PayPal, that waits for its payment."""
    order = str(shopper.order(serum, method="paypal"))
    shopper.start(order)
    return order


@pytest.fixture
def theirs(shop: Any, order: str, paypal: FakePayPal) -> str:
    """The id of PayPal's order."""
    (payment,) = shop.payments(order)
    return str(paypal.order_of(payment["reference"])["id"])


def back(client: Any, shop: Any, order: str, theirs: str, **more: str) -> Any:
    """Come back from PayPal's page."""
    (payment,) = shop.payments(order)
    path = f"/api/payments/return/paypal/{payment['reference']}"
    return client.get(path, query_string={"token": theirs, **more})


def test_that_the_customer_agreed_is_enough_to_take_the_money(
    shop: Any, shopper: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any
) -> None:
    agreed = paypal.approve(theirs)
    assert tell("paypal", agreed)[0] == 200
    assert shopper.shown(order) == ("confirmed", "paid")
    (payment,) = shop.payments(order)
    assert (payment["charged_amount"], payment["charged_currency"]) == (1181, "USD")
    assert payment["fee"] == 100
    assert paypal.paid == {payment["reference"]: "11.81"}
    assert tell("paypal", agreed)[0] == 200
    assert tell("paypal", paypal.captured(theirs)) == (200, "already")
    assert (len(paypal.captures), shop.messages()) == (1, 1)
    shop.add_up()


def test_who_comes_back_from_agreeing_has_paid(
    shop: Any, shopper: Any, client: Any, order: str, theirs: str, paypal: FakePayPal
) -> None:
    paypal.approve(theirs)
    assert back(client, shop, order, theirs, PayerID="P1").status_code == 303
    assert shopper.shown(order) == ("confirmed", "paid")
    back(client, shop, order, theirs, PayerID="P1")
    assert len(paypal.captures) == 1
    shop.add_up()


def test_who_comes_back_without_agreeing_has_not(
    shop: Any, shopper: Any, client: Any, order: str, theirs: str
) -> None:
    answer = back(client, shop, order, theirs)
    assert answer.headers["Location"].endswith("outcome=pending")
    back(client, shop, order, theirs, PayerID="P1")
    assert shopper.shown(order) == ("pending", "pending")
    assert shop.states(order) == ["pending"]


def test_a_pending_capture_is_not_paid_until_it_is_completed(
    shop: Any, shopper: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any
) -> None:
    paypal.capture_status = "PENDING"
    tell("paypal", paypal.approve(theirs))
    assert tell("paypal", paypal.captured(theirs)) == (200, "already")
    assert shopper.shown(order) == ("pending", "pending")
    assert tell("paypal", paypal.settle_capture(theirs)) == (200, "applied")
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


def test_a_pending_capture_that_is_denied_has_failed(
    shop: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any
) -> None:
    paypal.capture_status = "PENDING"
    tell("paypal", paypal.approve(theirs))
    assert tell("paypal", paypal.settle_capture(theirs, "DECLINED")) == (200, "applied")
    assert shop.states(order) == ["failed"]
    shop.add_up()


def test_a_card_that_is_refused_fails_the_attempt_and_the_order_may_be_paid_anew(
    shop: Any, shopper: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any
) -> None:
    paypal.capture_status = "INSTRUMENT_DECLINED"
    tell("paypal", paypal.approve(theirs))
    assert shop.states(order) == ["failed"]
    paypal.capture_status = "COMPLETED"
    shopper.start(order)
    (_, second) = shop.payments(order)
    tell("paypal", paypal.approve(paypal.order_of(second["reference"])["id"]))
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


def test_a_capture_whose_answer_was_lost_is_found_and_not_made_twice(
    shop: Any, shopper: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any, clock: Any
) -> None:
    paypal.fail("lose", path=f"/v2/checkout/orders/{theirs}/capture")
    agreed = paypal.approve(theirs)
    assert tell("paypal", agreed)[0] == 200
    assert shopper.shown(order) == ("pending", "pending")
    clock.advance(timedelta(minutes=20))
    assert shop.reconcile() == [("pending", "answered", "paid")]
    assert len(paypal.captures) == 1
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


def test_what_paypal_does_not_vouch_for_is_refused(
    shop: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any
) -> None:
    agreed = paypal.approve(theirs)
    altered = Message(agreed.body.replace(b"APPROVED", b"VOIDED  "), agreed.headers)
    assert tell("paypal", altered) == (400, "refused")
    assert tell("paypal", Message(agreed.body, {})) == (400, "refused")
    assert tell("paypal", Message(b"[]", agreed.headers)) == (400, "refused")
    assert shop.states(order) == ["pending"]


def test_while_paypal_can_not_vouch_the_event_is_asked_for_again(
    shop: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any
) -> None:
    agreed = paypal.approve(theirs)
    paypal.fail("error", path="/v1/notifications")
    assert tell("paypal", agreed) == (503, "failed")
    assert shop.states(order) == ["pending"]
    assert tell("paypal", agreed)[0] == 200
    assert shop.states(order) == ["paid"]


@pytest.mark.parametrize("amounts", [(100_000, 100_000, 100_000), (1_000, 298_999, 1), (7, 293)])
def test_refunds_in_the_charged_currency_sum_to_what_was_charged(
    shop: Any,
    desk: Any,
    order: str,
    theirs: str,
    paypal: FakePayPal,
    tell: Any,
    run_jobs: Any,
    amounts: tuple[int, ...],
) -> None:
    tell("paypal", paypal.approve(theirs))
    for amount in amounts:
        desk.refund(order, amount=amount)
        run_jobs()
    if sum(amounts) < 300_000:
        desk.refund(order)
        run_jobs()
    (payment,) = shop.payments(order)
    assert payment["state"] == "refunded"
    assert Decimal(paypal.refunded[payment["reference"]]) == Decimal("11.81")
    shop.add_up()


def test_a_refund_that_was_rejected_in_between_leaves_the_sum_right(
    shop: Any, desk: Any, order: str, theirs: str, paypal: FakePayPal, tell: Any, run_jobs: Any
) -> None:
    tell("paypal", paypal.approve(theirs))
    paypal.refund_status = "PENDING"
    for amount in (99_999, 66_667, 50_001):
        desk.refund(order, amount=amount)
    run_jobs()
    first, second, third = shop.refunds(order)
    tell("paypal", paypal.settle_refund(first["gateway_refund_id"], "FAILED"))
    tell("paypal", paypal.settle_refund(third["gateway_refund_id"]))
    tell("paypal", paypal.settle_refund(second["gateway_refund_id"]))
    paypal.refund_status = "COMPLETED"
    desk.refund(order, amount=99_999)
    desk.refund(order)
    run_jobs()
    (payment,) = shop.payments(order)
    assert payment["state"] == "refunded"
    assert Decimal(paypal.refunded[payment["reference"]]) == Decimal("11.81")
    shop.add_up()
