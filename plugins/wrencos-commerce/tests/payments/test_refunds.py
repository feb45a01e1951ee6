"""Paying back: what may be asked for, what becomes of it, and that it goes back once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.testing.fake_stripe import FakeStripe
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

Ipn = Callable[[str], str]

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def order(shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn) -> str:
    """A paid order of three pieces at 300,000 VND."""
    order = str(shopper.order(serum, 3))
    assert ipn(vnpay.pay(shopper.open_page(order))) == "00"
    return order


@pytest.fixture
def pieces(variant_of: Callable[[str], str], serum: str) -> Callable[[int], list[dict[str, Any]]]:
    """Returns `pieces(n)`: so many of the order's line, for a wish."""
    return lambda quantity: [{"variantId": variant_of(serum), "quantity": quantity}]


def states(shop: Any, order: str) -> list[str]:
    return [refund["state"] for refund in shop.refunds(order)]


def test_by_piece_by_amount_and_the_rest(
    shop: Any, shopper: Any, desk: Any, order: str, pieces: Any, vnpay: FakeVNPay, run_jobs: Any
) -> None:
    assert desk.refund(order, items=pieces(1))["amount"] == 300_000
    assert desk.refund(order, amount=50_000)["amount"] == 50_000
    assert desk.refund(order)["amount"] == 550_000
    assert desk.refund(order, 409)["type"].endswith("nothing-to-refund")
    run_jobs()
    assert states(shop, order) == ["succeeded"] * 3
    assert list(vnpay.refunded.values()) == [900_000]
    assert shopper.shown(order) == ("confirmed", "refunded")
    # Neither is the order cancelled by it, nor do its pieces come back.
    shop.add_up()


def test_shipping_goes_back_when_it_is_asked_for_and_with_its_tax(
    shop: Any,
    shopper: Any,
    desk: Any,
    serum: str,
    pieces: Any,
    vnpay: FakeVNPay,
    ipn: Ipn,
    run_jobs: Any,
) -> None:
    rate = {"country": "US", "price": 31_000, "minDays": 1, "maxDays": 3}
    posts = {
        "/api/shipping-methods": {"name": "Post", "rates": [rate]},
        "/api/tax-rates": {"country": "US", "name": "VAT", "percent": 8},
    }
    for path, body in posts.items():
        assert desk.caller.post(path, json=body).status_code == 201
    order = shopper.order(serum, 3)
    ipn(vnpay.pay(shopper.open_page(order)))
    row = shop.order(order)
    assert row["total_price"] == 931_000
    assert desk.refund(order, items=pieces(2))["amount"] == 600_000
    back = desk.refund(order, charges=["shipping"])
    assert (back["amount"], back["items"]) == (31_000, [])
    assert [part["amount"] for part in back["charges"]] == [31_000]
    assert desk.refund(order)["amount"] == 300_000
    run_jobs()
    assert shopper.shown(order) == ("confirmed", "refunded")
    refunds = shop.refunds(order)
    taxes = [part["tax"] for one in refunds for part in (*one["lines"], *one["charges"])]
    assert sum(taxes) == row["tax_total"] > 0
    shop.add_up()


@pytest.mark.parametrize(
    "wish",
    [
        {"amount": 900_001},
        {"amount": 0},
        {"amount": -1},
        {"amount": 0.5},
        {"amount": "much"},
        {"amount": 1e30},
        {"items": [{"variantId": "var_nobody", "quantity": 1}]},
        {"items": []},
        {"charges": ["gift_wrap"]},
        {"reason": "not_owed"},
        {"reason": "cancelled"},
        {"reason": None},
        {"note": "x" * 501},
        {"everything": True},
    ],
    ids=str,
)
def test_bad_wishes_set_nothing_aside(
    shop: Any, desk: Any, order: str, wish: dict[str, Any]
) -> None:
    desk.refund(order, 422, **wish)
    (payment,) = shop.payments(order)
    assert (payment["refund_reserved"], shop.refunds(order)) == (0, [])


def test_pieces_that_are_not_there_or_named_twice_or_with_an_amount(
    shop: Any, desk: Any, order: str, pieces: Any
) -> None:
    desk.refund(order, 422, items=pieces(4))
    desk.refund(order, 422, items=pieces(1) + pieces(1))
    desk.refund(order, 422, items=pieces(1), amount=5)
    desk.refund(order, items=pieces(2))
    desk.refund(order, 422, items=pieces(2))
    assert len(shop.refunds(order)) == 1


def test_what_is_not_paid_or_not_there_can_not_go_back(
    shop: Any, shopper: Any, desk: Any, serum: str
) -> None:
    desk.refund(shopper.order(serum), 409)
    desk.refund("order_nobody", 404)


def test_two_at_once_get_no_more_than_was_paid(
    shop: Any, desk: Any, order: str, vnpay: FakeVNPay, run_jobs: Any
) -> None:
    admin = desk.caller

    def ask(_: int) -> int:
        own = Caller(admin.app, admin.user_id, admin.token)
        body = {"reason": "goodwill", "amount": 500_000}
        return own.post(f"/api/orders/{order}/refunds", json=body).status_code

    assert Counter(run_in_threads(4, ask)) == {201: 1, 422: 3}
    run_jobs()
    assert list(vnpay.refunded.values()) == [500_000]
    shop.add_up()


def test_the_same_key_is_the_same_refund(shop: Any, desk: Any, order: str) -> None:
    def ask(amount: int) -> Any:
        return desk.caller.post(
            f"/api/orders/{order}/refunds",
            json={"reason": "goodwill", "amount": amount},
            headers={"Idempotency-Key": "refund-1"},
        )

    first, again = ask(1000), ask(1000)
    assert first.get_json() == again.get_json()
    assert ask(2000).status_code == 422
    assert len(shop.refunds(order)) == 1


def test_sent_many_times_at_once_it_goes_back_once(
    shop: Any, desk: Any, order: str, vnpay: FakeVNPay
) -> None:
    id = desk.refund(order, amount=100_000)["refundId"]
    sending = shop.platform.services.require(RefundSending)
    assert run_in_threads(4, lambda _: sending.submit(id)) == [None] * 4
    assert states(shop, order) == ["succeeded"]
    assert [len(one.refunds) for one in vnpay.transactions.values()] == [1]
    shop.add_up()


@pytest.mark.parametrize("failure", ["lose", "drop", "error"])
def test_a_refund_without_an_answer_is_asked_about_before_it_is_sent_again(
    shop: Any, desk: Any, order: str, vnpay: FakeVNPay, run_jobs: Any, clock: Any, failure: Any
) -> None:
    vnpay.fail(failure, path="/merchant_webapi")
    desk.refund(order, amount=100_000)
    run_jobs()
    assert states(shop, order) == ["unknown"]
    assert shop.chase() == 0
    clock.advance(timedelta(minutes=3))
    assert shop.chase() == 1
    assert states(shop, order) == ["succeeded"]
    (transaction,) = vnpay.transactions.values()
    (refund,) = shop.refunds(order)
    assert [one.request_id for one in transaction.refunds] == [refund["request_id"]]
    assert shop.chase() == 0
    shop.add_up()


def test_a_refund_whose_sender_died_is_found(
    shop: Any, desk: Any, order: str, vnpay: FakeVNPay, clock: Any
) -> None:
    """Between the claim and the sending: nobody knows whether it was sent."""
    id = desk.refund(order, amount=100_000)["refundId"]
    sending = shop.platform.services.require(RefundSending)
    assert sending._claimed(id)["state"] == "submitted"
    sending.submit(id)
    assert states(shop, order) == ["submitted"]
    clock.advance(timedelta(minutes=3))
    shop.chase()
    assert states(shop, order) == ["succeeded"]
    assert list(vnpay.refunded.values()) == [100_000]
    shop.add_up()


def test_a_refund_whose_job_was_lost_is_found(
    shop: Any, desk: Any, order: str, vnpay: FakeVNPay
) -> None:
    desk.refund(order, amount=100_000)
    shop.platform.redis.flushdb()
    assert shop.chase() == 1
    assert states(shop, order) == ["succeeded"]
    shop.add_up()


def test_a_refund_under_way_is_asked_about_until_it_is_done(
    shop: Any, shopper: Any, desk: Any, order: str, vnpay: FakeVNPay, run_jobs: Any, clock: Any
) -> None:
    vnpay.refund_status = "05"
    desk.refund(order)
    run_jobs()
    clock.advance(timedelta(minutes=5))
    shop.chase()
    assert states(shop, order) == ["processing"]
    assert shopper.shown(order) == ("confirmed", "paid")
    vnpay.settle_refunds()
    clock.advance(timedelta(hours=1))
    shop.chase()
    assert states(shop, order) == ["succeeded"]
    assert shopper.shown(order) == ("confirmed", "refunded")
    shop.add_up()


def test_a_rejected_refund_is_set_free_and_waits_for_a_human(
    shop: Any, desk: Any, order: str, pieces: Any, vnpay: FakeVNPay, run_jobs: Any
) -> None:
    vnpay.refund_status = "09"
    desk.refund(order, items=pieces(2))
    run_jobs()
    assert states(shop, order) == ["rejected"]
    assert shop.reviews() == ["refund_stuck"]
    (line,) = shop.order(order)["lines"]
    assert (line["refunded"], line["refunded_pieces"]) == (0, 0)
    shop.add_up()
    vnpay.refund_status = "00"
    desk.refund(order, items=pieces(3))
    run_jobs()
    assert list(vnpay.refunded.values()) == [900_000]
    desk.resolve("refund_stuck", "close")
    shop.add_up()


def test_a_human_is_told_of_a_refund_that_nobody_answers_for_days(
    shop: Any, desk: Any, order: str, vnpay: FakeVNPay, run_jobs: Any, clock: Any
) -> None:
    vnpay.is_signing = False
    desk.refund(order)
    run_jobs()
    assert states(shop, order) == ["unknown"]
    for _ in range(10):
        clock.advance(timedelta(hours=8))
        shop.chase()
    assert states(shop, order) == ["unknown"]
    assert shop.reviews() == ["refund_stuck"]
    vnpay.is_signing = True
    clock.advance(timedelta(hours=8))
    shop.chase()
    assert states(shop, order) == ["succeeded"]
    shop.add_up()


@pytest.mark.parametrize("went", [True, False])
def test_people_may_know_what_became_of_a_refund_that_nobody_answers_for(
    shop: Any,
    desk: Any,
    order: str,
    vnpay: FakeVNPay,
    run_jobs: Any,
    clock: Any,
    went: bool,
) -> None:
    vnpay.fail("lose" if went else "drop", path="/merchant_webapi")
    desk.refund(order)
    run_jobs()
    vnpay.is_signing = False
    for _ in range(10):
        clock.advance(timedelta(hours=8))
        shop.chase()
    vnpay.is_signing = True
    desk.resolve("refund_stuck", "accept" if went else "reject")
    assert states(shop, order) == ["succeeded" if went else "rejected"]
    shop.add_up()
    if not went:
        desk.refund(order)
        run_jobs()
        assert states(shop, order) == ["rejected", "succeeded"]
        shop.add_up()


def test_while_one_refund_is_in_doubt_another_of_the_same_payment_waits(
    shop: Any, desk: Any, order: str, vnpay: FakeVNPay, run_jobs: Any, clock: Any
) -> None:
    """VNPay tells of the last refund only: of the one before nothing would be known any more."""
    vnpay.fail("lose", path="/merchant_webapi")
    desk.refund(order, amount=100_000)
    run_jobs()
    desk.refund(order, amount=200_000)
    run_jobs()
    assert states(shop, order) == ["unknown", "requested"]
    for _ in range(3):
        clock.advance(timedelta(minutes=6))
        shop.chase()
    assert states(shop, order) == ["succeeded", "succeeded"]
    shop.add_up()


def test_money_of_the_till_goes_back_by_hand(
    shop: Any, shopper: Any, desk: Any, login: Any, serum: str, run_jobs: Any
) -> None:
    order = shopper.order(serum, method="cod")
    for status in ("shipped", "delivered"):
        desk.caller.put(f"/api/orders/{order}/status", json={"newStatus": status})
    assert shopper.shown(order) == ("delivered", "paid")
    id = desk.refund(order, amount=100_000)["refundId"]
    run_jobs()
    assert states(shop, order) == ["manual"]
    assert shopper.shown(order) == ("delivered", "paid")
    shop.add_up()
    confirm = f"/api/refunds/{id}/confirm"
    assert login("staff").post(confirm, json={}).status_code == 403
    assert shopper.caller.post(confirm, json={}).status_code == 403
    assert desk.caller.post("/api/refunds/refund_nobody/confirm", json={}).status_code == 404
    assert desk.caller.post(confirm, json={"note": "from the till"}).status_code == 200
    again = desk.caller.post(confirm, json={})
    assert (again.status_code, again.get_json()["current"]) == (409, "succeeded")
    assert shopper.shown(order) == ("delivered", "partially_refunded")
    shop.add_up()


def test_who_may_ask_and_see(
    shop: Any, shopper: Any, desk: Any, login: Any, client: Any, order: str
) -> None:
    id = desk.refund(order, amount=1_000)["refundId"]
    path, body = f"/api/orders/{order}/refunds", {"reason": "goodwill"}
    assert client.post(path, json=body).status_code == 401
    staff = login("staff")
    assert [caller.post(path, json=body).status_code for caller in (shopper.caller, staff)] == [
        403,
        403,
    ]
    allowed = login("staff", ["commerce.refunds.request"])
    assert allowed.post(path, json={**body, "amount": 5}).status_code == 201
    assert staff.get(f"/api/refunds/{id}").get_json()["refund"]["amount"] == 1_000
    assert staff.get(f"/api/refunds?orderId={order}").get_json()["totalCount"] == 2
    assert staff.get("/api/refunds?state=succeeded").get_json()["totalCount"] == 0
    assert staff.get("/api/refunds?state=gone").status_code == 422
    assert staff.get("/api/refunds/refund_nobody").status_code == 404
    assert shopper.caller.get("/api/refunds").status_code == 403


def test_the_event_tells_what_books_need_once(
    shop: Any,
    desk: Any,
    order: str,
    pieces: Any,
    stripe: FakeStripe,
    run_jobs: Any,
    outbox_events: Any,
) -> None:
    id = desk.refund(order, items=pieces(1), note="broken")["refundId"]
    run_jobs()
    shop.chase()
    (event,) = outbox_events("commerce.order_refunded")
    assert event["_id"] == f"{id}:refunded"
    payload = event["payload"]
    assert (payload["amount"], payload["order_id"], payload["reason"]) == (
        300_000,
        order,
        "goodwill",
    )
    (line,) = payload["lines"]
    assert (line["quantity"], line["amount"]) == (1, 300_000)
    assert Decimal(payload["amount"]) == sum(part["amount"] for part in payload["lines"])
