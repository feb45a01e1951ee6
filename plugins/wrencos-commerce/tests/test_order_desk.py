"""What staff find, note and export of orders, and what customers order once more."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce import plugin
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import MAX_NOTES, Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.permissions import EXPORT_ORDERS
from wrencos_commerce.services.order_export import COLUMNS, OrderExport
from wrencos_commerce.services.order_queries import OrderFilter
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM, Platform, database, new_id, now
from wrencos_core.platform import current_platform as shop
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


def note(caller: Caller, order: str, text: str = "Call before 5 pm") -> Any:
    return caller.post(f"/api/orders/{order}/notes", json={"text": text})


def audited(action: str) -> list[dict[str, Any]]:
    entries: Any = database()["core_audit_entries"]
    return list(entries.find({"action": action}))


def test_a_note_is_for_staff_alone(
    me: Caller, staff: Caller, place_order: PlaceOrder, run_jobs: Any, sent_mail: Any, clock: Any
) -> None:
    order = place_order(me)
    answer = note(staff, order)
    assert answer.status_code == 201
    expected = [{"at": "2026-03-02T03:04:05Z", "actor": staff.user_id, "text": "Call before 5 pm"}]
    assert clock().year == 2026
    assert answer.get_json()["updatedOrder"]["staffNotes"] == expected
    shown = staff.get(f"/api/orders/{order}").get_json()["order"]
    assert shown["staffNotes"] == expected
    own = me.get(f"/api/orders/{order}")
    assert "staffNotes" not in own.get_json()["order"]
    cancelled = me.post(f"/api/orders/{order}/cancel", json={})
    exported = plugin.export_personal_data(shop(), user_id=me.user_id).sections
    run_jobs()
    for told in (own.text, cancelled.text, me.get("/api/orders").text, exported, *sent_mail()):
        assert "Call before" not in str(told)
    (entry,) = audited("commerce.orders.add_note")
    assert (entry["target"], entry["actor"]) == (order, staff.user_id)
    assert "Call before" not in str(entry)


def test_notes_of_a_forgotten_customer_are_forgotten(
    me: Caller, staff: Caller, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    note(staff, order, "Lan is allergic to nuts")
    me.post(f"/api/orders/{order}/cancel", json={})
    plugin.erase_personal_data(shop(), user_id=me.user_id)
    assert "allergic" not in str(Order.raw().find_one({"_id": order}))


def test_writing_notes_needs_the_permission(
    client: FlaskClient, me: Caller, staff: Caller, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    assert note(me, order).status_code == 403
    path = f"/api/orders/{order}/notes"
    assert client.post(path, json={"text": "x"}).status_code == 401
    assert note(staff, "order_nothing").status_code == 404
    assert note(staff, order, " ").status_code == 422
    assert note(staff, order, "x" * 2001).status_code == 422
    assert audited("commerce.orders.add_note") == []


def test_there_is_room_for_a_hundred_notes_also_for_many_at_once(
    me: Caller, staff: Caller, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    many = [{"at": now(), "actor": "user_1", "text": "x"}] * (MAX_NOTES - 1)
    Order.raw().update_one({"_id": order}, {"$set": {"staff_notes": many}})

    def work(_: int) -> int:
        return note(Caller(staff.app, staff.user_id, staff.token), order).status_code

    assert sorted(map(str, run_in_threads(3, work))) == ["201", "409", "409"]
    assert note(staff, order).get_json()["type"] == "urn:wrencos:problem:too-many-notes"


def test_staff_find_orders(
    me: Caller,
    login: Any,
    staff: Caller,
    place_order: PlaceOrder,
    purchase: dict[str, Any],
    clock: Any,
) -> None:
    purchase["shippingAddress"]["phone"] = "0901 234 567"
    first = place_order(me)
    del purchase["shippingAddress"]["phone"]
    clock.advance(timedelta(minutes=1))
    second = place_order(login(email="Mai@example.test"))
    parcel = {"id": "ship_1", "items": [], "tracking_number": "GHN-77", "shipped_at": now()}
    changes = {
        "shipments": [parcel],
        "channel": "phone",
        "payment_status": "paid",
        "payment_method": "bank_transfer",
        "invoice_number": "INV-2026-000001",
    }
    Order.raw().update_one({"_id": second}, {"$set": changes})
    clock.advance(timedelta(minutes=1))
    third = place_order(login())
    guest = {"email": "guest@example.test", "contact": {"name": "Mai", "phone": "0905 111 222"}}
    gone = {"user_id": "", "shipping_address": ""}
    changes = {"channel": "counter", **guest}
    Order.raw().update_one({"_id": third}, {"$set": changes, "$unset": gone})

    def found(**query: str) -> list[str]:
        answer = staff.get("/api/orders/all", query_string=query)
        assert answer.status_code == 200, answer.get_json()
        return [order["orderId"] for order in answer.get_json()["orders"]]

    assert found(paymentStatus="paid") == [second]
    assert found(paymentMethod="cod") == [third, first]
    assert found(channel="counter") == [third]
    assert found(channel="web", paymentStatus="pending") == [first]
    assert found(text=first) == [first]
    assert found(text="order_01JCV5ZZZZZZZZZZZZZZZZZZZZ") == []
    assert found(text="GHN-77") == [second]
    assert found(text=" INV-2026-000001 ") == [second]
    assert found(text="0901 234 567") == [first]
    assert found(text="0905 111 222") == [third]
    assert found(text="mai@EXAMPLE.test") == [second]
    assert found(text="Guest@example.test") == [third]
    assert found(text="nobody@example.test") == []
    assert found(text="GHN-77", status="cancelled") == []
    assert found(text="GHN-77", channel="phone") == [second]
    for bad in ("channel=moon", "paymentStatus=lost", "text=", "paymentMethod="):
        assert staff.get(f"/api/orders/all?{bad}").status_code == 422
    assert me.get("/api/orders/all?text=GHN-77").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "paymentStatus=paid",
        "paymentMethod=cod",
        "channel=phone",
        "channel=phone&status=confirmed&from=2026-03-01T00:00:00Z",
        "text=order_01JCV5ZZZZZZZZZZZZZZZZZZZZ",
        "text=GHN-77",
        "text=customer1@example.test",
        "text=nobody@example.test",
    ],
)
def test_every_search_uses_an_index(
    me: Caller,
    staff: Caller,
    place_order: PlaceOrder,
    query: str,
    commands_of: Callable[[Callable[[], Any]], list[Mapping[str, Any]]],
    plans_of: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
) -> None:
    place_order(me)
    sent = commands_of(lambda: staff.get(f"/api/orders/all?{query}"))
    (aggregate,) = (c for c in sent if c.get("aggregate") == "commerce_orders")
    for plan in plans_of(aggregate):
        assert "COLLSCAN" not in plan["stages"]
        # A number may be a parcel's, an invoice's or a telephone's: few fit, and are sorted.
        assert "SORT" not in plan["stages"] or "GHN" in query


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.fixture
def exporter(login: Any) -> Caller:
    return login("staff", [EXPORT_ORDERS])  # type: ignore[no-any-return]


def test_orders_are_exported_line_by_line(
    clock: Any,
    me: Caller,
    exporter: Caller,
    make_product: MakeProduct,
    place_order: PlaceOrder,
    purchase: dict[str, Any],
) -> None:
    address = purchase["shippingAddress"]
    address |= {"name": "=cmd|' /C calc'!A0", "phone": "+84 901", "city": "Đà Nẵng"}
    balm = make_product(name="Balm, large", sku="@B", price=Decimal("5.50"))
    me.post("/api/cart/items", json={"productId": balm, "quantity": 2})
    first = place_order(me)
    charge = {"code": "shipping", "label": "Standard", "amount": 300, "discount": 0}
    charge |= {"tax_rate": "0", "tax": 0, "total": 300}
    changes = {"charges": [charge], "paid": 4399}
    Order.raw().update_one({"_id": first}, {"$set": changes})
    clock.advance(timedelta(minutes=10))
    place_order(me)
    answer = exporter.get("/api/orders/export?format=csv&to=2026-03-02T03:10:00Z")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "orders-20260302-031405.csv" in answer.headers["Content-Disposition"]
    rows = rows_of(answer.data)
    assert tuple(rows[0]) == COLUMNS
    assert [row["orderId"] for row in rows] == [first, first]
    one, two = rows
    assert one["placedAt"] == "2026-03-02T10:04:05+07:00"
    assert (one["email"], one["userId"]) == ("customer1@example.test", me.user_id)
    assert (one["name"], one["phone"]) == ("'=cmd|' /C calc'!A0", "'+84 901")
    assert (one["sku"], one["product"], one["city"]) == ("'@B", "Balm, large", "Đà Nẵng")
    assert (one["quantity"], one["price"], one["lineTotal"]) == ("2", "5.50", "11.00")
    assert (one["shipping"], one["fees"], one["paid"]) == ("3.00", "0.00", "43.99")
    assert (one["orderTotal"], two["orderTotal"], two["shipping"]) == ("40.99", "", "")
    (entry,) = audited("commerce.orders.export")
    assert entry["actor"] == exporter.user_id
    assert entry["changes"] == {"placed_before": "2026-03-02 03:10:00+00:00"}


def test_an_export_names_who_took_it_along(
    me: Caller, exporter: Caller, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    changes = {"$set": {"contact": {"phone": "0905 111 222"}}, "$unset": {"shipping_address": ""}}
    Order.raw().update_one({"_id": order}, changes)
    (row,) = rows_of(exporter.get("/api/orders/export").data)
    assert (row["name"], row["phone"], row["street"]) == ("", "0905 111 222", "")


def test_an_export_for_excel_and_one_of_nothing(exporter: Caller) -> None:
    plain = exporter.get("/api/orders/export").data
    assert rows_of(plain) == []
    assert exporter.get("/api/orders/export?bom=true").data == b"\xef\xbb\xbf" + plain


def test_an_export_has_a_permission_of_its_own(
    client: FlaskClient, me: Caller, staff: Caller, exporter: Caller
) -> None:
    assert client.get("/api/orders/export").status_code == 401
    assert me.get("/api/orders/export").status_code == 403
    assert staff.get("/api/orders/export").status_code == 403
    for bad in ("format=xml", "status=lost", "bom=1", "page=2"):
        assert exporter.get(f"/api/orders/export?{bad}").status_code == 422
    assert audited("commerce.orders.export") == []


def test_an_export_holds_a_part_in_memory(
    platform: Platform, me: Caller, place_order: PlaceOrder
) -> None:
    row = Order.raw().find_one({"_id": place_order(me)})
    row["shipping_address"]["street"] = "A long street " * 20
    export = platform.services.require(OrderExport)

    def store(count: int) -> None:
        Order.raw().insert_many([{**row, "_id": new_id("order")} for _ in range(count)])

    def peak() -> int:
        tracemalloc.start()
        try:
            assert sum(map(len, export.pieces(OrderFilter(), SYSTEM))) > 0
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    store(1000)
    peak()
    small = peak()
    store(4000)
    # Those 4000 rows are two megabytes as text, and many more as dicts.
    assert peak() - small < 500_000


def reorder(caller: Caller, order: str) -> Any:
    return caller.post(f"/api/orders/{order}/reorder")


def test_ordering_once_more_takes_what_there_is(
    platform: Platform, me: Caller, make_product: MakeProduct, place_order: PlaceOrder
) -> None:
    names = ("Same", "Dearer", "Scarce", "Withdrawn", "Gone")
    ids = {name: make_product(name=name) for name in names}
    for id in [*ids.values()][1:]:
        me.post("/api/cart/items", json={"productId": id, "quantity": 3})
    order = place_order(me, ids["Same"], 2)
    products = platform.services.require(Products)
    products.update(ids["Dearer"], {"price": Decimal("31.50")}, SYSTEM)
    products.update(ids["Scarce"], {"inventory": 2}, SYSTEM)
    products.update(ids["Withdrawn"], {"is_active": False}, SYSTEM)
    Product.raw().delete_one({"_id": ids["Gone"]})
    me.post("/api/cart/items", json={"productId": ids["Same"], "quantity": 1})
    answer = reorder(me, order)
    assert answer.status_code == 200
    assert answer.get_json()["message"] == "Pieces put into the cart: 7"
    found = {item["name"]: item for item in answer.get_json()["items"]}
    assert [(name, found[name]["added"], found[name]["missing"]) for name in names] == [
        ("Same", 2, None),
        ("Dearer", 3, None),
        ("Scarce", 2, "out_of_stock"),
        ("Withdrawn", 0, "not_for_sale"),
        ("Gone", 0, "gone"),
    ]
    prices = {n: (i["priceThen"], i["priceNow"], i["priceChanged"]) for n, i in found.items()}
    assert prices["Same"] == (29.99, 29.99, False)
    assert prices["Dearer"] == (29.99, 31.5, True)
    assert prices["Gone"] == (29.99, None, False)
    cart = me.get("/api/cart").get_json()
    quantities = {item["name"]: item["quantity"] for item in cart["items"]}
    assert quantities == {"Same": 3, "Dearer": 3, "Scarce": 2}
    assert next(i["price"] for i in cart["items"] if i["name"] == "Dearer") == 31.5


def test_ordering_once_more_minds_the_limits(
    me: Caller, make_product: MakeProduct, place_order: PlaceOrder
) -> None:
    serum, balm = make_product(inventory=500), make_product(name="Balm")
    me.post("/api/cart/items", json={"productId": balm})
    order = place_order(me, serum, 60)
    reorder(me, order)
    found = {item["name"]: item for item in reorder(me, order).get_json()["items"]}
    serum_line = found["Hydrating Essence Serum"]
    assert (serum_line["added"], serum_line["missing"]) == (39, "too_many")
    Cart.raw().update_one({"user_id": me.user_id}, {"$set": {"items": []}})
    unit = {"product_id": "prod_x", "quantity": 1}
    full = [{"id": f"item_{n}", "variant_id": f"var_{n}", **unit} for n in range(99)]
    Cart.raw().update_one({"user_id": me.user_id}, {"$set": {"items": full}})
    missing = [item["missing"] for item in reorder(me, order).get_json()["items"]]
    assert missing == [None, "cart_full"]


def test_ordering_once_more_is_for_the_owner(
    client: FlaskClient, me: Caller, login: Any, staff: Caller, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    assert client.post(f"/api/orders/{order}/reorder").status_code == 401
    assert reorder(login(), order).status_code == 404
    assert reorder(staff, order).status_code == 404
    assert reorder(me, "order_nothing").status_code == 404


def test_ordering_once_more_happens_once_for_a_key(me: Caller, place_order: PlaceOrder) -> None:
    order = place_order(me)
    for _ in range(2):
        path = f"/api/orders/{order}/reorder"
        assert me.post(path, headers={"Idempotency-Key": "k"}).status_code == 200
    assert me.get("/api/cart").get_json()["itemCount"] == 1
