"""What a file may look like: encodings, delimiters, mapped columns, variants of one product."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv.cells import harmless, items, joined, unquoted
from wrencos_commerce.services.csv.tables import table_of_bytes
from wrencos_core.api import SYSTEM, Platform, now

Files = Callable[..., Path]

VARIANTS = """handle,sku,name,price,shade,inventory,brand
son-moi,S-1,Son môi,10,Đỏ,3,Lá Sen
son-moi,S-2,,11,Hồng,4,
kem,S-3,Kem,5,,1,La Sen
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    text = delimiter.join(["sku", "name", '"a ""big"", one"']) + "\r\n"
    text += delimiter.join(["S-1", "Sữa rửa mặt", '"1\n2"']) + "\r\n"
    table = table_of_bytes(text.encode(encoding))
    assert table.header == ("sku", "name", 'a "big", one')
    (row,) = table.rows()
    assert row.number == 2
    assert row.cells == {"sku": "S-1", "name": "Sữa rửa mặt", 'a "big", one': "1\n2"}


def test_rows_of_one_handle_are_one_product(imported: Any) -> None:
    imported(VARIANTS)
    lipstick = Product.raw().find_one({"slug": "son-moi"})
    assert [v["shade"] for v in lipstick["variants"]] == ["Đỏ", "Hồng"]
    assert (lipstick["price"], lipstick["price_to"], lipstick["inventory"]) == (1000, 1100, 7)
    cream = Product.raw().find_one({"slug": "kem"})
    # Brands that differ in accents only are one.
    assert cream["brand_id"] == lipstick["brand_id"]
    assert cream["brand"] == "Lá Sen"


def test_a_handle_that_comes_again_changes_the_same_product(run: Any, file: Files) -> None:
    text = VARIANTS + "son-moi,S-4,,12,Cam,1,\n"
    dry = run("import", file(text), "--dry-run").output
    assert dry.endswith("To create: 2. To update: 0. Unchanged: 0.\n")
    assert run("import", file(text)).output.startswith("Created: 2. Updated: 0. Unchanged: 0.\n")
    assert len(Product.raw().find_one({"slug": "son-moi"})["variants"]) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (VARIANTS + "kem,S-1,,1,,1,\n", "row 5: sku: S-1 stands in an earlier row already."),
        (VARIANTS.replace("S-2,,", "S-2,Another,"), "row 3: name: Differs from the first row"),
        (VARIANTS.replace("Hồng", "Đỏ"), "row 2: sku: There are two variants Đỏ"),
        ("handle,sku,price\nnew,S-9,1\n", "row 2: name: Is needed for a new product."),
        ("handle,sku,name\nnew,S-9,New\n", "row 2: price: Is needed for a new product."),
        ("handle,sku\nprod_1,S-9\n", "row 2: handle: There is no such product."),
    ],
)
def test_rows_that_do_not_fit_together(run: Any, file: Files, text: str, words: str) -> None:
    result = run("import", file(text))
    assert result.exit_code == 2
    assert words in result.stderr
    assert Product.raw().count_documents({}) == 0


def test_a_sku_of_another_product_is_refused(run: Any, file: Files, imported: Any) -> None:
    imported(VARIANTS)
    result = run("import", file("handle,sku\nkem,S-1\n"))
    assert "row 2: sku: The SKU S-1 is another product's, son-moi." in result.stderr


def test_stock_alone_is_imported_without_an_event(imported: Any, outbox_events: Any) -> None:
    imported(VARIANTS)
    (event,) = outbox_events("commerce.products_changed")
    assert len(event["payload"]["product_ids"]) == 2
    assert event["_id"].startswith("import_")
    imported("sku;inventory\nS-2;0\nS-3;9\n")
    assert [e["_id"] for e in outbox_events("commerce.products_changed")] == [event["_id"]]
    (low,) = outbox_events("commerce.stock_low")
    assert (low["payload"]["sku"], low["payload"]["inventory"]) == ("S-2", 0)
    assert Product.raw().find_one({"slug": "son-moi"})["inventory"] == 3


def test_mapped_and_ignored_columns(run: Any, file: Files, tmp_path: Path) -> None:
    path = file("Mã,Tên,Giá,Ghi chú\nS-1,Kem,5,x\n")
    options = ["--map", "Mã=sku", "--map", "Tên=name", "--map", "Giá=price"]
    refused = run("import", path, *options)
    assert "Ghi chú" in str(refused.exception.extra)
    saved = tmp_path / "mapping.json"
    options += ["--ignore", "Ghi chú", "--save-mapping", str(saved)]
    assert run("import", path, *options).exit_code == 0
    assert json.loads(saved.read_text(encoding="utf-8"))["columns"]["Tên"] == "name"
    again = run("import", path, "--mapping", saved)
    assert again.output.startswith("Created: 0. Updated: 0. Unchanged: 1.\n")
    for wrong in (["--map", "Tên"], ["--map", "Nope=sku"], ["--map", "Tên=sku", "--map", "Mã=sku"]):
        assert run("import", path, *wrong).exception is not None, wrong


def test_skipping_bad_rows_and_reporting_all(run: Any, file: Files, tmp_path: Path) -> None:
    rows = "".join(f"B-{n},Bad,x\n" for n in range(150))
    path, report = file(f"sku,name,price\nS-1,Good,1\n{rows}"), tmp_path / "bad.csv"
    stopped = run("import", path, "--report", report)
    assert stopped.exit_code == 2
    assert "row 102: price" in stopped.stderr
    assert "row 103:" not in stopped.stderr
    assert "and 50 more rows" in stopped.stderr
    with report.open(encoding="utf-8-sig", newline="") as opened:
        found = list(csv.DictReader(opened))
    assert [int(row["row"]) for row in found] == list(range(3, 153))
    assert found[0]["reason"] == "Is no amount: 'x'."
    skipped = run("import", path, "--skip-bad")
    assert skipped.exit_code == 0
    assert skipped.stdout.startswith("Created: 1. Updated: 0.")
    assert [row["sku"] for row in Product.raw().find()] == ["S-1"]


def test_of_a_sku_that_stands_twice_the_first_counts(run: Any, file: Files) -> None:
    path = file("sku,name,price\nS-1,First,1\nS-1,Second,2\n")
    assert run("import", path, "--skip-bad").stdout.startswith("Created: 1. Updated: 0.")
    assert Product.raw().find_one()["name"] == "First"


def test_an_export_of_one_category(run: Any, file: Files, imported: Any, tmp_path: Path) -> None:
    imported("sku,name,price,category\nS-1,A,1,lips\nS-2,B,1,\n", "--create-categories")
    target = tmp_path / "lips.csv"
    assert run("export", target, "--category", "lips").exit_code == 0
    with target.open(encoding="utf-8", newline="") as opened:
        assert [row["sku"] for row in csv.DictReader(opened)] == ["S-1"]
    assert run("export", target, "--category", "none").exception is not None


def test_categories_are_made_when_that_is_asked_for(
    run: Any, file: Files, platform: Platform
) -> None:
    path = file("sku,name,price,category\nS-1,A,1,sun-care\nS-2,B,1,sun-care\n")
    assert run("import", path).exit_code == 2
    dry = run("import", path, "--create-categories", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "sun-care" in dry.output
    categories = platform.services.require(Categories)
    assert categories.all() == []
    assert run("import", path, "--create-categories").exit_code == 0
    (made,) = categories.all()
    assert (made["slug"], made["name"]) == ("sun-care", "Sun care")
    assert Product.raw().count_documents({"facets": "category:sun-care"}) == 2


def test_an_ingredient_line_is_read(imported: Any) -> None:
    imported('sku,name,price,ingredients\nS-1,A,1,"Aqua, 1,2-Hexanediol, Niacinamide 5%"\n')
    row = Product.raw().find_one()
    assert row["ingredients"] == ["Aqua", "1,2-Hexanediol", "Niacinamide 5%"]
    assert "niacinamide" in row["ingredient_keys"]


@pytest.mark.parametrize(
    "cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''@", "'x", "", "x"]
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert unquoted(harmless(cell)) == cell
    assert harmless(cell)[:1] not in tuple("=+-@\t\r")


def test_items_hold_any_sign() -> None:
    for values in (["a;b", "c\\"], ["\\;", "x"], ["one"], []):
        assert items(joined(values)) == values
    assert items("a; b ;;c") == ["a", "b", "c"]


def test_a_batched_variant_keeps_what_is_in_batches(
    run: Any, file: Files, imported: Any, platform: Platform
) -> None:
    imported(VARIANTS)
    cream = Product.raw().find_one({"slug": "kem"})
    expires = (now() + timedelta(days=300)).date()
    delivery = Delivery(product_id=cream["_id"], code="L1", expires_on=expires, quantity=7)
    platform.services.require(Batches).receive(delivery, SYSTEM)
    result = run("import", file("sku,inventory\nS-3,2\n"), "--dry-run")
    assert "row 2: inventory: 7 pieces are in batches" in result.stderr
