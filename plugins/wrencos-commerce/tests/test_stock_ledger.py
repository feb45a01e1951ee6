"""The ledger of the stock: each change of what is on hand is in it, with why and by whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.migrations.stock_ledger import OPEN_STOCK_LEDGER
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason, StockMovement
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.stock import ReturnedPieces, Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, Identity, Platform, database
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
BUYER = Identity(user_id="user_buyer")
ORDER: Any = {"reference": "order_1", "identity": BUYER}


def ledger(product_id: str) -> list[tuple[str, int]]:
    rows = StockMovement.raw().find({"product_id": product_id}).sort("_id", 1)
    return [(row["reason"], row["quantity"]) for row in rows]


def level(product_id: str) -> tuple[int, int]:
    """What is for sale and what is held; the ledger has both."""
    row = Product.raw().find_one({"_id": product_id})
    inventory = sum(variant["inventory"] for variant in row["variants"])
    held = sum(variant.get("held") or 0 for variant in row["variants"])
    assert sum(stock_ledger.sums([product_id]).values()) == inventory + held
    assert row["inventory"] == inventory
    return inventory, held


@pytest.fixture
def stock(platform: Platform) -> Stock:
    return platform.services.require(Stock)


@pytest.fixture
def unit(make_product: MakeProduct, variant_of: Callable[[str], str]) -> Unit:
    """Ten pieces of a variant that cost 12.00 each."""
    product_id = make_product(cost_price=Decimal(12))
    return Unit(product_id, variant_of(product_id))


def line(unit: Unit, quantity: int, **fields: Any) -> Mapping[str, Any]:
    return {**unit._asdict(), "quantity": quantity, "cost_price": 1200, **fields}


def test_a_product_opens_its_ledger(make_product: MakeProduct) -> None:
    product = make_product(
        variants=[
            {"sku": "A", "size": "S", "inventory": 3},
            {"sku": "B", "size": "M", "inventory": 0},
            {"sku": "C", "size": "L", "inventory": 4},
        ]
    )
    assert ledger(product) == [("opening", 3), ("opening", 4)]
    assert level(product) == (7, 0)


def test_a_sale_is_written_down_with_its_order_and_cost(stock: Stock, unit: Unit) -> None:
    stock.take({unit: 4}, **ORDER)
    row = StockMovement.raw().find_one({"reason": "sale"})
    assert (row["quantity"], row["reference"], row["actor"], row["cost_price"]) == (
        -4,
        "order_1",
        "user_buyer",
        1200,
    )
    assert (row["product_id"], row["variant_id"]) == unit
    assert level(unit.product_id) == (6, 0)


def test_held_pieces_are_on_hand_until_they_are_paid_for(stock: Stock, unit: Unit) -> None:
    stock.hold({unit: 4})
    assert level(unit.product_id) == (6, 4)
    assert ledger(unit.product_id) == [("opening", 10)]
    stock.settle([line(unit, 4)], **ORDER)
    assert level(unit.product_id) == (6, 0)
    assert ledger(unit.product_id) == [("opening", 10), ("sale", -4)]


def test_released_pieces_can_be_sold_again(stock: Stock, unit: Unit, outbox_events: Any) -> None:
    stock.hold({unit: 10})
    assert level(unit.product_id) == (0, 10)
    stock.release([line(unit, 10)])
    assert level(unit.product_id) == (10, 0)
    assert ledger(unit.product_id) == [("opening", 10)]
    assert [event["payload"]["inventory"] for event in outbox_events("commerce.stock_back")] == [10]


def test_nothing_is_settled_or_released_twice(stock: Stock, unit: Unit) -> None:
    stock.hold({unit: 4})
    stock.release([line(unit, 4)])
    with pytest.raises(RuntimeError):
        stock.release([line(unit, 4)])
    with pytest.raises(RuntimeError):
        stock.settle([line(unit, 4)], **ORDER)
    assert level(unit.product_id) == (10, 0)


def test_a_cancelled_order_is_even(stock: Stock, unit: Unit, outbox_events: Any) -> None:
    stock.take({unit: 10}, **ORDER)
    stock.put_back([line(unit, 10)], reason=MovementReason.CANCELLED, **ORDER)
    assert ledger(unit.product_id)[1:] == [("sale", -10), ("cancelled", 10)]
    assert level(unit.product_id) == (10, 0)
    assert len(outbox_events("commerce.stock_back")) == 1


def test_a_return_is_sold_again_or_written_off(stock: Stock, unit: Unit) -> None:
    stock.take({unit: 5}, **ORDER)
    back = ReturnedPieces(line=line(unit, 5), restock=2, write_off=1)
    stock.receive_return([back], reference="return_1", identity=SYSTEM)
    assert ledger(unit.product_id)[2:] == [("returned", 3), ("written_off", -1)]
    assert level(unit.product_id) == (7, 0)


def test_what_was_recalled_while_it_was_held_or_sold_is_not_on_hand(
    stock: Stock, unit: Unit, platform: Platform
) -> None:
    batches = platform.services.require(Batches)
    delivery = Delivery(
        **unit._asdict(), code="L", expires_on=date(2090, 1, 1), quantity=6, from_stock=True
    )
    batch = batches.receive(delivery, SYSTEM)
    picks = [{"batch_id": batch["_id"], "code": "L", "quantity": 2}]
    assert stock.hold({unit: 2})[unit].batches == picks
    stock.take({unit: 2}, **ORDER)
    batches.recall(batch["_id"], "contaminated", SYSTEM)
    assert level(unit.product_id) == (4, 2)
    stock.release([line(unit, 2, batches=picks)], reference="order_2")
    assert level(unit.product_id) == (4, 0)
    stock.put_back([line(unit, 2, batches=picks)], reason=MovementReason.REFUSED_PARCEL, **ORDER)
    assert level(unit.product_id) == (4, 0)
    assert ledger(unit.product_id) == [
        ("opening", 10),
        ("sale", -2),
        ("recalled", -2),
        ("recalled", -2),
        ("refused_parcel", 2),
        ("recalled", -2),
    ]
    assert batches.get(batch["_id"])["quantity"] == 6


def test_batches_that_come_and_go_are_written_down(unit: Unit, platform: Platform) -> None:
    batches = platform.services.require(Batches)
    delivery = Delivery(**unit._asdict(), code="L", expires_on=date(2090, 1, 1), quantity=6)
    batch = batches.receive(delivery, SYSTEM)
    batches.write_off(batch["_id"], 1, "broken", SYSTEM)
    batches.return_to_supplier(batch["_id"], 2, "wrong shade", SYSTEM)
    assert ledger(unit.product_id)[1:] == [
        ("received", 6),
        ("written_off", -1),
        ("supplier_return", -2),
    ]
    rows = StockMovement.raw().find({"reference": batch["_id"]}).sort("_id", 1)
    assert [row.get("note") for row in rows] == [None, "broken", "wrong shade"]
    assert level(unit.product_id) == (13, 0)


def test_an_edit_by_staff_sets_what_can_be_sold(
    stock: Stock, unit: Unit, platform: Platform, login: Callable[..., Caller]
) -> None:
    stock.hold({unit: 4})
    admin = login("admin")
    answer = admin.put(f"/api/products/{unit.product_id}", json={"inventory": 2})
    assert answer.status_code == 200
    assert level(unit.product_id) == (2, 4)
    row = StockMovement.raw().find_one({"reason": "correction"})
    assert (row["quantity"], row["actor"]) == (-4, admin.user_id)
    products = platform.services.require(Products)
    products.add_variant(unit.product_id, {"size": "L", "inventory": 3}, SYSTEM)
    assert level(unit.product_id) == (5, 4)


def test_the_ledger_of_a_shop_that_had_none_is_opened_once(
    stock: Stock, unit: Unit, make_product: MakeProduct
) -> None:
    other = make_product(inventory=3)
    stock.hold({unit: 4})
    StockMovement.raw().delete_many({})
    Product.raw().create_index([("is_active", 1), ("variants.inventory", 1)], name="low_stock")
    for _ in range(2):
        OPEN_STOCK_LEDGER.apply(database())
        assert ledger(unit.product_id) == [("opening", 10)]
        assert ledger(other) == [("opening", 3)]
        assert "low_stock" not in Product.raw().index_information()
    stock.take({unit: 1}, **ORDER)
    OPEN_STOCK_LEDGER.apply(database())
    assert level(unit.product_id) == (5, 4)


def test_what_taking_and_holding_ask_of_the_database(
    stock: Stock, make_product: MakeProduct, variant_of: Callable[[str], str], commands_of: Any
) -> None:
    """A round trip for each variant, and one for the ledger of all that is sold."""
    ids = [make_product() for _ in range(3)]
    wanted = {Unit(id, variant_of(id)): 1 for id in ids}

    def asked(work: Callable[[], object]) -> list[str]:
        return [next(iter(command)) for command in commands_of(work)]

    each = ["findAndModify"] * 3
    assert asked(lambda: stock.take(wanted, **ORDER)) == [*each, "insert", "commitTransaction"]
    assert asked(lambda: stock.hold(wanted)) == [*each, "commitTransaction"]
    lines = [line(unit, 1) for unit in wanted]
    settled = asked(lambda: stock.settle(lines, **ORDER))
    assert settled == [*each, "insert", "commitTransaction"]
