"""Rows of one file that mean the same stored product without saying so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.models.import_run import ImportChange
from wrencos_commerce.models.price_change import PriceChange
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.undoing import ImportUndo
from wrencos_core.api import SYSTEM, Platform

MakeProduct = Callable[..., str]


@pytest.fixture
def lipstick(make_product: MakeProduct) -> str:
    return make_product(
        slug="son",
        variants=[
            {"sku": "A", "shade": "Red", "inventory": 0},
            {"sku": "B", "shade": "Pink", "inventory": 5},
        ],
    )


def _of_variants(id: str, field: str) -> dict[str, Any]:
    row = Product.raw().find_one({"_id": id})
    return {variant["sku"]: variant[field] for variant in row["variants"]}


def test_a_price_list_changes_every_variant(imported: Any, lipstick: str) -> None:
    imported("sku,price\nA,10\nB,20\n")
    assert _of_variants(lipstick, "price") == {"A": 1000, "B": 2000}
    row = Product.raw().find_one({"_id": lipstick})
    assert (row["price"], row["price_to"]) == (1000, 2000)
    told = [one["price"] for one in PriceChange.raw().find({"previous": {"$ne": None}})]
    assert sorted(told) == [1000, 2000]
    assert ImportChange.raw().count_documents({}) == 1


def test_a_stock_count_is_stored_told_and_undone(
    imported: Any, lipstick: str, platform: Platform, outbox_events: Any
) -> None:
    run_id = imported("sku,inventory\nA,10\nB,7\n")
    assert _of_variants(lipstick, "inventory") == {"A": 10, "B": 7}
    (back,) = [event for event in outbox_events() if event["_id"].endswith(":back")]
    assert (back["payload"]["sku"], back["payload"]["inventory"]) == ("A", 10)
    platform.services.require(ImportUndo).undo(run_id, SYSTEM)
    assert _of_variants(lipstick, "inventory") == {"A": 0, "B": 5}


def test_a_slug_and_an_id_of_one_product(imported: Any, lipstick: str) -> None:
    imported(f"handle,sku,price\nson,A,1\n{lipstick},B,2\n")
    assert _of_variants(lipstick, "price") == {"A": 100, "B": 200}


def test_a_new_variant_of_a_product_that_the_row_before_made(imported: Any) -> None:
    imported("handle,sku,name,price,shade\n,A,Son,3,Red\nson,B,,4,Pink\n")
    (row,) = Product.raw().find()
    assert (row["slug"], row["price"], row["price_to"]) == ("son", 300, 400)
    assert [variant["sku"] for variant in row["variants"]] == ["A", "B"]


def test_a_dry_run_says_the_same(run: Any, file: Any, lipstick: str) -> None:
    result = run("import", file("sku,price\nA,10\nB,20\n"), "--dry-run", "--json")
    told = json.loads(result.output)
    assert (told["report"]["updated"], told["report"]["rows"]) == (1, 2)
    (change,) = told["changes"]
    news = {one["sku"]: one["new"] for one in change["changes"]}
    assert news == {"A": "10.00", "B": "20.00"}
    assert _of_variants(lipstick, "price") == {"A": 2999, "B": 2999}


def test_what_the_last_row_takes_back_is_no_change(imported: Any, make_product: Any) -> None:
    id = make_product(
        slug="son",
        name="Son",
        variants=[{"sku": "A", "shade": "Red"}, {"sku": "B", "shade": "Pink"}],
    )
    version = Product.raw().find_one({"_id": id})["version"]
    imported("sku,name\nA,Another\nB,Son\n")
    assert Product.raw().find_one({"_id": id})["version"] == version


def test_a_bad_row_leaves_the_other_one_good(run: Any, file: Any, lipstick: str) -> None:
    result = run("import", file("sku,price,barcode\nA,10,\nB,20,123\n"), "--skip-bad")
    assert result.exit_code == 0, result.output
    assert _of_variants(lipstick, "price") == {"A": 1000, "B": 2999}
