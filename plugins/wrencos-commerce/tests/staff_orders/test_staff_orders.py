"""POST /api/orders: orders by phone and at the counter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.promotions.coupons import Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.services.review_requests import ReviewRequests
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

Body = dict[str, Any]
Enter = Callable[..., Any]


def test_at_the_counter_it_is_paid_and_handed_over_at_once(
    clerk: Caller,
    login: Any,
    serum: str,
    counter: Body,
    enter: Enter,
    shop: Any,
    outbox_events: Any,
) -> None:
    order = enter(clerk, counter)
    assert (order["status"], order["paymentStatus"]) == ("delivered", "paid")
    assert (order["channel"], order["paymentMethod"]) == ("counter", "cash")
    assert (order["totalPrice"], order["paid"]) == (59.98, 59.98)
    assert (order["userId"], order["shippingAddress"], order["contact"]) == (None, None, None)
    assert [(e["status"], e["actor"]) for e in order["history"]] == [
        ("confirmed", clerk.user_id),
        ("delivered", clerk.user_id),
    ]
    assert shop.stock(serum) == 8
    id = order["orderId"]
    assert shop.order(id)["lines"][0]["shipped"] == 2
    names = ("order_placed", "order_paid", "order_delivered")
    for name in names:
        (event,) = outbox_events(f"commerce.{name}")
        assert (event["payload"]["order_id"], event["payload"]["user_id"]) == (id, None)
    assert outbox_events("commerce.order_shipped") == []
    (entry,) = login("admin").get(f"/api/audit?target={id}").get_json()["entries"]
    assert (entry["action"], entry["actor"]) == ("commerce.orders.create", clerk.user_id)
    assert clerk.get(f"/api/orders/{id}").get_json()["order"]["orderId"] == id
    listed = clerk.get("/api/orders/all?channel=counter").get_json()["orders"]
    assert [row["orderId"] for row in listed] == [id]


def test_by_phone_for_somebody_without_an_account(
    clerk: Caller, serum: str, phone: Body, enter: Enter, shop: Any, sent_mail: Any, run_jobs: Any
) -> None:
    order = enter(clerk, phone)
    assert (order["status"], order["paymentStatus"]) == ("confirmed", "pending")
    assert (order["channel"], order["paymentMethod"]) == ("phone", "cod")
    assert order["contact"] == {"name": "Trần Mai", "phone": "0901 234 567"}
    assert order["shippingAddress"]["name"] == "Trần Mai"
    assert order["shippingAddress"]["phone"] == "0901 234 567"
    assert (order["email"], shop.order(order["orderId"])["locale"]) == ("mai@example.test", "vi")
    assert shop.stock(serum) == 9
    found = clerk.get("/api/orders/all", query_string={"text": "0901 234 567"}).get_json()
    assert [row["orderId"] for row in found["orders"]] == [order["orderId"]]
    for status in ("shipped", "delivered"):
        body = {"newStatus": status}
        moved = clerk.put(f"/api/orders/{order['orderId']}/status", json=body)
        assert moved.status_code == 200
    assert moved.get_json()["updatedOrder"]["paymentStatus"] == "paid"
    run_jobs()
    assert "mai@example.test" in {mail["To"] for mail in sent_mail()}


def test_for_a_customer_with_an_account(
    me: Caller, clerk: Caller, login: Any, phone: Body, enter: Enter
) -> None:
    del phone["customer"]
    order = enter(clerk, phone, userId=me.user_id)
    assert order["userId"] == me.user_id
    mine = me.get(f"/api/orders/{order['orderId']}")
    assert mine.status_code == 200
    assert mine.get_json()["order"]["history"][0]["actor"] == "staff"
    assert login().get(f"/api/orders/{order['orderId']}").status_code == 404
    assert "userId" in enter(clerk, phone, 422, userId="user_nobody")["errors"]


def test_who_may_enter_orders(
    client: FlaskClient, me: Caller, counter: Body, enter: Enter, login: Any, shop: Any, serum: str
) -> None:
    assert client.post("/api/orders", json=counter).status_code == 401
    enter(me, counter, 403)
    assert me.post("/api/orders/quote", json=counter).status_code == 403
    assert me.post("/api/orders/order_x/payment-link", json={}).status_code == 403
    assert shop.stock(serum) == 10


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("channel", {"channel": "web"}),
        ("items", {"items": []}),
        ("items", {"items": [{"quantity": 1}]}),
        ("items", {"items": [{"sku": "SERUM", "variantId": "var_x"}]}),
        ("items", {"items": [{"sku": "OTHER"}]}),
        ("items", {"items": [{"variantId": "var_other"}]}),
        ("items", {"items": [{"sku": "SERUM", "quantity": 0}]}),
        ("items", {"items": [{"sku": "SERUM", "price": 1}]}),
        ("customer", {"userId": "user_1", "customer": {"name": "Lan"}}),
        ("shippingMethodId", {"shippingMethodId": "shipping_1"}),
        ("discount", {"discount": {"reason": "Loyal"}}),
        ("discount", {"discount": {"reason": "Loyal", "amount": 1, "percent": 1}}),
        ("discount", {"discount": {"percent": 1}}),
    ],
)
def test_bad_input_is_refused(
    login: Any, counter: Body, enter: Enter, field: str, changes: Body
) -> None:
    assert field in enter(login("admin"), counter, 422, **changes)["errors"]


def test_a_parcel_needs_an_address_and_a_name(clerk: Caller, phone: Body, enter: Enter) -> None:
    without = {key: value for key, value in phone.items() if key != "shippingAddress"}
    assert "shippingAddress" in enter(clerk, without, 422)["errors"]
    assert "customer" in enter(clerk, phone, 422, customer={"name": "Mai"})["errors"]
    nobody = {key: value for key, value in phone.items() if key != "customer"}
    assert "customer" in enter(clerk, nobody, 422)["errors"]


@pytest.mark.parametrize(("channel", "method"), [("counter", "cod"), ("phone", "cash")])
def test_each_channel_has_its_ways_to_pay(
    request: pytest.FixtureRequest, clerk: Caller, enter: Enter, channel: str, method: str
) -> None:
    body = request.getfixturevalue(channel)
    problem = enter(clerk, body, 422, paymentMethodId=method)
    assert problem["type"] == "urn:wrencos:problem:unknown-payment-method"
    assert enter(clerk, body, 422, paymentMethodId="shells")["status"] == 422
    assert Order.raw().count_documents({}) == 0


def test_the_stock_is_never_negative(
    clerk: Caller, counter: Body, serum: str, enter: Enter, shop: Any
) -> None:
    problem = enter(clerk, counter, 409, items=[{"sku": "SERUM", "quantity": 11}])
    assert problem["type"] == "urn:wrencos:problem:out-of-stock"
    assert problem["products"][0]["available"] == 10

    def sell(_: int) -> int:
        caller = Caller(clerk.app, clerk.user_id, clerk.token)
        return caller.post("/api/orders", json=counter).status_code

    assert sorted(map(int, run_in_threads(7, sell))) == [201] * 5 + [409] * 2
    assert shop.stock(serum) == 0
    assert Payment.raw().count_documents({"state": "paid"}) == 5


def test_the_same_variant_named_twice_is_one_line(
    clerk: Caller, counter: Body, serum: str, enter: Enter, variant_of: Any
) -> None:
    items = [{"sku": "SERUM"}, {"variantId": variant_of(serum), "quantity": 2}]
    (line,) = enter(clerk, counter, items=items)["items"]
    assert line["quantity"] == 3


def test_the_same_key_orders_once(clerk: Caller, counter: Body, serum: str, shop: Any) -> None:
    headers = {"Idempotency-Key": "one-order"}
    answers = [clerk.post("/api/orders", json=counter, headers=headers) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json()
    assert shop.stock(serum) == 8


def test_a_quote_takes_nothing(
    login: Any, clerk: Caller, phone: Body, serum: str, enter: Enter, shop: Any
) -> None:
    rate = {"price": 5, "minDays": 1, "maxDays": 3}
    method = {"name": "Standard", "rates": [rate]}
    assert login("admin").post("/api/shipping-methods", json=method).status_code == 201
    answer = clerk.post("/api/orders/quote", json=phone)
    assert answer.status_code == 200, answer.get_json()
    quote = answer.get_json()
    assert (quote["subtotal"], quote["total"], quote["deliverable"]) == (29.99, 34.99, True)
    assert [m["name"] for m in quote["shippingMethods"]] == ["Standard"]
    assert quote["items"][0]["available"] is True
    assert (shop.stock(serum), Order.raw().count_documents({})) == (10, 0)
    many = [{"sku": "SERUM", "quantity": 11}]
    quote = clerk.post("/api/orders/quote", json={**phone, "items": many}).get_json()
    assert quote["items"][0]["available"] is False
    assert clerk.post("/api/orders/quote", json={**phone, "items": []}).status_code == 422
    problem = enter(clerk, phone, 409, expectedTotal=29.99)
    assert (problem["type"], problem["total"]) == ("urn:wrencos:problem:price-changed", 34.99)
    assert enter(clerk, phone, expectedTotal=34.99)["totalPrice"] == 34.99


def test_a_discount_by_hand(
    login: Any, clerk: Caller, counter: Body, enter: Enter, shop: Any
) -> None:
    generous = login("staff", ("commerce.orders.discount",))
    discount = {"percent": 10, "reason": "She waited long"}
    enter(clerk, counter, 403, discount=discount)
    order = enter(generous, counter, discount=discount)
    assert order["totalPrice"] == 53.98
    assert order["adjustments"] == [
        {"code": "commerce.staff_discount", "label": "Discount", "amount": -6}
    ]
    assert order["staffNotes"][0]["text"] == "She waited long"
    (line,) = order["items"]
    assert (line["discount"], line["total"]) == (6, 53.98)
    assert enter(generous, counter, discount={"amount": 9.98, "reason": "x"})["totalPrice"] == 50
    for wish in ({"percent": 21}, {"amount": 12.01}, {"amount": 0}, {"percent": 0}):
        assert (
            "discount" in enter(generous, counter, 422, discount={**wish, "reason": "x"})["errors"]
        )


def test_what_costs_nothing_is_handed_over_too(
    clerk: Caller, counter: Body, make_product: Any, enter: Enter
) -> None:
    make_product(name="Sample", sku="FREE", price=Decimal("0.00"))
    order = enter(clerk, counter, items=[{"sku": "FREE"}])
    assert (order["status"], order["paymentStatus"], order["totalPrice"]) == (
        "delivered",
        "paid",
        0,
    )


def test_a_counter_order_can_be_returned_and_its_customer_forgotten(
    me: Caller, login: Any, clerk: Caller, counter: Body, serum: str, enter: Enter, shop: Any
) -> None:
    order = enter(clerk, counter, userId=me.user_id, note="For Lan")["orderId"]
    variant = shop.order(order)["lines"][0]["variant_id"]
    items = [{"variantId": variant, "quantity": 1, "reason": "changed_mind"}]
    asked = me.post(f"/api/orders/{order}/returns", json={"items": items})
    assert asked.status_code == 201, asked.get_json()
    assert me.delete("/api/auth/me", json={"password": PASSWORD}).status_code == 200
    row = shop.order(order)
    assert "shipping_address" not in row
    assert "Lan" not in str(row)


def test_promotions_count_as_in_a_cart(
    platform: Platform, login: Any, me: Caller, clerk: Caller, counter: Body, enter: Enter
) -> None:
    values = {"name": "Spring", "kind": "percent", "percent": "10", "max_uses": 1}
    promotion = platform.services.require(Promotions).create(values, SYSTEM)["_id"]
    platform.services.require(Coupons).add(promotion, ["SPRING"], None, SYSTEM)
    generous = login("staff", ("commerce.orders.discount",))
    discount = {"amount": 3.98, "reason": "Loyal"}
    quote = clerk.post("/api/orders/quote", json={**counter, "coupons": ["winter"]}).get_json()
    assert [refused["code"] for refused in quote["refusedCoupons"]] == ["WINTER"]
    refused = enter(clerk, counter, 409, coupons=["winter"])
    assert refused["type"] == "urn:wrencos:problem:coupon-refused"
    order = enter(
        generous, counter, userId=me.user_id, coupons=["spring", "SPRING"], discount=discount
    )
    assert order["coupons"] == ["SPRING"]
    assert [a["amount"] for a in order["adjustments"]] == [-6, -3.98]
    assert order["totalPrice"] == 50
    again = enter(clerk, counter, 409, coupons=["SPRING"])
    assert again["type"] == "urn:wrencos:problem:coupon-refused"


def test_jobs_and_lists_bear_customers_without_an_account(
    platform: Platform,
    clock: Any,
    clerk: Caller,
    login: Any,
    counter: Body,
    enter: Enter,
    make_product: Any,
    run_jobs: Any,
) -> None:
    product = make_product(sku="BATCHED", inventory=0)
    batch = {"productId": product, "code": "LOT-1", "expiresOn": "2027-01-31", "quantity": 5}
    made = login("admin").post("/api/batches", json=batch)
    assert made.status_code == 201
    order = enter(clerk, counter, items=[{"sku": "BATCHED"}])["orderId"]
    run_jobs()
    clock.advance(timedelta(days=8))
    assert platform.services.require(ReviewRequests).send_due() == 0
    batch_id = made.get_json()["updatedBatch"]["batchId"]
    admin = login("admin")
    found = admin.get(f"/api/batches/{batch_id}/orders").get_json()["orders"]
    assert [(row["orderId"], row["userId"]) for row in found] == [(order, None)]
    with_invoice = admin.get(f"/api/orders/{order}/invoice.pdf")
    assert with_invoice.status_code == 200
