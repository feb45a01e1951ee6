"""Levels, movements, counts and corrections over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason, StockMovement
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.stock_queries import LevelFilter, LevelSort, StockQueries
from wrencos_core.api import SYSTEM, Platform, database, now
from wrencos_core.contracts.commerce import StockReader
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
COUNTS = "/api/stock/counts"
CORRECTIONS = "/api/stock/corrections"


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


@pytest.fixture
def unit(make_product: MakeProduct, variant_of: Callable[[str], str]) -> Unit:
    """Ten pieces of S-1."""
    product_id = make_product(sku="S-1", cost_price=Decimal(12))
    return Unit(product_id, variant_of(product_id))


def hold(platform: Platform, unit: Unit, quantity: int) -> None:
    platform.services.require(Stock).hold({unit: quantity})


def label(platform: Platform, unit: Unit, quantity: int) -> str:
    delivery = Delivery(
        **unit._asdict(),
        code="L",
        expires_on=date(2090, 1, 1),
        quantity=quantity,
        from_stock=True,
    )
    return str(platform.services.require(Batches).receive(delivery, SYSTEM)["_id"])


def level(unit: Unit) -> tuple[int, int]:
    row = Product.raw().find_one({"_id": unit.product_id})
    variant = next(v for v in row["variants"] if v["id"] == unit.variant_id)
    return variant["inventory"], variant.get("held", 0)


def test_levels_show_the_scarcest_first(
    admin: Caller, platform: Platform, make_product: MakeProduct, unit: Unit
) -> None:
    hold(platform, unit, 4)
    make_product(name="B", sku="B-1", inventory=7)
    make_product(name="A", variants=[{"sku": "A-1", "size": "S", "inventory": 30}])
    make_product(
        name="C",
        variants=[
            {"sku": "C-1", "size": "S", "inventory": 50},
            {"sku": "C-2", "size": "L", "inventory": 2},
        ],
    )
    make_product(sku="W-1", inventory=1, is_active=False)
    body = admin.get("/api/stock").get_json()
    skus = [[variant["sku"] for variant in product["variants"]] for product in body["products"]]
    assert skus == [["C-1", "C-2"], ["S-1"], ["B-1"], ["A-1"]]
    (shown,) = body["products"][1]["variants"]
    assert (shown["available"], shown["held"], shown["onHand"]) == (6, 4, 10)
    assert (shown["costPrice"], body["totalCount"], body["currency"]) == (12, 4, "USD")
    named = admin.get("/api/stock?sort=name&limit=2&page=2").get_json()
    assert [product["name"] for product in named["products"]] == ["C", "Hydrating Essence Serum"]
    for query in (f"productId={unit.product_id}", "sku=S-1"):
        (product,) = admin.get(f"/api/stock?{query}").get_json()["products"]
        assert product["productId"] == unit.product_id
    (withdrawn,) = admin.get("/api/stock?isActive=false").get_json()["products"]
    assert withdrawn["variants"][0]["sku"] == "W-1"


def test_movements_are_found_by_what_they_were_for(
    admin: Caller, platform: Platform, make_product: MakeProduct, unit: Unit
) -> None:
    other = make_product(sku="O-1", inventory=3)
    start = now()
    platform.services.require(Stock).take({unit: 4}, reference="order_7", identity=SYSTEM)

    def found(query: str) -> list[tuple[str | None, str, int]]:
        body = admin.get(f"/api/stock/movements?{query}").get_json()
        assert body["totalCount"] == len(body["movements"])
        return [(row["sku"], row["reason"], row["quantity"]) for row in body["movements"]]

    sold, opened = ("S-1", "sale", -4), ("S-1", "opening", 10)
    assert found("") == [sold, ("O-1", "opening", 3), opened]
    assert found(f"variantId={unit.variant_id}") == [sold, opened]
    assert found(f"productId={other}") == [("O-1", "opening", 3)]
    assert found("reason=sale") == [sold]
    assert found("reference=order_7") == [sold]
    # In whole milliseconds, so that it finds what came later than `start` and perhaps more.
    moment = start.isoformat().replace("+", "%2B")
    assert sold in found(f"from={moment}")
    assert sold not in found(f"to={moment}")
    (row,) = admin.get("/api/stock/movements?reason=sale").get_json()["movements"]
    assert (row["costPrice"], row["actor"], row["reference"]) == (12, "system", "order_7")


def test_costs_are_for_those_who_may_see_them(login: Any, unit: Unit) -> None:
    staff = login("staff")
    (product,) = staff.get("/api/stock").get_json()["products"]
    (row,) = staff.get("/api/stock/movements").get_json()["movements"]
    assert "costPrice" not in product["variants"][0]
    assert "costPrice" not in row


def test_what_was_counted_is_on_hand(
    admin: Caller, platform: Platform, make_product: MakeProduct, unit: Unit
) -> None:
    other = make_product(sku="O-1", inventory=3)
    make_product(sku="SAME", inventory=5)
    hold(platform, unit, 4)
    items = [
        {"variantId": unit.variant_id, "counted": 12},
        {"sku": "O-1", "counted": 0},
        {"sku": "SAME", "counted": 5},
    ]
    answer = admin.post(COUNTS, json={"items": items, "note": "July"})
    assert answer.status_code == 201, answer.get_json()
    body = answer.get_json()
    told = {
        item["sku"]: (item["before"], item["after"], item["difference"]) for item in body["items"]
    }
    assert told == {"S-1": (10, 12, 2), "O-1": (3, 0, -3), "SAME": (5, 5, 0)}
    assert level(unit) == (8, 4)
    assert stock_ledger.sums([unit.product_id])[unit] == 12
    assert Product.raw().find_one({"_id": other})["inventory"] == 0
    rows = list(StockMovement.raw().find({"reference": body["countId"]}).sort("quantity", 1))
    assert [(row["reason"], row["quantity"], row["note"]) for row in rows] == [
        ("count", -3, "July"),
        ("count", 2, "July"),
    ]
    entry: Any = database()["core_audit_entries"].find_one({"target": body["countId"]})
    assert (entry["actor"], entry["action"]) == (admin.user_id, "commerce.stock.count")
    assert {"sku": "S-1", "before": 10, "after": 12} in entry["changes"]["changed"]


def test_a_repeated_count_counts_once(admin: Caller, platform: Platform, unit: Unit) -> None:
    body = {"items": [{"sku": "S-1", "counted": 12}]}
    ids = set()
    for _ in range(2):
        answer = admin.post(COUNTS, json=body, headers={"Idempotency-Key": "count-7"})
        ids.add(answer.get_json()["countId"])
        platform.services.require(Stock).take({unit: 1}, reference="order_1", identity=SYSTEM)
    assert len(ids) == 1
    assert level(unit) == (10, 0)


def test_less_than_is_held_or_in_batches_is_refused_by_name(
    admin: Caller, platform: Platform, make_product: MakeProduct, unit: Unit
) -> None:
    other = make_product(sku="O-1", inventory=3)
    label(platform, unit, 5)
    hold(platform, unit, 2)
    items = [{"sku": "O-1", "counted": 9}, {"sku": "S-1", "counted": 4}]
    answer = admin.post(COUNTS, json={"items": items})
    body = answer.get_json()
    assert (answer.status_code, body["type"]) == (409, "urn:wrencos:problem:count-refused")
    assert body["variants"] == [
        {
            "productId": unit.product_id,
            "variantId": unit.variant_id,
            "sku": "S-1",
            "counted": 4,
            "held": 2,
            "batched": 3,
        }
    ]
    assert Product.raw().find_one({"_id": other})["inventory"] == 3
    items[1]["counted"] = 5
    assert admin.post(COUNTS, json={"items": items}).status_code == 201
    assert level(unit) == (3, 2)


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"sku": "S-1"}],
        [{"counted": 1}],
        [{"sku": "S-1", "variantId": "var_1", "counted": 1}],
        [{"sku": "S-1", "counted": -1}],
        [{"sku": "S-1", "counted": 1.5}],
        [{"sku": "NONE", "counted": 1}],
        [{"sku": "S-1", "counted": 1}, {"sku": "S-1", "counted": 2}],
        [{"sku": f"S-{n}", "counted": 1} for n in range(501)],
    ],
)
def test_what_is_no_count_is_refused(admin: Caller, unit: Unit, items: list[Any]) -> None:
    assert admin.post(COUNTS, json={"items": items}).status_code == 422
    assert level(unit) == (10, 0)


def test_a_sold_out_variant_that_is_found_is_back(
    admin: Caller, make_product: MakeProduct, outbox_events: Any
) -> None:
    make_product(sku="O-1", inventory=0)
    admin.post(COUNTS, json={"items": [{"sku": "O-1", "counted": 2}]})
    admin.post(COUNTS, json={"items": [{"sku": "O-1", "counted": 0}]})
    assert len(outbox_events("commerce.stock_back")) == 1
    assert [e["payload"]["inventory"] for e in outbox_events("commerce.stock_low")] == [0]


@pytest.mark.parametrize(
    ("reason", "quantity", "stored"),
    [
        ("damaged", -2, MovementReason.DAMAGED),
        ("lost", -10, MovementReason.LOST),
        ("sample", -1, MovementReason.SAMPLE),
        ("found", 3, MovementReason.FOUND),
        ("other", -1, MovementReason.CORRECTION),
        ("other", 1, MovementReason.CORRECTION),
    ],
)
def test_a_correction_says_why(
    admin: Caller, unit: Unit, reason: str, quantity: int, stored: MovementReason
) -> None:
    body = {"variantId": unit.variant_id, "quantity": quantity, "reason": reason, "note": "shelf"}
    answer = admin.post(CORRECTIONS, json=body)
    assert answer.status_code == 201, answer.get_json()
    item = answer.get_json()["item"]
    assert (item["before"], item["after"]) == (10, 10 + quantity)
    assert level(unit) == (10 + quantity, 0)
    row = StockMovement.raw().find_one({"reason": stored.value})
    assert (row["quantity"], row["actor"], row["note"]) == (quantity, admin.user_id, "shelf")
    entry: Any = database()["core_audit_entries"].find_one({"target": unit.variant_id})
    assert entry["changes"]["quantity"] == quantity


def test_what_cannot_be_corrected_is_refused(admin: Caller, platform: Platform, unit: Unit) -> None:
    def status(quantity: int, reason: str, variant_id: str = unit.variant_id) -> int:
        body = {"variantId": variant_id, "quantity": quantity, "reason": reason}
        return int(admin.post(CORRECTIONS, json=body).status_code)

    assert status(2, "damaged") == 422
    assert status(-2, "found") == 422
    assert status(0, "other") == 422
    assert status(1, "gift") == 422
    assert status(1, "found", "var_none") == 404
    label(platform, unit, 6)
    hold(platform, unit, 2)
    assert status(-9, "lost") == 409
    assert status(-5, "lost") == 422
    assert level(unit) == (8, 2)
    assert status(-4, "lost") == 201
    assert level(unit) == (4, 2)


def test_the_stock_is_for_staff(client: Any, login: Any, unit: Unit) -> None:
    items = {"items": [{"sku": "S-1", "counted": 1}]}
    correction = {"variantId": unit.variant_id, "quantity": 1, "reason": "found"}
    customer, staff = login(), login("staff")
    for path in ("/api/stock", "/api/stock/movements"):
        assert client.get(path).status_code == 401
        assert customer.get(path).status_code == 403
        assert staff.get(path).status_code == 200
    for path, body in ((COUNTS, items), (CORRECTIONS, correction)):
        assert client.post(path, json=body).status_code == 401
        assert customer.post(path, json=body).status_code == 403
        assert staff.post(path, json=body).status_code == 403
    assert level(unit) == (10, 0)


@pytest.mark.parametrize("query", ["sort=price", "isActive=2", "page=0", "limit=101"])
def test_a_list_that_cannot_be_is_refused(admin: Caller, query: str) -> None:
    assert admin.get(f"/api/stock?{query}").status_code == 422


@pytest.mark.parametrize("query", ["reason=gift", "from=soon", "from=2026-02-01&to=2026-01-01"])
def test_movements_that_cannot_be_are_refused(admin: Caller, query: str) -> None:
    assert admin.get(f"/api/stock/movements?{query}").status_code == 422


def test_the_lists_walk_an_index(
    admin: Caller,
    platform: Platform,
    make_product: MakeProduct,
    unit: Unit,
    commands_of: Any,
    plans_of: Any,
) -> None:
    for number in range(30):
        make_product(sku=f"P-{number}", inventory=number)
    queries = platform.services.require(StockQueries)
    works = [
        lambda: queries.page(LevelFilter(), LevelSort.LOWEST, 0, 5),
        lambda: queries.page(LevelFilter(), LevelSort.NAME, 0, 5),
        *(
            lambda query=query: admin.get(f"/api/stock/movements?limit=5&{query}")
            for query in (
                "",
                f"variantId={unit.variant_id}",
                f"productId={unit.product_id}",
                "reason=opening",
                "reference=order_1",
                "from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z",
            )
        ),
    ]
    watched = ("commerce_products", "commerce_stock_movements")
    for work in works:
        sent = [c for c in commands_of(work) if c.get("aggregate") in watched]
        assert sent
        for command in sent:
            page, count = plans_of(command)
            assert {"COLLSCAN", "SORT"}.isdisjoint(page["stages"])
            assert "COLLSCAN" not in count["stages"]
            assert page["documents"] <= 5


def test_the_stock_for_other_plugins(
    platform: Platform, make_product: MakeProduct, unit: Unit
) -> None:
    reader = platform.services.require(StockReader)
    make_product(sku="O-1", inventory=0, is_active=False)
    hold(platform, unit, 4)
    levels = reader.levels([unit.variant_id, "var_none"])
    assert list(levels) == [unit.variant_id]
    found = levels[unit.variant_id]
    assert (found.available, found.held, found.on_hand, found.cost_price) == (6, 4, 10, 1200)
    assert sorted(level.sku for level in reader.all_levels()) == ["O-1", "S-1"]
    start, end = date(2020, 1, 1), date(2100, 1, 1)
    platform.services.require(Stock).take({unit: 1}, reference="order_1", identity=SYSTEM)
    moments = [now().replace(year=day.year) for day in (start, end)]
    rows = list(reader.movements_between(*moments))
    assert [(row.reason, row.quantity, row.reference) for row in rows] == [
        ("opening", 10, None),
        ("sale", -1, "order_1"),
    ]
    assert list(reader.movements_between(moments[0], moments[0])) == []
