"""/api/orders: reading them, moving them on, cancelling them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.order import TRANSITIONS, Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.order_queries import OrderFilter, OrderQueries
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_core.api import SYSTEM, Platform, now
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
PlaceOrder = Callable[..., str]


@pytest.fixture
def me(login: Any) -> Caller:
    return login()  # type: ignore[no-any-return]


@pytest.fixture
def staff(login: Any) -> Caller:
    return login("staff")  # type: ignore[no-any-return]


def move(staff: Caller, order: str, *statuses: str, **fields: Any) -> Any:
    answer = None
    for status in statuses:
        body = {"newStatus": status, **fields}
        answer = staff.put(f"/api/orders/{order}/status", json=body)
    return answer


def stock(product_id: str) -> int:
    return int(Product.raw().find_one({"_id": product_id})["inventory"])


def test_the_history_lists_ones_own_orders(
    clock: Any,
    me: Caller,
    login: Any,
    make_product: MakeProduct,
    place_order: PlaceOrder,
    variant_of: Callable[[str], str],
) -> None:
    serum = make_product(sku="S-1")
    first = place_order(me, serum, 2)
    clock.advance(timedelta(minutes=5))
    second = place_order(me, serum)
    place_order(login(), serum)
    body = me.get("/api/orders?limit=1").get_json()
    assert (body["totalCount"], body["page"], body["totalPages"]) == (2, 1, 2)
    assert [order["orderId"] for order in body["orders"]] == [second]
    (order,) = me.get("/api/orders?limit=1&page=2").get_json()["orders"]
    assert order == {
        "orderId": first,
        "userId": me.user_id,
        "date": "2026-03-02T03:04:05Z",
        "totalPrice": 59.98,
        "currency": "USD",
        "itemCount": 2,
        "status": "confirmed",
        "paymentStatus": "pending",
        "items": [
            {
                "productId": serum,
                "variantId": variant_of(serum),
                "variantName": None,
                "sku": "S-1",
                "name": "Hydrating Essence Serum",
                "price": 29.99,
                "quantity": 2,
                "lineTotal": 59.98,
                "imageUrl": None,
                "discount": 0,
                "taxRate": "0",
                "tax": 0,
                "total": 59.98,
            }
        ],
    }


def test_an_order_in_full(
    clock: Any, me: Caller, staff: Caller, place_order: PlaceOrder, purchase: dict[str, Any]
) -> None:
    order_id = place_order(me)
    clock.advance(timedelta(minutes=5))
    move(staff, order_id, "processing", note="Packed by Lan")
    order = staff.get(f"/api/orders/{order_id}").get_json()["order"]
    assert order["shippingAddress"] == {
        **purchase["shippingAddress"],
        "name": None,
        "phone": None,
    }
    assert order["trackingNumber"] is None
    assert (order["paymentMethod"], order["paymentStatus"]) == ("cod", "pending")
    assert order["history"] == [
        {"status": "confirmed", "at": "2026-03-02T03:04:05Z", "actor": me.user_id, "note": None},
        {
            "status": "processing",
            "at": "2026-03-02T03:09:05Z",
            "actor": staff.user_id,
            "note": "Packed by Lan",
        },
    ]


def test_the_owner_sees_no_ids_and_no_notes_of_staff(
    platform: Platform, me: Caller, staff: Caller, place_order: PlaceOrder
) -> None:
    order_id = place_order(me)
    answer = move(staff, order_id, "processing", note="A difficult one")
    assert answer.get_json()["updatedOrder"]["history"][-1]["note"] == "A difficult one"
    change = StatusChange(status=OrderStatus.SHIPPED, note="By the carrier's robot")
    platform.services.require(Orders).change_status(order_id, change, SYSTEM)
    answer = me.get(f"/api/orders/{order_id}")
    history = answer.get_json()["order"]["history"]
    assert [(entry["actor"], entry["note"]) for entry in history] == [
        ("customer", None),
        ("staff", None),
        ("system", None),
    ]
    assert staff.user_id not in answer.text
    other = place_order(me)
    move(staff, other, "processing", note="A difficult one")
    answer = me.post(f"/api/orders/{other}/cancel", json={"note": "Ordered twice"})
    history = answer.get_json()["updatedOrder"]["history"]
    assert [entry["note"] for entry in history] == [None, None, "Ordered twice"]
    assert staff.user_id not in answer.text


def test_anothers_order_is_not_found(
    client: FlaskClient, me: Caller, login: Any, staff: Caller, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    assert login().get(f"/api/orders/{order}").status_code == 404
    assert client.get(f"/api/orders/{order}").status_code == 401
    assert staff.get(f"/api/orders/{order}").status_code == 200
    assert staff.get("/api/orders/order_nothing").status_code == 404


def test_staff_filter_all_orders(
    clock: Any, me: Caller, login: Any, staff: Caller, place_order: PlaceOrder
) -> None:
    first = place_order(me)
    clock.advance(timedelta(minutes=10))
    other = login()
    second = place_order(other)
    move(staff, second, "processing")

    def found(**query: str) -> list[str]:
        answer = staff.get("/api/orders/all", query_string=query)
        assert answer.status_code == 200, answer.get_json()
        return [order["orderId"] for order in answer.get_json()["orders"]]

    assert found() == [second, first]
    assert found(status="processing") == [second]
    assert found(userId=me.user_id) == [first]
    assert found(**{"from": "2026-03-02T03:10:00Z"}) == [second]
    assert found(to="2026-03-02T03:14:05Z") == [first]
    assert found(status="confirmed", userId=other.user_id) == []
    assert staff.get("/api/orders/all?status=lost").status_code == 422
    for name in ("from", "to"):
        for edge in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
            assert staff.get("/api/orders/all", query_string={name: edge}).status_code == 422
    backwards = {"from": "2026-03-03T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
    assert staff.get("/api/orders/all", query_string=backwards).status_code == 422
    assert me.get("/api/orders/all").status_code == 403


def test_an_order_goes_its_way(
    me: Caller, staff: Caller, place_order: PlaceOrder, outbox_events: Any
) -> None:
    order = place_order(me)
    move(staff, order, "processing")
    shipped = move(staff, order, "shipped", trackingNumber="VN123")
    assert shipped.get_json()["message"] == "Order status updated"
    assert shipped.get_json()["updatedOrder"]["trackingNumber"] == "VN123"
    assert shipped.get_json()["updatedOrder"]["paymentStatus"] == "pending"
    delivered = move(staff, order, "delivered").get_json()["updatedOrder"]
    assert (delivered["status"], delivered["paymentStatus"]) == ("delivered", "paid")
    events = outbox_events("commerce.order_status_changed")
    assert [event["_id"] for event in events] == [
        f"{order}:status:{status}" for status in ("processing", "shipped", "delivered")
    ]
    (paid,) = outbox_events("commerce.order_paid")
    assert (paid["_id"], paid["payload"]["amount"]) == (f"{order}:paid", 2999)


@pytest.mark.parametrize("start", list(OrderStatus))
def test_other_ways_are_refused(
    me: Caller, staff: Caller, place_order: PlaceOrder, start: OrderStatus
) -> None:
    order = place_order(me)
    Order.raw().update_one({"_id": order}, {"$set": {"status": start.value}})
    for status in set(OrderStatus) - TRANSITIONS[start]:
        answer = move(staff, order, status.value)
        assert answer.status_code == 409
        problem = answer.get_json()
        assert problem["type"] == "urn:wrencos:problem:transition-refused"
        assert problem["allowed"] == sorted(next.value for next in TRANSITIONS[start])
    assert len(me.get(f"/api/orders/{order}").get_json()["order"]["history"]) == 1


def test_moving_an_order_needs_the_permission_and_is_audited(
    client: FlaskClient, me: Caller, staff: Caller, login: Any, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    assert move(me, order, "processing").status_code == 403
    body = {"newStatus": "processing"}
    assert client.put(f"/api/orders/{order}/status", json=body).status_code == 401
    assert move(staff, order, "nowhere").status_code == 422
    assert move(staff, "order_nothing", "processing").status_code == 404
    move(staff, order, "processing")
    (entry,) = login("admin").get(f"/api/audit?target={order}").get_json()["entries"]
    assert (entry["action"], entry["actor"]) == ("commerce.orders.update_status", staff.user_id)


def test_cancelling_puts_the_stock_back(
    me: Caller, staff: Caller, make_product: MakeProduct, place_order: PlaceOrder
) -> None:
    serum = make_product()
    order = place_order(me, serum, 4)
    move(staff, order, "processing")
    assert stock(serum) == 6
    answer = me.post(f"/api/orders/{order}/cancel", json={"note": "Ordered twice"})
    assert answer.status_code == 200
    cancelled = answer.get_json()["updatedOrder"]
    assert (cancelled["status"], cancelled["paymentStatus"]) == ("cancelled", "void")
    assert cancelled["history"][-1]["note"] == "Ordered twice"
    assert stock(serum) == 10
    assert me.post(f"/api/orders/{order}/cancel", json={}).status_code == 409
    assert stock(serum) == 10


def test_cancelling_is_for_the_owner_until_it_is_shipped(
    me: Caller, staff: Caller, login: Any, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    assert login().post(f"/api/orders/{order}/cancel", json={}).status_code == 404
    assert staff.post(f"/api/orders/{order}/cancel", json={}).status_code == 404
    move(staff, order, "processing", "shipped")
    answer = me.post(f"/api/orders/{order}/cancel", json={})
    assert answer.status_code == 409
    assert answer.get_json()["allowed"] == ["delivered"]


def test_cancels_at_once_restock_once(
    me: Caller, make_product: MakeProduct, place_order: PlaceOrder
) -> None:
    serum = make_product()
    order = place_order(me, serum, 4)

    def work(_: int) -> int:
        caller = Caller(me.app, me.user_id, me.token)
        return caller.post(f"/api/orders/{order}/cancel", json={}).status_code

    outcomes = run_in_threads(6, work)
    assert sorted(outcomes, key=str) == [200, 409, 409, 409, 409, 409]
    assert stock(serum) == 10


def test_a_cancel_that_races_a_shipment_is_one_or_the_other(
    me: Caller, staff: Caller, make_product: MakeProduct, place_order: PlaceOrder
) -> None:
    serum = make_product(inventory=100)
    for _ in range(5):
        before = stock(serum)
        order = place_order(me, serum, 4)
        move(staff, order, "processing")

        def work(number: int, order: str = order) -> int:
            caller = Caller(me.app, *((me.user_id, me.token), (staff.user_id, staff.token))[number])
            if number == 0:
                return caller.post(f"/api/orders/{order}/cancel", json={}).status_code
            return int(move(caller, order, "shipped").status_code)

        cancelled, shipped = run_in_threads(2, work)
        assert {cancelled, shipped} == {200, 409}
        assert stock(serum) == (before if cancelled == 200 else before - 4)


def test_every_list_is_answered_by_an_index(
    platform: Platform, me: Caller, place_order: PlaceOrder, commands_of: Any, plans_of: Any
) -> None:
    place_order(me)
    queries = platform.services.require(OrderQueries)
    moments: list[dict[str, Any]] = [
        {},
        {"placed_from": now() - timedelta(days=1), "placed_before": now()},
    ]
    of_me, shipped = {"user_id": me.user_id}, {"status": "shipped"}
    limited: list[dict[str, Any]] = [{}, of_me, shipped, {**of_me, **shipped}]
    for limits in limited:
        for moment in moments:
            wanted = OrderFilter(**limits, **moment)
            (sent,) = commands_of(lambda wanted=wanted: queries.page(wanted, 0, 20))
            page, count = plans_of(sent)
            assert {"COLLSCAN", "SORT"}.isdisjoint(page["stages"]), wanted
            # All orders are counted by their keys: to read them would take the cache of others.
            assert "COLLSCAN" not in count["stages"], wanted
            assert wanted.query or not count["documents"]
