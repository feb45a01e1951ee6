"""`wrencos payment`, and `wrencos order status|ship|cancel`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.all import COMMANDS
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.api import DomainError

pytestmark = pytest.mark.usefixtures("clock")
Run = Callable[..., Result]


@pytest.fixture
def run(shop: Any) -> Run:
    """Returns `run(*words)`: runs `wrencos <words>`, which must succeed."""
    main = click.Group(commands={str(command.name): command for command in COMMANDS})

    def run(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, words, obj=shop.platform)
        if isinstance(result.exception, DomainError):
            # `wrencos` itself makes these an exit status of 2.
            assert status == 2, result.exception
            return result
        assert result.exit_code == status, result.output
        return result

    return run


def printed(result: Result) -> Any:
    return json.loads(result.output)


def test_payments_are_listed_and_shown(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Any, run: Run
) -> None:
    assert "No payments." in run("payment", "list").output
    order, other = shopper.order(serum), shopper.order(serum, method="cod")
    ipn(vnpay.pay(shopper.open_page(order)))
    (payment,) = shop.payments(order)
    listed = printed(run("payment", "list", "--json"))
    assert [one["orderId"] for one in listed["payments"]] == [other, order]
    assert listed["totalCount"] == 2
    for limits in (("--state", "paid"), ("--method", "vnpay"), ("--order", order)):
        output = run("payment", "list", *limits).output
        assert payment["_id"] in output
        assert other not in output
    assert "1 more" in run("payment", "list", "--limit", "1").output
    shown = printed(run("payment", "show", payment["_id"], "--json"))
    assert (shown["state"], shown["received"]) == ("paid", 300_000)
    assert [message["outcome"] for message in shown["messages"]] == ["paid"]
    assert payment["reference"] in run("payment", "show", payment["_id"]).output
    run("payment", "show", "pay_nobody", status=2)
    run("payment", "list", "--state", "odd", status=2)
    run("payment", "list", "--limit", "0", status=2)


def test_gateways_are_asked_about_all_that_is_open(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, run: Run
) -> None:
    paid, left = shopper.order(serum), shopper.order(serum)
    vnpay.pay(shopper.open_page(paid))
    shopper.open_page(left)
    assert "0 payments asked" in run("payment", "reconcile").output
    result = printed(run("payment", "reconcile", "--all", "--json"))
    assert result["asked"] == 2
    (changed,) = result["changed"]
    assert (changed["orderId"], changed["before"], changed["now"]) == (paid, "pending", "paid")
    again = run("payment", "reconcile", "--all").output
    assert "Nothing changed." in again
    assert "1 payments asked about, 0 without an answer." in again
    vnpay.is_signing = False
    assert "1 without an answer." in run("payment", "reconcile", "--all").output
    shop.add_up()


def test_money_is_collected(shop: Any, shopper: Any, serum: str, run: Run) -> None:
    order, other = (shopper.order(serum, method="cod") for _ in range(2))
    (payment,), (second,) = shop.payments(order), shop.payments(other)
    assert "300000 VND, paid." in run("payment", "collect", payment["_id"]).output
    run("payment", "collect", payment["_id"], status=2)
    run("payment", "collect", "pay_nobody", status=2)
    result = printed(run("payment", "collect", second["_id"], "--note", "till 2", "--json"))
    assert result["state"] == "paid"
    assert [one["channel"] for one in shop.audited("commerce.payments.collect")] == ["cli", "cli"]
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


def test_reviews_are_listed_and_resolved(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Any, run: Run
) -> None:
    assert "Nothing needs a human." in run("payment", "reviews").output
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    shopper.cancel(order)
    ipn(vnpay.pay(reference))
    (review,) = printed(run("payment", "reviews", "--json"))["reviews"]
    assert (review["reason"], review["orderId"]) == ("late", order)
    assert review["reviewId"] in run("payment", "reviews").output
    run("payment", "resolve", review["reviewId"], "accept", status=2)
    run("payment", "resolve", review["reviewId"], "odd", status=2)
    run("payment", "resolve", "prev_nobody", "close", status=2)
    assert "refund." in run("payment", "resolve", review["reviewId"], "refund").output
    run("payment", "resolve", review["reviewId"], "refund", status=2)
    assert printed(run("payment", "reviews", "--json"))["totalCount"] == 0
    assert printed(run("payment", "reviews", "--state", "all", "--json"))["totalCount"] == 1
    assert len(shop.refunds(order)) == 1


def test_orders_are_moved_on(shop: Any, shopper: Any, serum: str, run: Run) -> None:
    order = shopper.order(serum, 3, "cod")
    assert "processing, payment pending." in run("order", "status", order, "processing").output
    run("order", "ship", order, "SERUM=1", "--carrier", "GHN", "--tracking-number", "G1")
    shown = printed(run("order", "ship", order, "--json"))
    assert shown["status"] == "shipped"
    assert [parcel["carrier"] for parcel in shown["shipments"]] == ["GHN", None]
    for words in (
        ("ship", order),
        ("ship", order, "SERUM=1"),
        ("cancel", order),
        ("status", order, "confirmed"),
        ("status", "order_nobody", "shipped"),
        ("cancel", "order_nobody"),
        ("ship", "order_nobody"),
        ("status", order, "odd"),
        ("status", order, "pending"),
    ):
        run("order", *words, status=2)
    assert "delivered, payment paid." in run("order", "status", order, "delivered").output
    shop.add_up()


@pytest.mark.parametrize(
    "pieces", ["TONER=1", "SERUM", "SERUM=0", "SERUM=-1", "SERUM=many", "SERUM=9", "=1"]
)
def test_parcels_that_can_not_be(
    shop: Any, shopper: Any, serum: str, run: Run, pieces: str
) -> None:
    order = shopper.order(serum, 3, "cod")
    run("order", "ship", order, pieces, status=2)
    assert shop.order(order)["status"] == "confirmed"


def test_an_order_is_cancelled(shop: Any, shopper: Any, serum: str, run: Run) -> None:
    order = shopper.order(serum, 2, "cod")
    assert "cancelled, payment void." in run("order", "cancel", order, "--note", "asked us").output
    run("order", "cancel", order, status=2)
    assert shop.stock(serum) == (10, 0)
    (entry,) = shop.audited("commerce.orders.update_status")
    assert entry["channel"] == "cli"
    shop.add_up()
