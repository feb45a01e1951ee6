"""Receiving returns: stock, money and events, once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.returns.receiving import Inspection, ReturnReceiving
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

PlaceOrder = Callable[..., str]


@pytest.fixture
def approved(clerk: Caller, ask: Any) -> Callable[..., str]:
    """Returns `approved(order_id, quantity=1, **fields)`: an approved return, and its id."""
    return lambda order_id, quantity=1, **fields: str(
        ask(clerk, order_id, quantity, **fields)["returnId"]
    )


def found(shop: Any, order_id: str, restock: int, write_off: int) -> list[dict[str, Any]]:
    variant = shop.line(order_id)["variant_id"]
    return [{"variantId": variant, "restock": restock, "writeOff": write_off}]


def test_stock_money_and_event_in_one_step(
    me: Caller,
    clerk: Caller,
    login: Any,
    serum: str,
    bought: str,
    approved: Any,
    act: Any,
    shop: Any,
    outbox_events: Any,
    run_jobs: Any,
) -> None:
    id = approved(bought, 2)
    assert shop.stock(serum) == 7
    back = act(clerk, id, "receive", items=found(shop, bought, 1, 1), note="One was opened")
    assert (back["state"], back["credit"], back["deduction"]) == ("received", 59.98, 0)
    assert (back["items"][0]["restocked"], back["items"][0]["writtenOff"]) == (1, 1)
    assert shop.counts(bought) == (0, 2)
    assert shop.stock(serum) == 8
    moved = StockMovement.raw().find({"reference": id}).sort("_id", 1)
    assert [(row["reason"], row["quantity"]) for row in moved] == [
        ("returned", 2),
        ("written_off", -1),
    ]
    (event,) = outbox_events("commerce.order_returned")
    assert event["_id"] == f"{id}:received"
    assert event["payload"]["resolution"] == "refund"
    assert event["payload"]["lines"] == [
        {
            "variant_id": shop.line(bought)["variant_id"],
            "restocked": 1,
            "written_off": 1,
            "cost_price": 1200,
        }
    ]
    (refund,) = shop.refunds(bought)
    assert (refund["amount"], refund["reason"], refund["return_id"]) == (5998, "returned", id)

    # Cash goes back by hand; then the return is closed.
    run_jobs()
    assert shop.back(id)["state"] == "received"
    login("admin").post(f"/api/refunds/{refund['_id']}/confirm", json={})
    run_jobs()
    assert shop.back(id)["state"] == "closed"
    order = me.get(f"/api/orders/{bought}").get_json()["order"]
    assert (order["paid"], order["refunded"]) == (89.97, 59.98)
    assert order["paymentStatus"] == "partially_refunded"


def test_it_happens_once_however_often_it_is_clicked(
    platform: Platform, serum: str, bought: str, approved: Any, shop: Any, outbox_events: Any
) -> None:
    id = approved(bought, 2)
    receiving = platform.services.require(ReturnReceiving)
    done = run_in_threads(4, lambda _: receiving.receive(id, Inspection(), SYSTEM))
    assert sum(not isinstance(answer, Exception) for answer in done) == 1
    assert {type(a).__name__ for a in done if isinstance(a, Exception)} == {
        "ReturnTransitionRefused"
    }
    assert shop.counts(bought) == (0, 2)
    assert [refund["amount"] for refund in shop.refunds(bought)] == [5998]
    assert len(outbox_events("commerce.order_returned")) == 1
    # Nothing was told of the pieces, so all are written off.
    assert shop.stock(serum) == 7


def test_a_failure_leaves_nothing(
    clerk: Caller, serum: str, bought: str, approved: Any, act: Any, shop: Any, outbox_events: Any
) -> None:
    id = approved(bought, 2)
    items = found(shop, bought, 2, 0)
    problem = act(clerk, id, "receive", 422, items=items, deduction=59.99)
    assert problem["errors"] == {"deduction": ["At most 59.98 USD can be kept."]}
    assert shop.back(id)["state"] == "approved"
    assert shop.counts(bought) == (2, 0)
    assert (shop.stock(serum), shop.refunds(bought)) == (7, [])
    assert outbox_events("commerce.order_returned") == []


def test_a_deduction_is_kept(
    clerk: Caller, bought: str, approved: Any, act: Any, shop: Any
) -> None:
    back = act(clerk, approved(bought, 2), "receive", deduction=9.99)
    assert (back["credit"], back["deduction"]) == (49.99, 9.99)
    (refund,) = shop.refunds(bought)
    (part,) = refund["lines"]
    assert (part["quantity"], part["amount"]) == (2, 4999)
    # All of it kept: nothing to pay back, so the return is closed.
    back = act(clerk, approved(bought, 1), "receive", deduction=29.99)
    assert (back["state"], back["credit"]) == ("closed", 0)
    assert len(shop.refunds(bought)) == 1


def test_shipping_goes_back_if_the_staff_say_so(
    me: Caller,
    clerk: Caller,
    admin: Caller,
    place_order: PlaceOrder,
    deliver: Any,
    approved: Any,
    act: Any,
    shop: Any,
) -> None:
    method = {"name": "Standard", "rates": [{"price": 5, "minDays": 1, "maxDays": 3}]}
    made = admin.post("/api/shipping-methods", json=method)
    assert made.status_code == 201, made.get_json()
    order = deliver(place_order(me, None, 2))
    assert shop.order(order)["charges"][0]["total"] == 500
    assert act(clerk, approved(order), "receive")["credit"] == 29.99
    assert act(clerk, approved(order), "receive", refundShipping=True)["credit"] == 34.99
    assert [refund["amount"] for refund in shop.refunds(order)] == [2999, 3499]
    assert shop.order(order)["total_price"] == 2999 + 3499


def test_pieces_that_did_not_come_can_be_asked_back_anew(
    clerk: Caller, bought: str, approved: Any, act: Any, shop: Any
) -> None:
    back = act(clerk, approved(bought, 3), "receive", items=found(shop, bought, 1, 0))
    assert back["credit"] == 29.99
    assert shop.counts(bought) == (0, 1)
    approved(bought, 2)
    assert shop.counts(bought) == (2, 1)


def test_what_is_told_must_fit(
    clerk: Caller, bought: str, approved: Any, act: Any, shop: Any
) -> None:
    id = approved(bought, 2)
    other = [{"variantId": "var_other", "restock": 1}]
    for items in (found(shop, bought, 2, 1), found(shop, bought, 0, 0), other):
        assert "items" in act(clerk, id, "receive", 422, items=items)["errors"]
    assert "items" in act(clerk, id, "receive", 422, items=[])["errors"]
    assert shop.counts(bought) == (2, 0)


def test_only_an_approved_return_is_received(
    me: Caller, clerk: Caller, bought: str, ask: Any, act: Any
) -> None:
    id = ask(me, bought)["returnId"]
    problem = act(clerk, id, "receive", 409)
    assert problem["allowed"] == ["approved", "cancelled", "rejected"]


def test_money_that_went_back_meanwhile_does_not_go_twice(
    clerk: Caller, admin: Caller, bought: str, approved: Any, act: Any, shop: Any, serum: str
) -> None:
    id = approved(bought, 2)
    assert (
        admin.post(f"/api/orders/{bought}/refunds", json={"reason": "goodwill"}).status_code == 201
    )
    back = act(clerk, id, "receive", items=found(shop, bought, 2, 0))
    assert (back["state"], back["credit"]) == ("closed", 0)
    assert [refund["amount"] for refund in shop.refunds(bought)] == [8997]
    assert (shop.counts(bought), shop.stock(serum)) == ((0, 2), 9)


def test_goods_come_back_for_nothing(
    clerk: Caller, bought: str, approved: Any, act: Any, shop: Any, serum: str, outbox_events: Any
) -> None:
    id = approved(bought, 1, resolution="none")
    back = act(clerk, id, "receive", items=found(shop, bought, 1, 0))
    assert (back["state"], back["credit"]) == ("closed", 0)
    assert (shop.stock(serum), shop.refunds(bought)) == (8, [])
    (event,) = outbox_events("commerce.order_returned")
    assert event["payload"]["resolution"] == "none"


def test_an_unpaid_order_pays_nothing_back(
    me: Caller,
    clerk: Caller,
    serum: str,
    place_order: PlaceOrder,
    approved: Any,
    act: Any,
    shop: Any,
) -> None:
    order = place_order(me, serum, 2)
    variant = shop.line(order)["variant_id"]
    items = [{"variantId": variant, "quantity": 1}]
    assert clerk.post(f"/api/orders/{order}/shipments", json={"items": items}).status_code == 201
    shipment = shop.order(order)["shipments"][0]["id"]
    clerk.post(f"/api/orders/{order}/shipments/{shipment}/delivered")
    id = approved(order)
    assert act(clerk, id, "receive", 409)["reason"] == "not_paid"
    assert shop.counts(order) == (1, 0)


def test_rounding_is_lost_to_nobody(
    me: Caller,
    clerk: Caller,
    make_product: Callable[..., str],
    place_order: PlaceOrder,
    deliver: Any,
    approved: Any,
    act: Any,
    shop: Any,
) -> None:
    order = deliver(place_order(me, make_product(price=Decimal("0.99")), 7))
    for _ in range(7):
        act(clerk, approved(order), "receive", items=found(shop, order, 1, 0))
    assert sum(refund["amount"] for refund in shop.refunds(order)) == 693
    assert shop.counts(order) == (0, 7)


def test_returned_pieces_go_to_their_batch(
    me: Caller,
    clerk: Caller,
    admin: Caller,
    make_product: Callable[..., str],
    place_order: PlaceOrder,
    deliver: Any,
    approved: Any,
    act: Any,
    shop: Any,
) -> None:
    product = make_product(inventory=0)
    batch = {"productId": product, "code": "LOT-1", "expiresOn": "2027-01-31", "quantity": 5}
    received = admin.post("/api/batches", json=batch)
    assert received.status_code == 201, received.get_json()
    order = deliver(place_order(me, product, 3))
    act(clerk, approved(order, 2), "receive", items=found(shop, order, 1, 1))
    listed = admin.get("/api/batches", query_string={"productId": product}).get_json()
    assert [row["quantity"] for row in listed["batches"]] == [3]
    assert shop.stock(product) == 3


def test_money_that_went_back_another_way_closes_it(
    me: Caller, clerk: Caller, bought: str, approved: Any, act: Any, shop: Any
) -> None:
    id = approved(bought)
    act(clerk, id, "close", 409)
    act(clerk, id, "receive")
    act(me, id, "close", 403)
    closed = act(clerk, id, "close", note="By transfer, the card was closed")
    assert closed["state"] == "closed"
    assert act(clerk, id, "close", 409)["allowed"] == []
