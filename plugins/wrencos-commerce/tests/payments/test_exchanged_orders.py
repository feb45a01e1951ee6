"""Exchanges where gateways are involved: the rest is paid online, and all books tie out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.callers import Caller

Ipn = Callable[[str], str]


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


@pytest.fixture
def exchange(admin: Caller, shop: Any) -> Callable[..., str]:
    """Returns `exchange(order_id, variant_id, quantity=1, **body)`: pieces of an order that was
    shipped arrive, come back and are exchanged; the new order's id."""

    def exchange(order_id: str, variant_id: str, quantity: int = 1, **body: Any) -> str:
        item = {
            "variantId": shop.order(order_id)["lines"][0]["variant_id"],
            "quantity": quantity,
            "reason": "wrong_item",
            "wantedVariantId": variant_id,
        }
        wish = {"resolution": "exchange", "items": [item]}
        asked = admin.post(f"/api/orders/{order_id}/returns", json=wish)
        assert asked.status_code == 201, asked.get_json()
        id = asked.get_json()["orderReturn"]["returnId"]
        received = admin.post(f"/api/returns/{id}/receive", json=body)
        assert received.status_code == 200, received.get_json()
        return str(received.get_json()["orderReturn"]["exchangeOrderId"])

    return exchange


@pytest.fixture
def cream(make_product: Callable[..., str]) -> Callable[[int], str]:
    """Returns `cream(price)`: a product at so many VND; its variant's id."""

    def cream(price: int) -> str:
        product = make_product(name="Cream", price=Decimal(price), sku=f"CREAM-{price}")
        return str(Product.raw().find_one({"_id": product})["variants"][0]["id"])

    return cream


@pytest.fixture
def bought(shop: Any, shopper: Any, serum: str, vnpay: FakeVNPay, ipn: Ipn, admin: Caller) -> str:
    """An order of two serums that was paid through VNPay and arrived: 600,000 VND."""
    order = str(shopper.order(serum, 2))
    assert ipn(vnpay.pay(shopper.open_page(order))) == "00"
    arrive(admin, order)
    return order


def arrive(admin: Caller, order: str) -> None:
    for status in ("shipped", "delivered"):
        answer = admin.put(f"/api/orders/{order}/status", json={"newStatus": status})
        assert answer.status_code == 200, answer.get_json()


def confirm_all(admin: Caller) -> None:
    """The staff pay back by hand what waits for it."""
    for row in list(Refund.raw().find({"state": "manual"})):
        answer = admin.post(f"/api/refunds/{row['_id']}/confirm", json={})
        assert answer.status_code == 200


def test_the_rest_is_paid_online(
    shop: Any,
    shopper: Any,
    admin: Caller,
    bought: str,
    cream: Any,
    exchange: Any,
    vnpay: FakeVNPay,
    ipn: Ipn,
    run_jobs: Any,
) -> None:
    new = exchange(bought, cream(450_000), paymentMethodId="vnpay")
    assert shopper.shown(new) == ("pending", "pending")
    assert shop.order(new)["paid"] == 300_000
    shop.add_up()
    payment = shopper.start(new)
    assert payment["amount"] == 150_000
    reference = shopper.open_page(new)
    assert ipn(vnpay.pay(reference)) == "00"
    assert ipn(vnpay.ipn(reference)) == "02"
    assert shopper.shown(new) == ("confirmed", "paid")
    assert shop.order(new)["paid"] == 450_000
    shop.add_up()

    # All of it goes back: through VNPay what it had of it, and the rest by hand.
    assert shopper.caller.post(f"/api/orders/{new}/cancel", json={}).status_code == 200
    run_jobs()
    refunds = {refund["method"]: refund["amount"] for refund in shop.refunds(new)}
    assert refunds == {"vnpay": 150_000, "by_hand": 300_000}
    assert vnpay.refunded == {reference: 150_000}
    confirm_all(admin)
    assert shopper.shown(new) == ("cancelled", "refunded")
    shop.add_up()


def test_what_is_over_goes_back_through_the_gateway(
    shop: Any,
    bought: str,
    cream: Any,
    exchange: Any,
    vnpay: FakeVNPay,
    run_jobs: Any,
) -> None:
    new = exchange(bought, cream(250_001), 2)
    run_jobs()
    assert shop.order(new)["paid"] == 500_002
    assert list(vnpay.refunded.values()) == [99_998]
    assert shop.order(bought)["payment_status"] == "refunded"
    shop.add_up()


def test_a_rest_that_nobody_pays_gives_the_credit_back(
    clock: Any,
    shop: Any,
    shopper: Any,
    admin: Caller,
    bought: str,
    cream: Any,
    exchange: Any,
    run_jobs: Any,
    outbox_events: Any,
) -> None:
    new = exchange(bought, cream(450_000), paymentMethodId="vnpay")
    clock.advance(timedelta(days=2))
    shop.expire()
    assert shopper.shown(new) == ("cancelled", "void")
    run_jobs()
    (refund,) = shop.refunds(new)
    assert (refund["method"], refund["amount"], refund["reason"]) == (
        "by_hand",
        300_000,
        "not_owed",
    )
    confirm_all(admin)
    shop.add_up()
    told = outbox_events("commerce.order_refunded")[-1]["payload"]
    assert (told["payment_method"], told["amount"]) == ("by_hand", 300_000)
    assert told["lines"] == told["charges"] == []
    assert shop.order(new)["paid"] == 0


def test_a_refused_parcel_gives_the_credit_back(
    shop: Any,
    shopper: Any,
    admin: Caller,
    bought: str,
    cream: Any,
    exchange: Any,
    run_jobs: Any,
) -> None:
    new = exchange(bought, cream(450_000))
    answer = admin.put(f"/api/orders/{new}/status", json={"newStatus": "shipped"})
    assert answer.status_code == 200
    assert admin.post(f"/api/orders/{new}/refused", json={}).status_code == 200
    run_jobs()
    confirm_all(admin)
    assert shopper.shown(new) == ("cancelled", "void")
    assert [refund["amount"] for refund in shop.refunds(new)] == [300_000]
    shop.add_up()


def test_parts_of_an_order_that_was_paid_in_parts(
    shop: Any,
    shopper: Any,
    admin: Caller,
    bought: str,
    cream: Any,
    exchange: Any,
    vnpay: FakeVNPay,
    ipn: Ipn,
    run_jobs: Any,
) -> None:
    new = exchange(bought, cream(333_333), 2, paymentMethodId="vnpay")
    assert ipn(vnpay.pay(shopper.open_page(new))) == "00"
    assert shop.order(new)["paid"] == 666_666
    for amount in (50_000, 50_000, 100_001):
        wish = {"amount": amount, "reason": "goodwill"}
        assert admin.post(f"/api/orders/{new}/refunds", json=wish).status_code == 201
    wish = {"reason": "goodwill"}
    assert admin.post(f"/api/orders/{new}/refunds", json=wish).status_code == 201
    run_jobs()
    confirm_all(admin)
    refunds = shop.refunds(new)
    assert sum(r["amount"] for r in refunds if r["method"] == "vnpay") == 66_666
    assert sum(r["amount"] for r in refunds) == 666_666
    assert shopper.shown(new)[1] == "refunded"
    shop.add_up()
    assert admin.post(f"/api/orders/{new}/refunds", json=wish).status_code == 409


def test_of_an_order_that_is_paid_in_part_nothing_is_refunded(
    shop: Any, shopper: Any, admin: Caller, bought: str, cream: Any, exchange: Any, run_jobs: Any
) -> None:
    first, second = (exchange(bought, cream(price)) for price in (450_000, 460_000))
    for order in (first, second):
        wish = {"reason": "goodwill", "amount": 20_000}
        assert admin.post(f"/api/orders/{order}/refunds", json=wish).status_code == 409
    # So its rest is paid at the door, and what was paid of it goes back when it is cancelled.
    arrive(admin, first)
    assert shopper.shown(first) == ("delivered", "paid")
    shopper.cancel(second)
    run_jobs()
    confirm_all(admin)
    assert [refund["amount"] for refund in shop.refunds(second)] == [300_000]
    shop.add_up()


def test_the_mail_says_what_is_still_to_pay(
    bought: str, cream: Any, exchange: Any, run_jobs: Any, sent_mail: Any
) -> None:
    new = exchange(bought, cream(450_000))
    run_jobs()
    texts = [mail.get_body(("plain",)).get_content() for mail in sent_mail()]
    (text,) = (text for text in texts if new in text and "450" in text)
    assert "Paid by what came back: -" in text
    assert "To pay: " in text
    assert not [text for text in texts if "exchange" in text.lower() and "paid back" in text]


def test_the_order_of_an_exchange_is_told(bought: str, cream: Any, exchange: Any) -> None:
    new = exchange(bought, cream(300_000))
    row = Order.raw().find_one({"_id": new})
    assert row["exchange_for"].startswith("ret_")
