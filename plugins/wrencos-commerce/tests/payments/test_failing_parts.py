"""One thing that fails must not keep the others from being done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_commerce.models.product import Product
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.modules import load_module

pytestmark = pytest.mark.usefixtures("clock")
_broken = load_module(Path(__file__).with_name("broken_gateway.py"))


@pytest.fixture(scope="session")
def wrencos_plugins() -> Mapping[str, ModuleType]:
    return {"commerce": plugin, "broken": _broken}


def test_a_gateway_that_fails_does_not_keep_others_from_being_asked(
    shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, clock: Any
) -> None:
    broken, paid = shopper.order(serum, method="broken"), shopper.order(serum)
    shopper.start(broken)
    vnpay.pay(shopper.open_page(paid))
    clock.advance(timedelta(minutes=15))
    assert shop.reconcile() == [
        ("pending", "unanswered", "pending"),
        ("pending", "answered", "paid"),
    ]
    shop.add_up()


def test_a_refund_that_fails_does_not_keep_others_from_being_sent(
    shop: Any,
    shopper: Any,
    desk: Any,
    client: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Any,
    clock: Any,
) -> None:
    broken, paid = shopper.order(serum, method="broken"), shopper.order(serum)
    shopper.start(broken)
    (payment,) = shop.payments(broken)
    assert client.post("/api/payments/webhooks/broken", data=payment["reference"]).json == {
        "result": "applied"
    }
    ipn(vnpay.pay(shopper.open_page(paid)))
    for order in (broken, paid):
        desk.refund(order)
    for _ in range(3):
        shop.chase()
        clock.advance(timedelta(minutes=6))
    assert [shop.refunds(order)[0]["state"] for order in (broken, paid)] == ["unknown", "succeeded"]
    clock.advance(timedelta(days=4))
    shop.chase()
    assert shop.reviews() == ["refund_stuck"]


def test_an_order_that_can_not_be_let_go_does_not_hold_the_others(
    shop: Any, shopper: Any, make_product: Any, serum: str, clock: Any
) -> None:
    odd = make_product(name="Odd", price=10_000, sku="ODD")
    stuck, left = shopper.order(odd), shopper.order(serum)
    # Somebody wrote into the database by hand.
    Product.raw().update_one({"_id": odd}, {"$set": {"variants.0.held": 0}})
    clock.advance(timedelta(days=2))
    assert shop.expire() == (1, 1)
    assert shopper.shown(stuck) == ("pending", "pending")
    assert shopper.shown(left) == ("cancelled", "void")
