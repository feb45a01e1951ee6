"""Bank transfers: what comes in is counted, whatever it is, and what does not fit waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.testing.fake_bank import FakeBank

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def order(shopper: Any, serum: str) -> str:
    return str(shopper.order(serum, method="bank_transfer"))


@pytest.fixture
def code(shopper: Any, order: str) -> str:
    """What the customer scans."""
    return str(shopper.start(order)["next"]["qrPayload"])


@pytest.fixture
def transfer(bank: FakeBank, code: str, tell: Any) -> Any:
    """Returns `transfer(**changes)`: the bank moves the money and tells; what it is answered."""

    def transfer(**changes: Any) -> tuple[int, str]:
        answer = tell("bank_transfer", bank.message(bank.transfer(code, **changes)))
        assert isinstance(answer, tuple)
        return answer

    return transfer


def test_the_right_amount_pays_the_order(
    shop: Any, shopper: Any, order: str, bank: FakeBank, transfer: Any, tell: Any
) -> None:
    assert transfer() == (200, "applied")
    assert tell("bank_transfer", bank.message(bank.received[0])) == (200, "already")
    assert shopper.shown(order) == ("confirmed", "paid")
    assert shop.reviews() == []
    shop.add_up()


def test_two_parts_pay_it_together_and_nothing_expires_in_between(
    shop: Any,
    shopper: Any,
    desk: Any,
    serum: str,
    order: str,
    bank: FakeBank,
    transfer: Any,
    tell: Any,
    clock: Any,
) -> None:
    assert transfer(amount=100_000) == (200, "applied")
    assert shop.reviews() == ["underpaid"]
    assert tell("bank_transfer", bank.message(bank.received[0])) == (200, "already")
    clock.advance(timedelta(days=9))
    assert shop.expire() == (0, 0)
    assert shop.stock(serum) == (9, 1)
    shop.add_up()
    assert "A part" in str(desk.resolve("underpaid", "close", 422))
    assert "A part" in str(desk.resolve("underpaid", "reject", 422))
    assert transfer(amount=200_000) == (200, "applied")
    assert shopper.shown(order) == ("confirmed", "paid")
    desk.resolve("underpaid", "close")
    shop.add_up()


def test_a_part_goes_back_when_the_order_is_cancelled(
    shop: Any, shopper: Any, desk: Any, serum: str, order: str, transfer: Any, run_jobs: Any
) -> None:
    transfer(amount=100_000)
    shopper.cancel(order)
    run_jobs()
    (refund,) = shop.refunds(order)
    assert (refund["amount"], refund["state"], refund["reason"]) == (100_000, "manual", "not_owed")
    assert shop.stock(serum) == (10, 0)
    answer = desk.caller.post(f"/api/refunds/{refund['_id']}/confirm", json={})
    assert answer.status_code == 200
    desk.resolve("underpaid", "close")
    shop.add_up()


@pytest.mark.parametrize("is_vouched", [False, True])
def test_a_part_that_went_back_does_not_count_for_the_rest(
    shop: Any,
    shopper: Any,
    desk: Any,
    serum: str,
    bank: FakeBank,
    tell: Any,
    run_jobs: Any,
    is_vouched: bool,
) -> None:
    order = shopper.order(serum, method="cod")
    code = shopper.start(order, "bank_transfer")["next"]["qrPayload"]

    def transfer(amount: int) -> None:
        message = bank.message(bank.transfer(code, amount=amount))
        assert tell("bank_transfer", message) == (200, "applied")

    transfer(100_000)
    shopper.start(order, "cod")
    desk.resolve("underpaid", "refund")
    run_jobs()
    (refund,) = shop.refunds(order)
    answer = desk.caller.post(f"/api/refunds/{refund['_id']}/confirm", json={})
    assert answer.status_code == 200
    transfer(200_000)
    assert shopper.shown(order) == ("confirmed", "pending")
    assert shop.review("underpaid")["detail"] == "Of 300000 there are 200000 now."
    shop.add_up()
    if is_vouched:
        desk.resolve("underpaid", "accept")
    transfer(100_000)
    assert shopper.shown(order) == ("confirmed", "paid")
    assert "paid_twice" not in shop.reviews()
    assert "overpaid" not in shop.reviews()
    shop.add_up()
    desk.refund(order)
    run_jobs()
    assert sum(refund["amount"] for refund in shop.refunds(order)) == 400_000
    shop.add_up()


def test_too_much_pays_it_and_the_rest_is_refundable(
    shop: Any, shopper: Any, desk: Any, order: str, transfer: Any, run_jobs: Any
) -> None:
    transfer(amount=350_000)
    assert shopper.shown(order) == ("confirmed", "paid")
    assert shop.reviews() == ["overpaid"]
    desk.resolve("overpaid", "refund")
    run_jobs()
    (refund,) = shop.refunds(order)
    assert (refund["amount"], refund["state"]) == (50_000, "manual")
    shop.add_up()


def test_a_second_transfer_is_not_owed(
    shop: Any, desk: Any, order: str, transfer: Any, run_jobs: Any
) -> None:
    assert [transfer(), transfer()] == [(200, "applied"), (200, "applied")]
    assert shop.reviews() == ["paid_twice"]
    desk.resolve("paid_twice", "refund")
    run_jobs()
    assert [refund["amount"] for refund in shop.refunds(order)] == [300_000]
    shop.add_up()


def test_money_that_names_no_order_waits_for_a_human(
    shop: Any, desk: Any, order: str, bank: FakeBank, transfer: Any, tell: Any
) -> None:
    assert transfer(memo="tien my pham") == (200, "applied")
    assert tell("bank_transfer", bank.message(bank.received[0])) == (200, "already")
    assert shop.reviews() == ["unknown_transfer"]
    assert shop.states(order) == ["pending"]
    for resolution in ("accept", "fulfil", "reject", "refund"):
        desk.resolve("unknown_transfer", resolution, 422)
    desk.resolve("unknown_transfer", "close")
    shop.add_up()


@pytest.mark.parametrize("changes", [{"account": "999"}, {"direction": "out"}])
def test_what_does_not_come_in_to_us_is_of_no_concern(
    shop: Any, order: str, transfer: Any, changes: dict[str, Any]
) -> None:
    assert transfer(**changes)[0] == 200
    assert (shop.states(order), shop.reviews(), shop.messages()) == (["pending"], [], 0)


@pytest.mark.parametrize("amount", [-5, 0, 0.5, 10**30, "much"])
def test_what_is_no_amount_writes_nothing(
    shop: Any, order: str, transfer: Any, amount: Any
) -> None:
    assert transfer(amount=amount) == (401, "refused")
    assert (shop.states(order), shop.reviews(), shop.messages()) == (["pending"], [], 0)


def test_a_list_of_transfers_is_applied_one_by_one(
    shop: Any, shopper: Any, serum: str, order: str, code: str, bank: FakeBank, tell: Any
) -> None:
    second = shopper.order(serum, method="bank_transfer")
    other = shopper.start(second)["next"]["qrPayload"]
    message = bank.message(bank.transfer(code), bank.transfer(other), bank.transfer(code, memo="x"))
    assert tell("bank_transfer", message) == (200, "applied")
    assert [shopper.shown(id)[1] for id in (order, second)] == ["paid", "paid"]
    assert shop.reviews() == ["unknown_transfer"]
    shop.add_up()


def test_an_old_or_altered_message_is_refused(
    shop: Any, order: str, code: str, bank: FakeBank, tell: Any, clock: Any
) -> None:
    message = bank.message(bank.transfer(code))
    altered = message._replace(body=message.body.replace(b"300000", b"900000"))
    assert tell("bank_transfer", altered) == (401, "refused")
    clock.advance(timedelta(seconds=301))
    assert tell("bank_transfer", message) == (401, "refused")
    assert shop.states(order) == ["pending"]


def test_what_the_staff_saw_on_the_statement_is_not_counted_again_when_the_bank_tells(
    shop: Any, shopper: Any, desk: Any, order: str, transfer: Any
) -> None:
    (payment,) = shop.payments(order)
    desk.collect(payment["_id"])
    assert shopper.shown(order) == ("confirmed", "paid")
    assert transfer() == (200, "applied")
    assert shop.reviews() == []
    assert shop.payment(payment["_id"])["received"] == 300_000
    # A second one is a second one.
    assert transfer() == (200, "applied")
    assert shop.reviews() == ["paid_twice"]
    shop.add_up()


def test_a_transfer_after_the_order_was_cancelled_is_refundable(
    shop: Any, shopper: Any, desk: Any, order: str, transfer: Any
) -> None:
    shopper.cancel(order)
    assert transfer() == (200, "applied")
    assert shop.reviews() == ["late"]
    desk.resolve("late", "refund")
    assert [refund["amount"] for refund in shop.refunds(order)] == [300_000]
    shop.add_up()


def test_an_order_whose_transfer_does_not_come_is_cancelled(
    shop: Any, shopper: Any, serum: str, order: str, code: str, clock: Any
) -> None:
    assert code
    clock.advance(timedelta(hours=71))
    assert shop.expire() == (0, 0)
    clock.advance(timedelta(hours=1))
    assert shop.expire() == (1, 1)
    assert shopper.shown(order) == ("cancelled", "void")
    assert shop.stock(serum) == (10, 0)
    shop.add_up()
