"""The same call many times at once, and calls against whatever else changes the order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.services.payments.webhooks import Webhooks
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

Ipn = Callable[[str], str]
Work = Callable[[], Any]

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize("times", [2, 8])
def test_the_same_call_at_once_is_confirmed_once(
    shop: Any,
    shopper: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
    outbox_events: Any,
    times: int,
) -> None:
    order = shopper.order(serum, 2)
    paid = vnpay.pay(shopper.open_page(order))
    answers = run_in_threads(times, lambda _: ipn(paid))
    assert Counter(answers) == {"00": 1, "02": times - 1}
    assert shop.states(order) == ["paid"]
    assert shop.messages() == 1
    assert len(outbox_events("commerce.order_paid")) == 1
    assert shop.stock(serum) == (8, 0)
    shop.add_up()


class Story:
    """An order of three pieces that is paid at VNPay while something else happens to it."""

    def __init__(self, shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn) -> None:
        self.shop, self.ipn = shop, ipn
        self.order = shopper.order(serum, 3)
        self.query = vnpay.pay(shopper.open_page(self.order))
        caller = shopper.caller
        # A client of its own: Flask's is not for two threads.
        self._canceller = type(caller)(caller.app, caller.user_id, caller.token)

    def paid(self) -> str:
        """VNPay calls."""
        return self.ipn(self.query)

    def cancelled(self) -> int:
        """The customer cancels."""
        path = f"/api/orders/{self.order}/cancel"
        return self._canceller.post(path, json={}).status_code

    def expired(self) -> Any:
        """The job lets go what took too long."""
        return self.shop.expire()

    def reconciled(self) -> Any:
        """The job asks VNPay."""
        return self.shop.reconcile()


@pytest.fixture
def story(shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn, clock: Any) -> Story:
    """Everything is due: the hold has ended, and VNPay is to be asked."""
    made = Story(shop, shopper, serum, vnpay, ipn)
    clock.advance(timedelta(minutes=16))
    return made


@pytest.mark.parametrize("other", ["cancelled", "expired", "reconciled"])
@pytest.mark.parametrize("order", ["first", "second", "at once"])
def test_a_call_and_anything_else_leave_money_and_stock_consistent(
    shop: Any, story: Story, run_jobs: Any, serum: str, other: str, order: str
) -> None:
    pair: list[Work] = [story.paid, getattr(story, other)]
    if order == "at once":
        outcomes = run_in_threads(2, lambda number: pair[number]())
    else:
        outcomes = [work() for work in (pair if order == "first" else pair[::-1])]
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    shop.reconcile()
    run_jobs()
    (payment,) = shop.payments(story.order)
    assert payment["received"] == 900_000
    assert shop.messages() == 1
    if other == "cancelled":
        # Either it was paid and is paid back, or the money is late and waits for a human.
        assert shop.order(story.order)["status"] == "cancelled"
        assert payment["state"] == ("refunded" if payment["is_counted"] else "paid")
        assert shop.reviews() == ([] if payment["is_counted"] else ["late"])
        assert shop.stock(serum) == (10, 0)
    else:
        assert shop.order(story.order)["status"] == "confirmed"
        assert shop.reviews() == []
        assert shop.stock(serum) == (7, 0)
    shop.add_up()


@pytest.mark.parametrize("times", [1, 2, 3])
def test_everything_at_once(shop: Any, story: Story, run_jobs: Any, times: int) -> None:
    every: list[Work] = [
        *[story.paid] * times,
        story.cancelled,
        story.expired,
        *[story.reconciled] * times,
    ]
    outcomes = run_in_threads(len(every), lambda number: every[number]())
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    shop.reconcile()
    run_jobs()
    (payment,) = shop.payments(story.order)
    assert payment["received"] == 900_000
    shop.add_up()


def test_two_begin_to_pay_at_once_and_get_one_attempt(shop: Any, shopper: Any, serum: str) -> None:
    order, caller = shopper.order(serum), shopper.caller

    def start(_: int) -> Any:
        own = Caller(caller.app, caller.user_id, caller.token)
        return own.post("/api/payments", json={"orderId": order}).get_json()["payment"]

    answers = run_in_threads(4, start)
    assert len({(one["paymentId"], one["next"]["url"]) for one in answers}) == 1
    assert len(shop.payments(order)) == 1


def test_a_start_and_a_cancellation_at_once_leave_nothing_to_pay(
    shop: Any, shopper: Any, serum: str
) -> None:
    caller = shopper.caller
    for _ in range(4):
        order = shopper.order(serum)
        requests = [
            ("/api/payments", {"orderId": order}),
            (f"/api/orders/{order}/cancel", {}),
        ]

        def send(number: int, requests: Any = requests) -> int:
            path, body = requests[number]
            own = Caller(caller.app, caller.user_id, caller.token)
            return own.post(path, json=body).status_code

        started, cancelled = run_in_threads(2, send)
        assert cancelled == 200
        assert started in (200, 409)
        assert shop.states(order) == ["cancelled"]
    shop.add_up()


def test_the_webhooks_service_needs_no_request(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay
) -> None:
    """A message may come by another way than HTTP: it is what it says that counts."""
    from wrencos_core.contracts.payments import GatewayRequest

    query = vnpay.pay(shopper.open_page(shopper.order(serum)))
    pairs = tuple(tuple(pair.split("=", 1)) for pair in query.replace("+", " ").split("&"))
    request = GatewayRequest(
        method="GET", raw_query=query.encode(), query=pairs, headers={}, body=b""
    )
    reply = shop.platform.services.require(Webhooks).receive("vnpay", request)
    assert reply.body["RspCode"] == "00"
