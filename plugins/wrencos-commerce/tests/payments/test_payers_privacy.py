"""Who paid: exported to them, and forgotten but for what accounts need."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_commerce.models.payment import PaymentMessage
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.testing.fake_bank import FakeBank

pytestmark = pytest.mark.usefixtures("clock")
NAME = "NGUYEN THI LAN"


@pytest.fixture
def delivered(shopper: Any, desk: Any, serum: str, bank: FakeBank, tell: Any, run_jobs: Any) -> str:
    """An order that was paid by transfer, with the payer's name in it, and paid back in part."""
    order = str(shopper.order(serum, method="bank_transfer"))
    code = shopper.start(order)["next"]["qrPayload"]
    tell("bank_transfer", bank.message(bank.transfer(code)))
    desk.refund(order, amount=1_000, note=f"{NAME} was right")
    run_jobs()
    for status in ("shipped", "delivered"):
        desk.caller.put(f"/api/orders/{order}/status", json={"newStatus": status})
    return order


def kept() -> str:
    return str(list(PaymentMessage.raw().find())) + str(list(Refund.raw().find()))


def test_payments_are_exported_to_who_paid(
    shop: Any, shopper: Any, login: Any, delivered: str
) -> None:
    sections = plugin.export_personal_data(shop.platform, user_id=shopper.caller.user_id).sections
    (payment,) = sections["payments"]
    assert (payment["order_id"], payment["amount"]) == (delivered, 300_000)
    assert NAME in payment["messages"][0]["said"]
    assert [refund["amount"] for refund in sections["refunds"]] == [1_000]
    assert "reference" not in payment
    json.dumps(sections, default=str)
    other = plugin.export_personal_data(shop.platform, user_id=login().user_id).sections
    assert (other["payments"], other["refunds"]) == ([], [])


def test_what_names_the_payer_is_forgotten_and_the_money_is_not(
    shop: Any, shopper: Any, delivered: str, bank: FakeBank, tell: Any
) -> None:
    assert NAME in kept()
    plugin.erase_personal_data(shop.platform, user_id=shopper.caller.user_id)
    assert NAME not in kept()
    (payment,) = shop.payments(delivered)
    assert (payment["state"], payment["received"]) == ("paid", 300_000)
    assert payment["user_id"] == shopper.caller.user_id
    # What is told after that is counted, and not kept as it came.
    again = bank.transfer(payment["step"]["qr_payload"])
    assert tell("bank_transfer", bank.message(again)) == (200, "applied")
    assert NAME not in kept()
    assert shop.reviews() == ["paid_twice"]
    assert tell("bank_transfer", bank.message(again)) == (200, "already")


def test_an_order_under_way_forgets_its_payer_once_it_arrived(
    shop: Any, shopper: Any, desk: Any, serum: str, bank: FakeBank, tell: Any
) -> None:
    order = shopper.order(serum, method="bank_transfer")
    code = shopper.start(order)["next"]["qrPayload"]
    tell("bank_transfer", bank.message(bank.transfer(code)))
    answer = shopper.caller.delete("/api/auth/me", json={"password": "Jasmine-rice-42"})
    assert answer.status_code == 200
    assert NAME in kept()
    for status in ("shipped", "delivered"):
        desk.caller.put(f"/api/orders/{order}/status", json={"newStatus": status})
    assert NAME not in kept()
