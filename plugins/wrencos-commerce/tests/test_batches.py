"""Batches: what expires first is sold first, and what has expired is not sold at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wrencos_commerce.errors import OutOfStock
from wrencos_commerce.models.batch import Batch
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.batches import Batches
from wrencos_commerce.services.carts import CartHolder
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_core.api import SYSTEM, Identity, Platform
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
VariantOf = Callable[[str], str]
PURCHASE = Purchase(
    payment_method_id="cod",
    address=ShippingAddress(street="1 Test Street", city="Hà Nội", country="VN"),
)
TODAY = datetime(2026, 3, 2, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today(clock: Any) -> None:
    clock.move_to(TODAY)


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


def receive(caller: Caller, product_id: str, code: str, expires: str, quantity: int) -> str:
    body = {"productId": product_id, "code": code, "expiresOn": expires, "quantity": quantity}
    answer = caller.post("/api/batches", json=body)
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["updatedBatch"]["batchId"])


def stock(product_id: str) -> int:
    row = Product.raw().find_one({"_id": product_id})
    assert row["inventory"] == row["variants"][0]["inventory"]
    return int(row["inventory"])


def left(*batch_ids: str) -> list[int]:
    return [Batch.raw().find_one({"_id": id})["quantity"] for id in batch_ids]


def buy(caller: Caller, product_id: str, quantity: int, purchase: Mapping[str, Any]) -> Any:
    item = {"productId": product_id, "quantity": quantity}
    added = caller.post("/api/cart/items", json=item)
    return caller.post("/api/cart/checkout", json=purchase) if added.status_code == 201 else added


def test_a_received_batch_adds_to_the_stock(admin: Caller, make_product: MakeProduct) -> None:
    serum = make_product(inventory=2, sku="S-1")
    id = receive(admin, serum, "LOT-1", "2026-12-31", 30)
    assert stock(serum) == 32
    body = admin.get(f"/api/batches/{id}").get_json()
    assert body["batch"]["code"] == "LOT-1"
    assert (body["batch"]["sku"], body["batch"]["quantity"]) == ("S-1", 30)
    assert [(m["kind"], m["quantity"]) for m in body["movements"]] == [("received", 30)]


def test_more_of_a_known_batch_adds_to_it(admin: Caller, make_product: MakeProduct) -> None:
    serum = make_product(inventory=0)
    first = receive(admin, serum, "LOT-1", "2026-12-31", 30)
    assert receive(admin, serum, "LOT-1", "2026-12-31", 5) == first
    assert (stock(serum), left(first)) == (35, [35])
    body = {"productId": serum, "code": "LOT-1", "expiresOn": "2027-01-01", "quantity": 1}
    assert admin.post("/api/batches", json=body).status_code == 409
    assert stock(serum) == 35


def test_a_repeated_delivery_counts_once(admin: Caller, make_product: MakeProduct) -> None:
    serum = make_product(inventory=0)
    body = {"productId": serum, "code": "L", "expiresOn": "2026-12-31", "quantity": 3}
    for _ in range(2):
        answer = admin.post("/api/batches", json=body, headers={"Idempotency-Key": "delivery-7"})
        assert answer.status_code == 201
    assert stock(serum) == 3


def test_stock_that_is_there_can_be_labelled(admin: Caller, make_product: MakeProduct) -> None:
    serum = make_product(inventory=10)
    body = {"productId": serum, "code": "L", "expiresOn": "2026-12-31", "fromStock": True}
    assert admin.post("/api/batches", json={**body, "quantity": 11}).status_code == 422
    assert admin.post("/api/batches", json={**body, "quantity": 6}).status_code == 201
    assert stock(serum) == 10
    assert admin.post("/api/batches", json={**body, "quantity": 5}).status_code == 422


def test_what_expires_first_is_sold_first(
    admin: Caller, login: Any, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum = make_product(inventory=4)
    late = receive(admin, serum, "LATE", "2027-06-30", 5)
    early = receive(admin, serum, "EARLY", "2026-04-30", 3)
    order_id = buy(login(), serum, 5, purchase).get_json()["orderId"]
    assert left(early, late) == [0, 3]
    (line,) = Order.raw().find_one({"_id": order_id})["lines"]
    assert [(p["code"], p["quantity"]) for p in line["batches"]] == [("EARLY", 3), ("LATE", 2)]
    buy(login(), serum, 6, purchase)
    assert (left(early, late), stock(serum)) == ([0, 0], 1)


def test_a_cancelled_order_returns_its_pieces_to_their_batches(
    admin: Caller, login: Any, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum, me = make_product(inventory=1), login()
    late = receive(admin, serum, "LATE", "2027-06-30", 5)
    early = receive(admin, serum, "EARLY", "2026-04-30", 3)
    order_id = buy(me, serum, 9, purchase).get_json()["orderId"]
    assert (left(early, late), stock(serum)) == ([0, 0], 0)
    assert me.post(f"/api/orders/{order_id}/cancel", json={}).status_code == 200
    assert (left(early, late), stock(serum)) == ([3, 5], 9)


def test_expired_pieces_are_not_sold_even_before_the_job_comes_by(
    admin: Caller,
    login: Any,
    clock: Any,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    platform: Platform,
) -> None:
    serum = make_product(inventory=0)
    short = receive(admin, serum, "SHORT", "2026-03-02", 5)
    me = login()
    me.post("/api/cart/items", json={"productId": serum, "quantity": 2})
    # The last day ends at midnight where the shop is.
    zone = platform.settings.timezone
    clock.move_to(datetime(2026, 3, 3, tzinfo=ZoneInfo(zone)).astimezone(UTC))
    checkout, holder = platform.services.require(Checkout), CartHolder(Identity(user_id=me.user_id))
    with pytest.raises(OutOfStock) as refused:
        checkout.place(holder, PURCHASE)
    assert refused.value.extra["products"][0]["available"] == 0
    assert buy(login(), serum, 1, purchase).get_json()["available"] == 0
    assert (left(short), stock(serum)) == ([5], 5)


def test_the_job_takes_expired_batches_out_once(
    admin: Caller,
    login: Any,
    clock: Any,
    make_product: MakeProduct,
    platform: Platform,
    run_jobs: Callable[[], int],
    outbox_events: Any,
) -> None:
    serum = make_product(inventory=2)
    short = receive(admin, serum, "SHORT", "2026-03-02", 5)
    clock.advance(timedelta(days=2))
    for _ in range(2):
        platform.jobs.enqueue("commerce.expire_batches")
        run_jobs()
        assert (left(short), stock(serum)) == ([5], 2)
    body = login("admin").get(f"/api/batches/{short}").get_json()
    assert body["batch"]["state"] == "expired"
    assert [m["kind"] for m in body["movements"]] == ["expired", "received"]
    assert [e["payload"]["inventory"] for e in outbox_events("commerce.stock_low")] == [2]


def test_every_way_to_run_out_is_told(
    admin: Caller,
    login: Any,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    outbox_events: Any,
) -> None:
    """A write-off, a sale and a count after each other are three facts with three ids."""
    serum = make_product(inventory=0)
    lot = receive(admin, serum, "L", "2027-01-01", 8)
    admin.post(f"/api/batches/{lot}/write-off", json={"quantity": 3, "note": "broken"})
    buy(login(), serum, 5, purchase)
    admin.put(f"/api/products/{serum}", json={"inventory": 7})
    admin.put(f"/api/products/{serum}", json={"inventory": 0})
    told = [event["payload"]["inventory"] for event in outbox_events("commerce.stock_low")]
    assert told == [5, 0, 0]


def test_two_jobs_at_once_take_an_expired_batch_out_once(
    admin: Caller, clock: Any, make_product: MakeProduct, platform: Platform
) -> None:
    serum = make_product(inventory=2)
    receive(admin, serum, "SHORT", "2026-03-02", 5)
    clock.advance(timedelta(days=2))
    batches = platform.services.require(Batches)
    assert sorted(run_in_threads(4, lambda _: batches.expire_due(SYSTEM))) == [0, 0, 0, 1]
    assert stock(serum) == 2


def test_expired_pieces_can_be_written_off_or_returned(
    admin: Caller, login: Any, clock: Any, make_product: MakeProduct, platform: Platform
) -> None:
    serum = make_product(inventory=2)
    short = receive(admin, serum, "SHORT", "2026-03-02", 5)
    clock.advance(timedelta(days=2))
    admin = login("admin")
    platform.services.require(Batches).expire_due(SYSTEM)
    path = f"/api/batches/{short}"
    assert admin.post(f"{path}/write-off", json={"quantity": 2, "note": "x"}).status_code == 200
    refused = admin.post(f"{path}/return", json={"quantity": 4, "note": "x"})
    assert (refused.status_code, refused.get_json()["available"]) == (409, 3)
    assert admin.post(f"{path}/return", json={"note": "supplier takes it"}).status_code == 200
    assert (left(short), stock(serum)) == ([0], 2)
    kinds = [m["kind"] for m in admin.get(path).get_json()["movements"]]
    assert kinds == ["returned", "written_off", "expired", "received"]


def test_sellable_pieces_that_are_written_off_leave_the_stock(
    admin: Caller, make_product: MakeProduct
) -> None:
    serum = make_product(inventory=1)
    id = receive(admin, serum, "L", "2027-01-01", 4)
    admin.post(f"/api/batches/{id}/write-off", json={"quantity": 3, "note": "broken"})
    assert (left(id), stock(serum)) == ([1], 2)


def test_a_recall_stops_the_sale_and_names_the_orders(
    admin: Caller, login: Any, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum, me = make_product(inventory=0), login()
    bad = receive(admin, serum, "BAD", "2026-09-01", 5)
    order_id = buy(me, serum, 2, purchase).get_json()["orderId"]
    good = receive(admin, serum, "GOOD", "2027-01-01", 1)
    for _ in range(2):
        answer = admin.post(f"/api/batches/{bad}/recall", json={"note": "contaminated"})
        assert answer.get_json()["affectedOrders"] == 1
    assert (stock(serum), left(bad, good)) == (1, [3, 1])
    body = admin.get(f"/api/batches/{bad}/orders").get_json()
    assert [(o["orderId"], o["quantity"]) for o in body["orders"]] == [(order_id, 2)]
    # What comes back of it is not sold again.
    me.post(f"/api/orders/{order_id}/cancel", json={})
    assert (stock(serum), left(bad)) == (1, [5])


def test_staff_is_told_at_90_60_and_30_days_once_each(
    admin: Caller,
    clock: Any,
    make_product: MakeProduct,
    platform: Platform,
    outbox_events: Any,
    run_jobs: Callable[[], int],
) -> None:
    serum = make_product()
    receive(admin, serum, "L", "2026-06-30", 5)
    empty = receive(admin, serum, "EMPTY", "2026-06-30", 5)
    admin.post(f"/api/batches/{empty}/write-off", json={"note": "gone"})

    def told() -> list[int]:
        for _ in range(2):
            platform.jobs.enqueue("commerce.expire_batches")
            run_jobs()
        return [event["payload"]["days"] for event in outbox_events("commerce.batch_expiring")]

    assert told() == []
    clock.advance(timedelta(days=30))
    assert told() == [90]
    clock.advance(timedelta(days=30))
    assert told() == [90, 60]
    clock.advance(timedelta(days=31))
    assert told() == [90, 60, 30]


def test_a_batch_that_arrives_late_is_told_once(
    admin: Caller, make_product: MakeProduct, platform: Platform, outbox_events: Any
) -> None:
    receive(admin, make_product(), "L", "2026-03-20", 5)
    batches = platform.services.require(Batches)
    assert [batches.alert_due(), batches.alert_due()] == [1, 0]
    (event,) = outbox_events("commerce.batch_expiring")
    assert (event["payload"]["days"], event["payload"]["quantity"]) == (30, 5)


def test_a_count_below_what_is_in_batches_is_refused(
    admin: Caller, make_product: MakeProduct
) -> None:
    serum = make_product(inventory=0)
    receive(admin, serum, "L", "2027-01-01", 4)
    assert admin.put(f"/api/products/{serum}", json={"inventory": 3}).status_code == 422
    assert admin.put(f"/api/products/{serum}", json={"inventory": 6}).status_code == 200
    assert stock(serum) == 6


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"expiresOn": "2026-03-01"}, 422),
        ({"expiresOn": "soon"}, 422),
        ({"quantity": 0}, 422),
        ({"code": ""}, 422),
        ({"code": "two\nlines"}, 422),
        ({"productId": "prod_none"}, 404),
        ({"variantId": "var_none"}, 404),
    ],
)
def test_what_cannot_be_received_is_refused(
    admin: Caller, make_product: MakeProduct, change: dict[str, Any], status: int
) -> None:
    serum = make_product(inventory=1)
    body = {"productId": serum, "code": "L", "expiresOn": "2027-01-01", "quantity": 1, **change}
    assert admin.post("/api/batches", json=body).status_code == status
    assert (stock(serum), Batch.raw().count_documents({})) == (1, 0)


def test_batches_are_for_staff(login: Any, client: Any, admin: Caller, make_product: Any) -> None:
    id = receive(admin, make_product(), "L", "2027-01-01", 4)
    body = {"note": "x"}
    assert client.get("/api/batches").status_code == 401
    assert login().get("/api/batches").status_code == 403
    staff = login("staff")
    assert staff.get("/api/batches").status_code == 200
    assert staff.get(f"/api/batches/{id}").status_code == 200
    for verb in ("write-off", "return", "recall"):
        assert staff.post(f"/api/batches/{id}/{verb}", json=body).status_code == 403
    assert staff.post("/api/batches", json={}).status_code == 403
    assert admin.post("/api/batches/batch_none/recall", json=body).status_code == 404


def test_the_list_shows_what_expires_first(
    admin: Caller, make_product: MakeProduct, commands_of: Any, plans_of: Any
) -> None:
    serum = make_product()
    for number, expires in enumerate(["2027-01-01", "2026-03-20", "2026-08-01"]):
        receive(admin, serum, f"L{number}", expires, 1)
    body = admin.get("/api/batches?expiresWithin=30").get_json()
    assert [batch["code"] for batch in body["batches"]] == ["L1"]
    body = admin.get("/api/batches?limit=2").get_json()
    assert ([b["code"] for b in body["batches"]], body["totalPages"]) == (["L1", "L2"], 2)
    for query in ("", "?state=sellable", f"?productId={serum}", "?expiresWithin=30"):
        commands = commands_of(lambda q=query: admin.get(f"/api/batches{q}"))
        for command in commands:
            if command.get("aggregate") == "commerce_batches":
                for plan in plans_of(command):
                    assert "COLLSCAN" not in plan["stages"]
