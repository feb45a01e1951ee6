"""Our books and the gateways' tell the same, whatever is lost and whoever is killed meanwhile."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.payment_worker import DONE, do, trade
from tests.integration.trading import Traders
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.services.payments.reconciliation import Reconciliation
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_commerce.services.products import Products
from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.testing import fake_paypal, fake_stripe, fake_vnpay
from wrencos_commerce.testing.order_books import differences
from wrencos_core import clock
from wrencos_core.api import SYSTEM, CoreSettings, Platform, transaction
from wrencos_core.database import database
from wrencos_core.testing.processes import environment
from wrencos_core.testing.waiting import wait_until

OPERATIONS = 800
PROCESSES = 4
KILLS = 4
GATEWAYS = ("vnpay", "stripe", "paypal")


@pytest.fixture(scope="session")
def fakes() -> Iterator[Mapping[str, str]]:
    """The addresses of a VNPay, a Stripe and a PayPal, in processes that nobody kills."""
    running = []
    for name in GATEWAYS:
        module = f"wrencos_commerce.testing.fake_{name}"
        command = [sys.executable, "-m", module, "--port", "0"]
        running.append(_silently(command))
    try:
        yield {
            name: process.stdout.readline().strip()
            for name, process in zip(GATEWAYS, running, strict=True)
            if process.stdout is not None
        }
    finally:
        for process in running:
            process.kill()
            process.communicate()


def _silently(command: list[str]) -> subprocess.Popen[str]:
    """Started; it complains of pages that were closed meanwhile, as it must."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdout=pipe, stderr=nowhere, text=True)


@pytest.fixture
def platform(make_platform: Any, fakes: Mapping[str, str]) -> Platform:
    """A shop in đồng that is paid through them."""
    settings = {
        CoreSettings: {"currency": "VND"},
        CommerceSettings: {
            "gateway_timeout_seconds": 5,
            "vnpay_tmn_code": fake_vnpay.TMN_CODE,
            "vnpay_secret": fake_vnpay.SECRET,
            "vnpay_pay_url": f"{fakes['vnpay']}/paymentv2/vpcpay.html",
            "vnpay_api_url": f"{fakes['vnpay']}/merchant_webapi/api/transaction",
            "stripe_api_key": fake_stripe.KEY,
            "stripe_webhook_secret": fake_stripe.WEBHOOK_SECRET,
            "stripe_api_base": fakes["stripe"],
            "paypal_client_id": fake_paypal.CLIENT_ID,
            "paypal_secret": fake_paypal.SECRET,
            "paypal_webhook_id": fake_paypal.WEBHOOK_ID,
            "paypal_api_base": fakes["paypal"],
            "paypal_currency": "USD",
            "paypal_exchange_rate": Decimal(25_400),
        },
    }
    return make_platform(None, settings)  # type: ignore[no-any-return]


@pytest.fixture
def traders(platform: Platform, fakes: Mapping[str, str], tmp_path: Path) -> Iterator[Traders]:
    made = Traders(trade, OPERATIONS, environment(platform, tmp_path), fakes)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.usefixtures("quickly_dropped")
def test_every_dong_is_accounted_for_after_800_operations_and_kill_9(
    platform: Platform, traders: Traders, fakes: Mapping[str, str]
) -> None:
    create = platform.services.require(Products).create
    for number in range(3):
        values = {"name": f"Cream {number}", "price": 100_000 + number * 33_333, "inventory": 60}
        create(values, SYSTEM)
    database()[DONE].insert_one({"_id": "all", "count": 0})
    for _ in range(PROCESSES):
        traders.start()
    chance = random.Random(7)
    for kill in range(1, KILLS + 1):
        wait_until(lambda least=kill * OPERATIONS // (KILLS + 2): done() >= least, "work")
        time.sleep(chance.uniform(0, 0.1))
        traders.restart_one(chance)
    assert traders.wait() == [0] * PROCESSES

    settle(platform, fakes)
    books = {name: read_books(url) for name, url in fakes.items()}
    assert differences(books) == []
    # It was about something.
    assert set(Order.raw().distinct("status")) >= {"confirmed", "cancelled"}
    states = set(Payment.raw().distinct("state"))
    assert states >= {"paid", "refunded", "partially_refunded", "cancelled", "expired"}
    assert "succeeded" in Refund.raw().distinct("state")
    assert all(it["paid"] and it["refunded"] for it in books.values())


def settle(platform: Platform, fakes: Mapping[str, str]) -> None:
    """Days go by, nobody calls any more, and the jobs run."""
    find = platform.services.require
    for url in fakes.values():
        do(url, "fail", "error", 0)
    manual = clock.ManualClock(clock.now())
    with clock.use(manual):
        for hours in (0.1, 0.5, 1, 2, 26, 26, 2, 2):
            manual.advance(timedelta(hours=hours))
            for _ in find(Reconciliation).run():
                pass
            find(Expiry).run()
            find(RefundSending).run()
        assert Payment.raw().find_one({"ask_at": {"$exists": True}}) is None
        # A refund waits for what became of another one of its payment.
        for _ in range(10):
            decide_about_refunds(find(RefundSettling), fakes["vnpay"])
            manual.advance(timedelta(hours=8))
            if not find(RefundSending).run():
                break


def decide_about_refunds(settling: RefundSettling, vnpay: str) -> None:
    """What VNPay can't tell any more, as it tells of the last refund only, the staff look up."""
    went = {
        refund["request_id"]
        for transaction in read_books(vnpay)["transactions"]
        for refund in transaction["refunds"]
    }
    for refund in Refund.raw().find({"state": "unknown"}):
        settled = settling.confirm if refund["request_id"] in went else settling.set_free
        transaction(partial(settled, refund["_id"], SYSTEM))


def read_books(url: str) -> Any:
    return requests.get(f"{url}/_books", timeout=10).json()


def done() -> int:
    row: Any = database()[DONE].find_one({"_id": "all"})
    return int(row["count"])
