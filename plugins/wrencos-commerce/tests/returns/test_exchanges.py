"""Exchanges: a new order for what is wanted, and money that ties out to the last unit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.services.returns.receiving import Inspection, ReturnReceiving
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

Exchange = Callable[..., str]
# What no money moves for.
_CREDIT = "exchange"


def money_moved() -> int:
    """What came in, less what went out, by all payments and refunds that are money."""
    paid = Payment.raw().find({"method": {"$ne": _CREDIT}})
    back = Refund.raw().find({"method": {"$ne": _CREDIT}, "state": "succeeded"})
    return sum(p["received"] for p in paid) - sum(r["amount"] for r in back)


def orders_say() -> int:
    """What all orders were paid, less what was refunded of them."""
    return sum(order["paid"] - order["refunded"] for order in Order.raw().find({}))


@pytest.fixture
def cream(make_product: Callable[..., str]) -> Callable[..., str]:
    """Returns `cream(price)`: makes a product, 5 in stock, and its variant's id."""

    def cream(price: str, inventory: int = 5) -> str:
        product = make_product(name="Cream", price=Decimal(price), inventory=inventory)
        return str(Product.raw().find_one({"_id": product})["variants"][0]["id"])

    return cream


@pytest.fixture
def exchange(clerk: Caller, ask: Any, act: Any) -> Exchange:
    """Returns `exchange(caller, order_id, variant_id, quantity=1, **fields)`: an approved return of
    pieces of the order's first line in exchange for that variant, and its id."""

    def exchange(
        caller: Caller, order_id: str, variant_id: str, quantity: int = 1, **fields: Any
    ) -> str:
        item = {"wantedVariantId": variant_id}
        asked = ask(caller, order_id, quantity, resolution="exchange", item=item, **fields)
        if asked["state"] == "requested":
            act(clerk, asked["returnId"], "approve")
        return str(asked["returnId"])

    return exchange


@pytest.fixture
def confirm(admin: Caller, run_jobs: Any) -> Callable[[], None]:
    """Returns `confirm()`: the staff pay back in cash all that waits for it."""

    def confirm() -> None:
        run_jobs()
        for row in Refund.raw().find({"state": "manual"}):
            answer = admin.post(f"/api/refunds/{row['_id']}/confirm", json={})
            assert answer.status_code == 200, answer.get_json()
        run_jobs()

    return confirm


def order_of(caller: Caller, id: str) -> Any:
    answer = caller.get(f"/api/orders/{id}")
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["order"]


def test_for_something_of_the_same_price(
    me: Caller,
    clerk: Caller,
    bought: str,
    cream: Any,
    exchange: Exchange,
    act: Any,
    shop: Any,
    outbox_events: Any,
    run_jobs: Any,
) -> None:
    variant = cream("29.99")
    id = exchange(me, bought, variant, 2)
    before = money_moved()
    back = act(clerk, id, "receive")
    assert (back["state"], back["resolution"], back["credit"]) == ("closed", "exchange", 59.98)
    new = order_of(me, back["exchangeOrderId"])
    assert (new["exchangeFor"], new["userId"], new["channel"]) == (id, me.user_id, "web")
    assert (new["totalPrice"], new["paid"], new["paymentStatus"]) == (59.98, 59.98, "paid")
    assert (new["status"], new["paymentMethod"]) == ("confirmed", "exchange")
    assert new["items"][0]["variantId"] == variant
    assert new["shippingAddress"]["street"] == "123 Main St"
    old = order_of(me, bought)
    assert (old["paid"], old["refunded"]) == (89.97, 59.98)
    assert old["paymentStatus"] == "partially_refunded"
    (refund,) = shop.refunds(bought)
    assert (refund["method"], refund["state"], refund["amount"]) == ("exchange", "succeeded", 5998)
    assert money_moved() == before == orders_say()
    (returned,) = outbox_events("commerce.order_returned")
    assert returned["payload"]["exchange_order_id"] == back["exchangeOrderId"]
    paid = outbox_events("commerce.order_paid")[-1]["payload"]
    assert (paid["order_id"], paid["amount"], paid["credit"]) == (new["orderId"], 5998, 5998)
    (told,) = outbox_events("commerce.order_refunded")
    assert (told["payload"]["payment_method"], told["payload"]["amount"]) == ("exchange", 5998)
    run_jobs()
    assert shop.back(id)["state"] == "closed"


def test_what_it_costs_more_is_paid_as_the_customer_chose(
    me: Caller,
    clerk: Caller,
    bought: str,
    cream: Any,
    exchange: Exchange,
    act: Any,
    deliver: Any,
    outbox_events: Any,
) -> None:
    id = exchange(me, bought, cream("50.00"), paymentMethodId="cod")
    back = act(clerk, id, "receive")
    assert (back["state"], back["credit"]) == ("closed", 29.99)
    new = order_of(me, back["exchangeOrderId"])
    assert (new["totalPrice"], new["paid"], new["paymentStatus"]) == (50, 29.99, "pending")
    assert (new["status"], new["paymentMethod"]) == ("confirmed", "cod")
    (attempt,) = Payment.raw().find({"open_for": new["orderId"]})
    assert (attempt["method"], attempt["amount"]) == ("cod", 2001)
    assert len(outbox_events("commerce.order_paid")) == 1
    deliver(new["orderId"])
    new = order_of(me, new["orderId"])
    assert (new["paid"], new["paymentStatus"]) == (50, "paid")
    paid = outbox_events("commerce.order_paid")[-1]["payload"]
    assert (paid["amount"], paid["credit"], paid["payment_method"]) == (5000, 2999, "cod")
    assert money_moved() == orders_say() == 8997 + 2001


def test_what_it_costs_less_goes_back(
    me: Caller,
    clerk: Caller,
    bought: str,
    cream: Any,
    exchange: Exchange,
    act: Any,
    shop: Any,
    confirm: Any,
) -> None:
    id = exchange(me, bought, cream("10.01"), 2)
    back = act(clerk, id, "receive")
    assert (back["state"], back["credit"]) == ("received", 59.98)
    new = order_of(me, back["exchangeOrderId"])
    assert (new["totalPrice"], new["paid"]) == (20.02, 20.02)
    by_credit, in_money = shop.refunds(bought)
    assert (by_credit["amount"], in_money["amount"]) == (2002, 3996)
    assert by_credit["lines"][0]["quantity"] + in_money["lines"][0]["quantity"] == 2
    assert shop.line(bought)["refunded"] == 5998
    assert shop.line(bought)["refunded_pieces"] == 2
    confirm()
    assert shop.back(id)["state"] == "closed"
    assert money_moved() == orders_say() == 8997 - 3996


def test_sold_out_offers_money_and_changes_nothing(
    me: Caller,
    clerk: Caller,
    serum: str,
    bought: str,
    cream: Any,
    exchange: Exchange,
    act: Any,
    shop: Any,
    outbox_events: Any,
) -> None:
    id = exchange(me, bought, cream("29.99", inventory=1), 2)
    problem = act(clerk, id, "receive", 409)
    assert problem["type"] == "urn:wrencos:problem:out-of-stock"
    assert problem["resolutions"] == ["refund"]
    assert (shop.back(id)["state"], shop.refunds(bought)) == ("approved", [])
    assert (shop.counts(bought), shop.stock(serum)) == ((2, 0), 7)
    assert Order.raw().count_documents({}) == 1
    assert outbox_events("commerce.order_returned") == []
    back = act(clerk, id, "receive", resolution="refund")
    assert (back["resolution"], back["credit"], back["exchangeOrderId"]) == ("refund", 59.98, None)
    (refund,) = shop.refunds(bought)
    assert (refund["method"], refund["amount"]) == ("cod", 5998)


def test_what_was_paid_back_meanwhile_is_not_sold_anew(
    me: Caller,
    clerk: Caller,
    admin: Caller,
    bought: str,
    cream: Any,
    exchange: Exchange,
    act: Any,
    shop: Any,
) -> None:
    id = exchange(me, bought, cream("45"))
    wish = {"reason": "goodwill"}
    assert admin.post(f"/api/orders/{bought}/refunds", json=wish).status_code == 201
    assert act(clerk, id, "receive", 409)["reason"] == "nothing_to_exchange"
    assert (shop.back(id)["state"], Order.raw().count_documents({})) == ("approved", 1)
    back = act(clerk, id, "receive", resolution="refund")
    assert (back["state"], back["resolution"], back["credit"]) == ("closed", "none", 0)


def test_it_is_exchanged_once_however_often_it_is_clicked(
    platform: Platform, me: Caller, bought: str, cream: Any, exchange: Exchange, shop: Any
) -> None:
    id = exchange(me, bought, cream("29.99"))
    receiving = platform.services.require(ReturnReceiving)
    done = run_in_threads(4, lambda _: receiving.receive(id, Inspection(), SYSTEM))
    assert sum(not isinstance(answer, Exception) for answer in done) == 1
    assert Order.raw().count_documents({"exchange_for": id}) == 1
    assert [refund["amount"] for refund in shop.refunds(bought)] == [2999]
    assert money_moved() == orders_say()


def test_what_was_exchanged_can_be_returned_again(
    me: Caller,
    clerk: Caller,
    bought: str,
    cream: Any,
    exchange: Exchange,
    act: Any,
    ask: Any,
    deliver: Any,
    shop: Any,
    confirm: Any,
) -> None:
    """A chain: three serums for one cream and cash, the cream for a dearer one, and money back."""
    first = act(clerk, exchange(me, bought, cream("80.00")), "receive")["exchangeOrderId"]
    deliver(first)
    assert money_moved() == orders_say() == 8997 + 5001
    second = act(clerk, exchange(me, first, cream("99.99")), "receive")["exchangeOrderId"]
    assert shop.order(second)["paid"] == 8000
    assert sorted(r["amount"] for r in shop.refunds(first)) == [2999, 5001]
    deliver(second)
    assert money_moved() == orders_say() == 8997 + 5001 + 1999
    asked = ask(me, second, 1)["returnId"]
    act(clerk, asked, "approve")
    back = act(clerk, asked, "receive", deduction=9.99)
    assert back["credit"] == 90
    refunds = shop.refunds(second)
    # The cash that was paid for it, and the rest by hand: no gateway has it.
    assert [(r["method"], r["amount"]) for r in refunds] == [("cod", 1999), ("by_hand", 7001)]
    confirm()
    assert shop.back(asked)["state"] == "closed"
    assert money_moved() == orders_say() == 8997 + 5001 + 1999 - 9000
    assert shop.order(second)["refunded"] == 9000


@pytest.mark.parametrize("price", ["29.99", "50.00"], ids=["by credit alone", "with a rest"])
def test_cancelling_gives_the_credit_back(
    me: Caller,
    clerk: Caller,
    bought: str,
    cream: Any,
    exchange: Exchange,
    act: Any,
    shop: Any,
    confirm: Any,
    price: str,
) -> None:
    id = exchange(me, bought, cream(price))
    new = act(clerk, id, "receive")["exchangeOrderId"]
    assert me.post(f"/api/orders/{new}/cancel", json={}).status_code == 200
    (refund,) = shop.refunds(new)
    assert (refund["method"], refund["amount"]) == ("by_hand", 2999)
    confirm()
    assert money_moved() == orders_say() == 8997 - 2999
    row = shop.order(new)
    assert row["paid"] == row["refunded"]
    assert row["payment_status"] in ("refunded", "void")


def test_shipping_is_on_the_shop_unless_told(
    me: Caller, clerk: Caller, admin: Caller, bought: str, cream: Any, exchange: Exchange, act: Any
) -> None:
    rate = {"price": 5, "minDays": 1, "maxDays": 3}
    method = {"name": "Standard", "rates": [rate]}
    assert admin.post("/api/shipping-methods", json=method).status_code == 201
    variant = cream("29.99")
    free = act(clerk, exchange(me, bought, variant), "receive")["exchangeOrderId"]
    assert order_of(me, free)["totalPrice"] == 29.99
    assert order_of(me, free)["adjustments"][0]["code"] == "commerce.exchange_shipping"
    id = exchange(me, bought, variant)
    charged = act(clerk, id, "receive", chargeShipping=True)["exchangeOrderId"]
    new = order_of(me, charged)
    assert (new["totalPrice"], new["paid"], new["paymentMethod"]) == (34.99, 29.99, "cod")
    assert money_moved() == orders_say() == 8997


def test_at_the_counter_it_is_handed_over(
    login: Any, serum: str, cream: Any, ask: Any, act: Any, shop: Any
) -> None:
    clerk = login("staff", ("commerce.returns.manage",))
    body = {"channel": "counter", "items": [{"sku": "SERUM"}]}
    order = clerk.post("/api/orders", json=body).get_json()["order"]["orderId"]
    item = {"wantedVariantId": cream("30.00")}
    id = ask(clerk, order, resolution="exchange", item=item)["returnId"]
    back = act(clerk, id, "receive")
    new = shop.order(back["exchangeOrderId"])
    assert (new["status"], new["payment_status"], new["channel"]) == (
        "delivered",
        "paid",
        "counter",
    )
    payments = {p["method"]: p["amount"] for p in Payment.raw().find({"order_id": new["_id"]})}
    assert payments == {"exchange": 2999, "cash": 1}
    assert money_moved() == orders_say() == 3000


def test_taxes_are_those_of_what_is_sold(
    me: Caller,
    clerk: Caller,
    admin: Caller,
    serum: str,
    place_order: Any,
    deliver: Any,
    cream: Any,
    exchange: Exchange,
    act: Any,
    shop: Any,
) -> None:
    rate = {"country": "US", "name": "VAT", "percent": 10}
    assert admin.post("/api/tax-rates", json=rate).status_code == 201
    order = deliver(place_order(me, serum, 3))
    tax = shop.line(order)["tax"]
    variant = cream("10.01")
    for _ in range(3):
        back = act(clerk, exchange(me, order, variant), "receive")
        new = shop.order(back["exchangeOrderId"])
        assert (new["tax_total"], new["total_price"]) == (91, 1001)
    refunds = shop.refunds(order)
    assert sum(part["tax"] for r in refunds for part in r["lines"]) == tax
    assert sum(r["amount"] for r in refunds) == 8997
    assert shop.order(order)["payment_status"] in ("partially_refunded", "refunded")


def test_what_is_asked_must_fit(
    me: Caller, clerk: Caller, bought: str, cream: Any, ask: Any, shop: Any
) -> None:
    def refused(**fields: Any) -> Any:
        return ask(me, bought, status=422, **fields)

    variant = cream("10.00")
    assert "items" in refused(resolution="exchange")["errors"]
    assert "items" in refused(item={"wantedVariantId": variant})["errors"]
    gone = {"wantedVariantId": "var_gone"}
    assert "items" in refused(resolution="exchange", item=gone)["errors"]
    wish = {"resolution": "exchange", "item": {"wantedVariantId": variant}}
    problem = refused(**wish, paymentMethodId="cash")
    assert problem["type"] == "urn:wrencos:problem:unknown-payment-method"
    assert shop.counts(bought) == (0, 0)
    Product.raw().update_one({"variants.id": variant}, {"$set": {"is_active": False}})
    assert "items" in refused(**wish)["errors"]


def test_nothing_is_sent_to_who_was_erased(
    me: Caller, clerk: Caller, bought: str, cream: Any, exchange: Exchange, act: Any, shop: Any
) -> None:
    id = exchange(me, bought, cream("29.99"))
    assert me.delete("/api/auth/me", json={"password": PASSWORD}).status_code == 200
    assert act(clerk, id, "receive", 409)["reason"] == "no_address"
    assert act(clerk, id, "receive", resolution="refund")["credit"] == 29.99
    assert shop.counts(bought) == (0, 1)
