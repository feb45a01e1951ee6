"""Money that comes into the hands of people: at the door, at the counter, seen at the bank."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def staff(login: Any) -> Caller:
    return login("staff")  # type: ignore[no-any-return]


def move(staff: Caller, order: str, *statuses: str) -> None:
    for status in statuses:
        answer = staff.put(f"/api/orders/{order}/status", json={"newStatus": status})
        assert answer.status_code == 200, answer.get_json()


def test_what_is_paid_at_the_door_is_paid_when_it_is_delivered(
    shop: Any, shopper: Any, staff: Caller, serum: str, outbox_events: Any
) -> None:
    order = shopper.order(serum, 2, "cod")
    assert shopper.shown(order) == ("confirmed", "pending")
    move(staff, order, "processing", "shipped")
    assert shopper.shown(order) == ("shipped", "pending")
    move(staff, order, "delivered")
    assert shopper.shown(order) == ("delivered", "paid")
    (paid,) = outbox_events("commerce.order_paid")
    assert (paid["payload"]["amount"], paid["payload"]["fee"]) == (600_000, None)
    assert shop.payments(order)[0]["history"][-1]["actor"] == staff.user_id
    shop.add_up()


def test_a_parcel_that_is_not_taken_is_not_paid_and_comes_back(
    shop: Any, shopper: Any, staff: Caller, serum: str, outbox_events: Any
) -> None:
    order = shopper.order(serum, 2, "cod")
    refused = f"/api/orders/{order}/refused"
    assert staff.post(refused, json={}).status_code == 409
    move(staff, order, "shipped")
    assert staff.post(refused, json={"note": "nobody at home"}).status_code == 200
    assert staff.post(refused, json={}).status_code == 409
    assert shopper.shown(order) == ("cancelled", "void")
    assert shop.states(order) == ["cancelled"]
    assert shop.stock(serum) == (10, 0)
    assert shop.on_hand(serum) == 10
    (cancelled,) = outbox_events("commerce.order_cancelled")
    payload = cancelled["payload"]
    assert (payload["reason"], payload["was_paid"]) == ("parcel_refused", False)
    assert outbox_events("commerce.order_paid") == []
    shop.add_up()


def test_a_paid_parcel_that_is_not_taken_is_paid_back(
    shop: Any,
    shopper: Any,
    staff: Caller,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Any,
    run_jobs: Any,
) -> None:
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    ipn(vnpay.pay(reference))
    move(staff, order, "shipped")
    assert staff.post(f"/api/orders/{order}/refused", json={}).status_code == 200
    run_jobs()
    assert shopper.shown(order) == ("cancelled", "refunded")
    assert vnpay.refunded == {reference: 300_000}
    shop.add_up()


def test_a_transfer_that_was_seen_on_the_statement(
    shop: Any, shopper: Any, desk: Any, serum: str
) -> None:
    order = shopper.order(serum, method="bank_transfer")
    (payment,) = shop.payments(order)
    answer = desk.caller.post(
        f"/api/payments/{payment['_id']}/collect", json={"note": "statement of today"}
    )
    assert answer.get_json()["payment"]["state"] == "paid"
    assert shopper.shown(order) == ("confirmed", "paid")
    assert desk.collect(payment["_id"], 409)["type"].endswith("nothing-to-pay")
    (entry,) = shop.audited("commerce.payments.collect")
    assert entry["actor"] == desk.caller.user_id
    assert entry["changes"] == {"amount": 300_000, "note": "statement of today"}
    shop.add_up()


def test_cash_for_an_order_that_was_to_be_paid_at_the_door(
    shop: Any, shopper: Any, desk: Any, staff: Caller, serum: str, outbox_events: Any
) -> None:
    order = shopper.order(serum, method="cod")
    desk.collect(shop.payments(order)[0]["_id"])
    assert shopper.shown(order) == ("confirmed", "paid")
    move(staff, order, "shipped", "delivered")
    assert len(outbox_events("commerce.order_paid")) == 1
    shop.add_up()


def test_two_click_at_once_and_it_is_collected_once(
    shop: Any, shopper: Any, desk: Any, serum: str
) -> None:
    order, admin = shopper.order(serum, method="cod"), desk.caller
    path = f"/api/payments/{shop.payments(order)[0]['_id']}/collect"

    def collect(_: int) -> int:
        return Caller(admin.app, admin.user_id, admin.token).post(path, json={}).status_code

    assert Counter(run_in_threads(3, collect)) == {200: 1, 409: 2}
    assert len(shop.audited("commerce.payments.collect")) == 1
    shop.add_up()


def test_of_online_payments_only_the_gateway_tells(
    shop: Any, shopper: Any, desk: Any, serum: str
) -> None:
    order = shopper.order(serum)
    desk.collect(shop.payments(order)[0]["_id"], 409)
    assert shopper.shown(order) == ("pending", "pending")


def test_what_was_cancelled_can_not_be_collected(
    shop: Any, shopper: Any, desk: Any, serum: str
) -> None:
    order = shopper.order(serum, method="cod")
    shopper.cancel(order)
    desk.collect(shop.payments(order)[0]["_id"], 409)
    assert shopper.shown(order) == ("cancelled", "void")


def test_who_may_collect_and_see(
    shop: Any, shopper: Any, login: Any, staff: Caller, client: Any, serum: str
) -> None:
    order = shopper.order(serum, method="cod")
    id = shop.payments(order)[0]["_id"]
    path = f"/api/payments/{id}/collect"
    assert client.post(path, json={}).status_code == 401
    assert [one.post(path, json={}).status_code for one in (shopper.caller, staff)] == [403, 403]
    cashier = login("staff", ["commerce.payments.collect"])
    assert cashier.post(path.replace(id, "pay_nobody"), json={}).status_code == 404
    for bad in ({"note": "x" * 501}, {"amount": 5}, {"note": 5}):
        assert cashier.post(path, json=bad).status_code == 422
    assert shopper.shown(order) == ("confirmed", "pending")
    assert cashier.post(path, json={}).status_code == 200
    assert shopper.caller.get("/api/payments/all").status_code == 403
    assert shopper.caller.get(f"/api/payments/{id}/messages").status_code == 403
    found = staff.get(f"/api/payments/all?orderId={order}&state=paid&method=cod").get_json()
    assert found["totalCount"] == 1
    assert staff.get("/api/payments/all?state=odd").status_code == 422
    told = staff.get(f"/api/payments/{id}/messages").get_json()["payment"]
    assert [entry["state"] for entry in told["history"]] == ["created", "paid"]
    assert told["messages"][0]["source"] == "staff"
