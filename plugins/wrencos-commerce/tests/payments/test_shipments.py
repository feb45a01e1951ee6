"""/api/orders/<id>/shipments: parcels with parts of an order, and what is told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def staff(login: Any) -> Caller:
    return login("staff")  # type: ignore[no-any-return]


@pytest.fixture
def toner(make_product: Callable[..., str]) -> str:
    return make_product(name="Toner", price=Decimal(100_000), sku="TONER")


@pytest.fixture
def order(shopper: Any, serum: str, toner: str) -> str:
    """Two pieces of serum and three of toner, to be paid at the door."""
    item = {"productId": toner, "quantity": 3}
    assert shopper.caller.post("/api/cart/items", json=item).status_code == 201
    return str(shopper.order(serum, 2, "cod"))


@pytest.fixture
def parcel(variant_of: Callable[[str], str], serum: str, toner: str) -> Callable[..., Any]:
    """Returns `parcel(serum, toner, **fields)`: a body with so many pieces of each."""

    def parcel(serums: int, toners: int, **fields: Any) -> dict[str, Any]:
        wanted = ((variant_of(serum), serums), (variant_of(toner), toners))
        items = [{"variantId": id, "quantity": count} for id, count in wanted if count]
        return {"items": items, **fields}

    return parcel


def ship(staff: Caller, order: str, body: Any, status: int = 201) -> Any:
    answer = staff.post(f"/api/orders/{order}/shipments", json=body)
    assert answer.status_code == status, answer.get_json()
    return answer.get_json()["updatedOrder"] if status == 201 else answer.get_json()


def deliver(staff: Caller, order: str, shipment: str, status: int = 200) -> Any:
    answer = staff.post(f"/api/orders/{order}/shipments/{shipment}/delivered")
    assert answer.status_code == status, answer.get_json()
    return answer.get_json().get("updatedOrder")


def test_parcel_by_parcel(
    shop: Any,
    shopper: Any,
    staff: Caller,
    order: str,
    parcel: Any,
    variant_of: Callable[[str], str],
    serum: str,
    outbox_events: Any,
) -> None:
    first = ship(staff, order, parcel(1, 2, carrier="GHN", trackingNumber="GHN1"))
    assert first["status"] == "partially_shipped"
    second = ship(staff, order, {"carrier": "GHTK"})
    assert second["status"] == "shipped"
    one, two = second["shipments"]
    assert (one["carrier"], one["trackingNumber"], one["deliveredAt"]) == ("GHN", "GHN1", None)
    assert {item["variantId"]: item["quantity"] for item in two["items"]}[variant_of(serum)] == 1
    shipped = outbox_events("commerce.order_shipped")
    assert [event["_id"] for event in shipped] == [
        f"{one['shipmentId']}:shipped",
        f"{two['shipmentId']}:shipped",
    ]
    assert [event["payload"]["is_complete"] for event in shipped] == [False, True]
    assert deliver(staff, order, two["shipmentId"])["status"] == "shipped"
    assert outbox_events("commerce.order_delivered") == []
    assert shopper.shown(order) == ("shipped", "pending")
    assert deliver(staff, order, one["shipmentId"])["status"] == "delivered"
    assert deliver(staff, order, one["shipmentId"])["status"] == "delivered"
    assert len(outbox_events("commerce.order_delivered")) == 1
    assert shopper.shown(order) == ("delivered", "paid")
    mine = shopper.caller.get(f"/api/orders/{order}").get_json()["order"]["shipments"]
    assert [bool(parcel["deliveredAt"]) for parcel in mine] == [True, True]
    actions = ("commerce.orders.ship", "commerce.orders.deliver")
    assert [len(shop.audited(action)) for action in actions] == [2, 3]
    shop.add_up()


def test_the_first_parcel_may_arrive_before_the_second_leaves(
    shop: Any, shopper: Any, staff: Caller, order: str, parcel: Any
) -> None:
    first = ship(staff, order, parcel(2, 0))["shipments"][0]
    assert deliver(staff, order, first["shipmentId"])["status"] == "partially_shipped"
    second = ship(staff, order, parcel(0, 3))["shipments"][1]
    assert deliver(staff, order, second["shipmentId"])["status"] == "delivered"
    shop.add_up()


def test_no_more_leaves_than_was_ordered(shop: Any, staff: Caller, order: str, parcel: Any) -> None:
    ship(staff, order, parcel(3, 0), 422)
    ship(staff, order, parcel(1, 0))
    ship(staff, order, parcel(2, 0), 422)
    ship(staff, order, {"items": [{"variantId": "var_nobody", "quantity": 1}]}, 422)
    assert [line["shipped"] for line in shop.order(order)["lines"]].count(1) == 1
    ship(staff, order, {})
    refused = ship(staff, order, {}, 409)
    assert refused["type"].endswith("transition-refused")
    assert [line["shipped"] for line in shop.order(order)["lines"]] == [
        line["quantity"] for line in shop.order(order)["lines"]
    ]


def test_two_send_the_last_pieces_at_once(
    shop: Any, staff: Caller, order: str, outbox_events: Any
) -> None:
    def send(_: int) -> int:
        own = Caller(staff.app, staff.user_id, staff.token)
        return own.post(f"/api/orders/{order}/shipments", json={}).status_code

    assert Counter(run_in_threads(3, send)) == {201: 1, 409: 2}
    assert len(shop.order(order)["shipments"]) == 1
    assert len(outbox_events("commerce.order_shipped")) == 1


def test_the_same_key_is_the_same_parcel(shop: Any, staff: Caller, order: str, parcel: Any) -> None:
    path, headers = f"/api/orders/{order}/shipments", {"Idempotency-Key": "parcel-1"}
    for _ in range(2):
        assert staff.post(path, json=parcel(1, 0), headers=headers).status_code == 201
    assert len(shop.order(order)["shipments"]) == 1


def test_what_is_not_paid_in_advance_does_not_leave(
    shop: Any, shopper: Any, staff: Caller, serum: str
) -> None:
    order = shopper.order(serum)
    ship(staff, order, {}, 409)
    assert shop.order(order)["shipments"] == []


@pytest.mark.parametrize("method", ["vnpay", "stripe", "bank_transfer"])
def test_what_leaves_unpaid_is_paid_on_delivery(
    shop: Any, shopper: Any, staff: Caller, order: str, parcel: Any, method: str
) -> None:
    shopper.start(order, method)
    first = ship(staff, order, parcel(1, 0))["shipments"][0]
    assert shop.states(order)[1:] == ["cancelled", "created"]
    assert shop.order(order)["payment_method"] == "cod"
    # Nor does it leave the hands of who brings it for nothing later.
    assert shopper.start(order, method, 409)["type"].endswith("nothing-to-pay")
    assert shopper.start(order)["paymentMethodId"] == "cod"
    second = ship(staff, order, {})["shipments"][1]
    for one in (first, second):
        deliver(staff, order, one["shipmentId"])
    assert shopper.shown(order) == ("delivered", "paid")
    shop.add_up()


def test_nothing_leaves_for_which_all_money_went_back(
    shop: Any,
    shopper: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Callable[[str], str],
    login: Any,
    run_jobs: Any,
) -> None:
    order, admin = shopper.order(serum), login("admin")
    assert ipn(vnpay.pay(shopper.open_page(order))) == "00"
    wish = {"reason": "missing"}
    assert admin.post(f"/api/orders/{order}/refunds", json=wish).status_code == 201
    run_jobs()
    assert shopper.shown(order) == ("confirmed", "refunded")
    assert ship(admin, order, {}, 409)["allowed"] == ["cancelled"]
    body = {"newStatus": "shipped"}
    assert admin.put(f"/api/orders/{order}/status", json=body).status_code == 409
    assert shopper.caller.post(f"/api/orders/{order}/cancel", json={}).status_code == 200
    assert shop.on_hand(serum) == 10


def test_an_order_of_which_a_part_left_is_not_cancelled_but_refused(
    shop: Any, shopper: Any, staff: Caller, serum: str, order: str, parcel: Any
) -> None:
    shipment = ship(staff, order, parcel(1, 0))["shipments"][0]
    shopper.cancel(order, 409)
    assert staff.post(f"/api/orders/{order}/refused", json={}).status_code == 200
    assert shop.stock(serum) == (10, 0)
    # What came back can't arrive any more.
    deliver(staff, order, shipment["shipmentId"], 409)
    ship(staff, order, {}, 409)
    assert shop.order(order)["shipments"][0].get("delivered_at") is None
    shop.add_up()


def test_what_arrived_can_not_be_refused(shop: Any, staff: Caller, order: str, parcel: Any) -> None:
    shipment = ship(staff, order, parcel(1, 0))["shipments"][0]
    deliver(staff, order, shipment["shipmentId"])
    assert staff.post(f"/api/orders/{order}/refused", json={}).status_code == 409
    shop.add_up()


def test_who_may_ship(shopper: Any, staff: Caller, client: Any, order: str, parcel: Any) -> None:
    path = f"/api/orders/{order}/shipments"
    for sent in (path, f"{path}/ship_1/delivered", f"/api/orders/{order}/refused"):
        assert client.post(sent, json={}).status_code == 401
        assert shopper.caller.post(sent, json={}).status_code == 403
    assert staff.post("/api/orders/order_nobody/shipments", json={}).status_code == 404
    assert staff.post("/api/orders/order_nobody/refused", json={}).status_code == 404
    deliver(staff, order, "ship_nobody", 404)


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [{"variantId": "x"}]},
        {"items": [{"variantId": "x", "quantity": 0}]},
        {"items": [{"variantId": "x", "quantity": -1}]},
        {"items": [{"variantId": "x", "quantity": 1.5}]},
        {"carrier": "x" * 61},
        {"trackingNumber": "a\nb"},
        {"note": "x" * 501},
        {"weight": 5},
    ],
    ids=str,
)
def test_bad_parcels_send_nothing(shop: Any, staff: Caller, order: str, body: Any) -> None:
    ship(staff, order, body, 422)
    assert shop.order(order)["status"] == "confirmed"


def test_an_order_has_no_hundred_parcels(
    shop: Any, shopper: Any, staff: Caller, make_product: Any, variant_of: Any
) -> None:
    cheap = make_product(name="Cotton", price=Decimal(1_000), sku="COTTON", inventory=60)
    order = shopper.order(cheap, 52, "cod")
    body = {"items": [{"variantId": variant_of(cheap), "quantity": 1}]}
    for _ in range(50):
        ship(staff, order, body)
    ship(staff, order, body, 422)
    assert shop.order(order)["status"] == "partially_shipped"
