"""Orders of before there were payments can be delivered, refunded and cancelled like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.migrations.selling import apply
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.payments.attempts import Payer, PaymentAttempts
from wrencos_core.api import Identity, Role
from wrencos_core.contracts.orders import OrderPlaced
from wrencos_core.database import database
from wrencos_core.outbox import StoredEvent, load_event
from wrencos_core.platform import current_platform
from wrencos_core.testing.callers import Caller

_NEW = ("channel", "charges", "promotions", "prices_include_tax", "tax_total", "paid", "refunded")
_NEW_OF_ORDERS = (*_NEW, "stock", "shipments", "staff_notes", "locale")
_NEW_OF_LINES = ("discount", "tax_rate", "tax", "total", "shipped", "returned", "refunded_pieces")


@pytest.fixture
def old_order(login: Any, place_order: Callable[..., str], serum: str) -> str:
    """An order as it was stored before, with a discount that plugins could give then too."""
    id = place_order(login(), serum, 3)
    row = Order.raw().find_one({"_id": id})
    old = {key: value for key, value in row.items() if key not in _NEW_OF_ORDERS}
    old["lines"] = [
        {k: v for k, v in line.items() if k not in (*_NEW_OF_LINES, "refunded")}
        for line in row["lines"]
    ]
    old["adjustments"] = [
        {"code": "sample.tenth", "label": "10 % off", "amount": -90_000},
        {"code": "sample.wrapping", "label": "Wrapping", "amount": 5_000},
    ]
    old["total_price"] = 815_000
    Order.raw().replace_one({"_id": id}, old)
    Payment.raw().delete_many({"order_id": id})
    new = dict.fromkeys(("payload.channel", "payload.charges", "payload.status"), "")
    StoredEvent.raw().update_one({"_id": f"{id}:placed"}, {"$unset": new})
    return id


def test_an_old_order_goes_on(old_order: str, shop: Any, login: Any, run_jobs: Any) -> None:
    apply(database())
    before = shop.order(old_order)
    apply(database())
    assert shop.order(old_order) == before
    parts = [*before["lines"], *before["charges"]]
    assert sum(part["total"] for part in parts) == before["total_price"] == 815_000
    assert Payment.raw().count_documents({"order_id": old_order}) == 1
    event = load_event(f"{old_order}:placed", OrderPlaced)
    assert [line.total for line in event.lines] == [810_000]
    staff: Caller = login("admin")
    for status in ("processing", "shipped", "delivered"):
        moved = staff.put(f"/api/orders/{old_order}/status", json={"newStatus": status})
        assert moved.status_code == 200, moved.get_json()
    assert shop.order(old_order)["payment_status"] == "paid"
    wish = {"reason": "goodwill"}
    asked = staff.post(f"/api/orders/{old_order}/refunds", json=wish).get_json()["refund"]
    assert asked["amount"] == 815_000


def test_an_old_order_that_was_delivered_is_paid(old_order: str, shop: Any) -> None:
    values = {"status": "delivered", "payment_status": "paid"}
    Order.raw().update_one({"_id": old_order}, {"$set": values})
    apply(database())
    order = shop.order(old_order)
    assert (order["paid"], order["lines"][0]["shipped"]) == (815_000, 3)
    payment = Payment.raw().find_one({"order_id": old_order})
    assert (payment["state"], payment["is_counted"], "open_for" in payment) == ("paid", True, False)


def test_the_attempt_of_an_old_order_is_still_open(old_order: str) -> None:
    apply(database())
    (before,) = Payment.raw().find({"order_id": old_order})
    customer = Order.raw().find_one({"_id": old_order})["user_id"]
    attempts = current_platform().services.require(PaymentAttempts)
    identity = Identity(user_id=customer, role=Role.CUSTOMER)
    payer = Payer(identity=identity, ip="127.0.0.1", locale="vi")
    assert attempts.start(old_order, None, payer)["_id"] == before["_id"]
    assert Payment.raw().count_documents({"order_id": old_order}) == 1


def test_an_old_order_can_be_cancelled(old_order: str, shop: Any, login: Any, serum: str) -> None:
    apply(database())
    answer = login("staff").put(f"/api/orders/{old_order}/status", json={"newStatus": "cancelled"})
    assert answer.status_code == 200
    assert (shop.stock(serum), shop.on_hand(serum)) == ((10, 0), 10)
    assert Payment.raw().find_one({"order_id": old_order})["state"] == "cancelled"


def test_a_discount_that_was_more_than_the_goods_took_off_the_fees_before_it(
    old_order: str, shop: Any
) -> None:
    """So carts were cut then: the running total stopped at zero, whatever made it up."""
    values = {
        "adjustments": [
            {"code": "sample.wrapping", "label": "Wrapping", "amount": 5_000},
            {"code": "sample.voucher", "label": "Voucher", "amount": -903_000},
            {"code": "sample.card", "label": "Card", "amount": 1_000},
        ],
        "total_price": 3_000,
    }
    Order.raw().update_one({"_id": old_order}, {"$set": values})
    apply(database())
    order = shop.order(old_order)
    assert [line["total"] for line in order["lines"]] == [0]
    shown = [(charge["amount"], charge["discount"], charge["total"]) for charge in order["charges"]]
    assert shown == [(5_000, 3_000, 2_000), (1_000, 0, 1_000)]
