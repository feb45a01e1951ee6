"""Undoing an import: nothing that happened since is lost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.import_run import ImportChange, ImportRun
from wrencos_commerce.models.price_change import PriceChange
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.undoing import ImportUndo
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, Conflict, NotFound, Platform, transaction

# What counts the changes themselves.
_COUNTS = ("version", "updated_at")
CHANGES = """handle,sku,name,price,inventory,shade,brand,ingredients,name_en
old,O-1,New name,7,30,Red,Sen,"Aqua; Glycerin",English
old,O-2,,8,5,Pink,,,
new,N-1,Created,1,4,,,,
"""


@pytest.fixture
def undo(platform: Platform) -> Callable[[str], dict[str, Any]]:
    return lambda run_id: platform.services.require(ImportUndo).undo(run_id, SYSTEM)


@pytest.fixture
def old(make_product: Callable[..., str]) -> str:
    return make_product(slug="old", sku="O-1", name="Old name", price=Decimal(5), inventory=10)


def _without_counts(id: str) -> dict[str, Any]:
    row = Product.raw().find_one({"_id": id})
    return {key: value for key, value in row.items() if key not in _COUNTS}


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: a field that was missing is None when it was undone."""
    return {
        key: [_filled(v) for v in value] if key == "variants" else value
        for key, value in row.items()
        if value not in (None, [], {})
    }


def test_everything_is_as_before(imported: Any, undo: Any, old: str, outbox_events: Any) -> None:
    before = _without_counts(old)
    run_id = imported(CHANGES)
    assert Product.raw().find_one({"_id": old})["name"] == "New name"
    assert undo(run_id) == {
        "restored": 1,
        "deleted": 1,
        "withdrawn": 0,
        "kept": 0,
        "kept_fields": [],
    }
    assert _filled(_without_counts(old)) == _filled(before)
    assert Product.raw().count_documents({}) == 1
    newest = PriceChange.raw().find_one({"product_id": old}, sort=[("_id", -1)])
    assert (newest["previous"], newest["price"]) == (700, 500)
    event = outbox_events("commerce.products_changed")[-1]
    assert old in event["payload"]["product_ids"]


def test_undone_twice_it_is_undone_once(imported: Any, undo: Any, old: str) -> None:
    run_id = imported("sku,inventory\nO-1,30\n")
    first = undo(run_id)
    version = Product.raw().find_one({"_id": old})["version"]
    assert undo(run_id) == first
    assert Product.raw().find_one({"_id": old})["version"] == version
    assert ImportRun.raw().find_one({"_id": run_id})["state"] == "undone"


def test_what_was_changed_since_is_kept(
    imported: Any, undo: Any, old: str, platform: Platform
) -> None:
    run_id = imported(CHANGES)
    platform.services.require(Products).update(old, {"name": "By hand"}, SYSTEM)
    undone = undo(run_id)
    row = Product.raw().find_one({"_id": old})
    assert (row["name"], row["price"]) == ("By hand", 500)
    assert row["brand"] is None
    assert undone["kept_fields"] == [{"product_id": old, "what": "name", "reason": "changed since"}]


def test_sales_since_stay_sold(imported: Any, undo: Any, old: str, platform: Platform) -> None:
    run_id = imported("sku,inventory\nO-1,30\n")
    product = Product.raw().find_one({"_id": old})
    unit = Unit(old, product["variants"][0]["id"])
    platform.services.require(Stock).take({unit: 4}, reference="order_1", identity=SYSTEM)
    undo(run_id)
    row = Product.raw().find_one({"_id": old})
    # 10 pieces before, 20 more by the import, 4 sold: 6 of the ten are left.
    assert (row["inventory"], row["variants"][0]["inventory"]) == (6, 6)


def test_more_was_sold_than_there_was(
    imported: Any, undo: Any, old: str, platform: Platform
) -> None:
    run_id = imported("sku,inventory\nO-1,30\n")
    product = Product.raw().find_one({"_id": old})
    unit = Unit(old, product["variants"][0]["id"])
    platform.services.require(Stock).take({unit: 25}, reference="order_1", identity=SYSTEM)
    undone = undo(run_id)
    assert Product.raw().find_one({"_id": old})["inventory"] == 0
    assert "15 pieces of it were sold" in undone["kept_fields"][0]["reason"]


def test_what_somebody_ordered_is_withdrawn(
    imported: Any, undo: Any, old: str, login: Any, place_order: Any
) -> None:
    run_id = imported(CHANGES)
    created = Product.raw().find_one({"slug": "new"})
    place_order(login(), created["_id"])
    undone = undo(run_id)
    assert (undone["deleted"], undone["withdrawn"]) == (0, 1)
    row = Product.raw().find_one({"_id": created["_id"]})
    assert row["is_active"] is False
    assert row["inventory"] == 3


def test_a_variant_in_a_cart_is_withdrawn(imported: Any, undo: Any, old: str, login: Any) -> None:
    run_id = imported(CHANGES)
    pink = Product.raw().find_one({"_id": old})["variants"][1]
    item = {"productId": old, "variantId": pink["id"], "quantity": 1}
    assert login().post("/api/cart/items", json=item).status_code == 201
    undone = undo(run_id)
    variants = Product.raw().find_one({"_id": old})["variants"]
    assert [variant["is_active"] for variant in variants] == [True, False]
    assert [one["what"] for one in undone["kept_fields"]] == ["O-2"]


def test_an_undoing_that_was_interrupted_goes_on(
    imported: Any, undo: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"S-{n},Product {n},1\n" for n in range(150))
    run_id = imported(f"sku,name,price\n{rows}")
    calls = []
    original = ImportUndo._undo_batch

    def failing(self: ImportUndo, *arguments: Any) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise ConnectionError("the database went away")
        return original(self, *arguments)

    monkeypatch.setattr(ImportUndo, "_undo_batch", failing)
    with pytest.raises(ConnectionError):
        undo(run_id)
    assert Product.raw().count_documents({}) == 50
    assert undo(run_id)["deleted"] == 150
    assert Product.raw().count_documents({}) == 0
    assert ImportChange.raw().count_documents({"is_undone": False}) == 0


def test_a_run_that_can_not_be_undone(imported: Any, undo: Any, clock: Any) -> None:
    with pytest.raises(NotFound):
        undo("import_nothing")
    run_id = imported("sku,name,price\nS-1,A,1\n")
    transaction(
        lambda: ImportRun.raw().update_one({"_id": run_id}, {"$set": {"is_undoable": False}})
    )
    with pytest.raises(Conflict):
        undo(run_id)


def test_the_commands(run: Any, imported: Any) -> None:
    run_id = imported("sku,name,price\nS-1,A,1\n")
    listed = run("imports").output
    assert run_id in listed
    assert "done" in listed
    assert run("import-undo", run_id).output == (
        "Restored: 0. Deleted: 1. Withdrawn: 0. Kept: 0.\n"
    )
    assert '"state": "undone"' in run("imports", "--json").output
