"""`wrencos stock`: listing, counting, and the proof that the stock adds up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.stock import stock as command
from wrencos_commerce.models.batch import Batch
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, Platform

MakeProduct = Callable[..., str]


@pytest.fixture
def run(platform: Platform) -> Callable[..., Result]:
    """Returns `run(*words)`: the result of `wrencos stock <words>`."""
    return lambda *words: CliRunner().invoke(command, list(map(str, words)), obj=platform)


@pytest.fixture
def unit(make_product: MakeProduct, variant_of: Callable[[str], str]) -> Unit:
    """Ten pieces of S-1."""
    product_id = make_product(sku="S-1")
    return Unit(product_id, variant_of(product_id))


def inventory(sku: str) -> int:
    row = Product.raw().find_one({"variants.sku": sku})
    return int(row["variants"][0]["inventory"])


def test_levels_and_movements_are_listed(
    run: Callable[..., Result], platform: Platform, unit: Unit
) -> None:
    platform.services.require(Stock).hold({unit: 3})
    (shown,) = json.loads(run("list", "--json").output)["variants"]
    assert (shown["sku"], shown["available"], shown["held"], shown["onHand"]) == ("S-1", 7, 3, 10)
    assert "S-1" in run("list", "--sort", "name").output
    assert run("list", "--withdrawn").output == "There are no products.\n"
    (row,) = json.loads(run("movements", "--sku", "S-1", "--json").output)["movements"]
    assert (row["reason"], row["quantity"]) == ("opening", 10)
    assert "opening" in run("movements").output
    assert run("movements", "--reason", "sale").output == "Nothing came or went.\n"
    unknown = run("movements", "--sku", "NONE")
    assert (unknown.exit_code, "no variant" in unknown.output) == (2, True)


def test_a_file_is_counted(
    run: Callable[..., Result], make_product: MakeProduct, unit: Unit, tmp_path: Path
) -> None:
    make_product(sku="O-1", inventory=3)
    file = tmp_path / "count.csv"
    file.write_text("sku,counted,shelf\nS-1,12,A\nO-1,3,B\n")
    shown = run("count", file, "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "+2" in shown.output
    assert "2 variants counted, 1 differ: nothing was written." in shown.output
    assert inventory("S-1") == 10
    told = json.loads(run("count", file, "--json", "--note", "July").output)
    assert [(one["sku"], one["difference"]) for one in told["items"]] == [("S-1", 2), ("O-1", 0)]
    assert inventory("S-1") == 12
    row = StockMovement.raw().find_one({"reference": told["countIds"][0]})
    assert (row["note"], row["actor"]) == ("July", "system")
    again = run("count", file)
    assert "0 differ" in again.output


def test_single_variants_are_counted(run: Callable[..., Result], unit: Unit) -> None:
    assert run("count", "S-1=4").exit_code == 0
    assert inventory("S-1") == 4


@pytest.mark.parametrize(
    "content",
    [
        "sku,pieces\nS-1,4\n",
        "sku,counted\nS-1,four\n",
        "sku,counted\nS-1,-4\n",
        "sku,counted\nS-1,4,5\n",
        "sku,counted\nS-1,4\nS-1,5\n",
        "sku,counted\nS-1,4\nNONE,5\n",
        "sku,counted\nS-1,4\n,5\n",
    ],
)
def test_a_file_with_a_mistake_changes_nothing(
    run: Callable[..., Result], unit: Unit, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "count.csv"
    file.write_text(content)
    result = run("count", file)
    assert result.exit_code != 0
    assert inventory("S-1") == 10


def test_words_that_name_nothing_are_refused(run: Callable[..., Result]) -> None:
    result = run("count", "nothing.csv")
    assert (result.exit_code, "no file" in result.output) == (2, True)


def test_a_large_file_is_checked_before_it_is_written(
    run: Callable[..., Result], make_product: MakeProduct, tmp_path: Path
) -> None:
    """The mistake is in the second part: the first is not written either."""
    variants = [{"sku": f"V-{n}", "size": str(n), "inventory": 1} for n in range(90)]
    for product in range(6):
        make_product(variants=[{**v, "sku": f"{product}{v['sku']}"} for v in variants])
    rows = [f"{product}V-{n},2" for product in range(6) for n in range(90)]
    file = tmp_path / "count.csv"
    file.write_text("\n".join(["sku,counted", *rows, "NONE,1"]))
    assert run("count", file).exit_code != 0
    assert inventory("0V-0") == 1
    file.write_text("\n".join(["sku,counted", *rows]))
    told = json.loads(run("count", file, "--json").output)
    assert (len(told["countIds"]), len(told["items"])) == (2, 540)
    assert run("audit").exit_code == 0


def test_an_audit_of_a_stock_that_adds_up(
    run: Callable[..., Result], platform: Platform, unit: Unit
) -> None:
    stock = platform.services.require(Stock)
    stock.take({unit: 2}, reference="order_1", identity=SYSTEM)
    result = run("audit")
    assert (result.exit_code, result.output.strip()) == (0, "The stock adds up.")
    assert json.loads(run("audit", "--json").output) == {"differences": []}


def held_order(unit: Unit, quantity: int) -> dict[str, Any]:
    line = {**unit._asdict(), "quantity": quantity}
    return {"_id": "order_held", "stock": "held", "lines": [line]}


def test_the_audit_names_what_does_not_add_up(
    run: Callable[..., Result], platform: Platform, unit: Unit
) -> None:
    def differences() -> list[tuple[str, int, int]]:
        result = run("audit", "--json")
        found = json.loads(result.output)["differences"]
        assert result.exit_code == (1 if found else 0)
        assert {one["productId"] for one in found} <= {unit.product_id}
        return [(one["check"], one["expected"], one["found"]) for one in found]

    stock, query = platform.services.require(Stock), {"_id": unit.product_id}
    stock.hold({unit: 3})
    assert differences() == [("held", 0, 3)]
    Order.raw().insert_one(held_order(unit, 3))
    assert differences() == []

    Product.raw().update_one(query, {"$inc": {"variants.0.inventory": -1}})
    assert differences() == [("product", 6, 7), ("ledger", 10, 9)]
    Product.raw().update_one(query, {"$inc": {"variants.0.inventory": 1}})

    delivery = Delivery(
        **unit._asdict(), code="L", expires_on=date(2090, 1, 1), quantity=7, from_stock=True
    )
    batch = platform.services.require(Batches).receive(delivery, SYSTEM)
    assert differences() == []
    Batch.raw().update_one({"_id": batch["_id"]}, {"$inc": {"quantity": 2}})
    assert differences() == [("batches", 9, 7)]
    Batch.raw().delete_many({})

    gone = {**StockMovement.raw().find_one({}), "_id": "smov_gone", "variant_id": "var_gone"}
    StockMovement.raw().insert_one(gone)
    assert differences() == [("ledger", 10, 0)]
    StockMovement.raw().delete_one({"_id": "smov_gone"})

    Product.raw().delete_one(query)
    assert differences() == [("ledger", 10, 0)]
    assert run("audit").exit_code == 1


def test_the_audit_walks_indexes(
    platform: Platform, make_product: MakeProduct, commands_of: Any, plans_of: Any
) -> None:
    make_product()
    audit = platform.services.require(StockAudit)
    sent = commands_of(lambda: list(audit.differences()))
    reads = [c for c in sent if c.get("aggregate", c.get("find"))]
    assert len(reads) >= 6
    for read in reads:
        for plan in plans_of({k: v for k, v in read.items() if k in _EXPLAINED}):
            assert "COLLSCAN" not in plan["stages"], read


_EXPLAINED = ("aggregate", "find", "filter", "sort", "limit", "projection", "pipeline", "cursor")
