"""`wrencos product import` and `export`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.products import product
from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.import_run import ImportRun
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv.columns import NAMES
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_core.api import SYSTEM, Platform

MakeProduct = Callable[..., str]
Run = Callable[..., Result]

FULL = {
    "handle": "kem-chong-nang",
    "sku": "S-1",
    "name": "Kem chống nắng, SPF 50",
    "description": 'Says "hello"\nin two lines',
    "category": "sun",
    "brand": "Lá Sen",
    "price": "29.99",
    "currency": "USD",
    "costPrice": "11.50",
    "inventory": "12",
    "barcode": "4006381333931",
    "weight": "85",
    "shade": "Rosewood",
    "swatch": "#c4626b",
    "size": "30 ml",
    "ingredients": "Aqua; Zinc Oxide",
    "skinTypes": "oily; dry",
    "concerns": "sun-protection",
    "imageUrl": "/media/commerce/s-1.svg",
    "periodAfterOpening": "12",
    "isActive": "false",
    "variantIsActive": "true",
    "publishAt": "2037-05-01T08:00:00.000Z",
    "name_en": "Sun cream, SPF 50",
    "name_vi": "",
    "description_en": "=1+1 is two",
    "description_vi": "'@once",
}


@pytest.fixture
def run(platform: Platform) -> Run:
    """Returns `run(*arguments)`: the result of the command."""
    platform.services.require(Categories).create({"name": "Sun"}, SYSTEM)
    return lambda *arguments: CliRunner().invoke(product, list(map(str, arguments)), obj=platform)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Returns `write(*rows)`: a CSV file with the columns of the first row."""

    def write(*rows: dict[str, str]) -> Path:
        file = tmp_path / "products.csv"
        with file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return file

    return write


def test_a_round_trip_keeps_everything(run: Run, write: Any, tmp_path: Path) -> None:
    full = FULL | {"description_en": "'=1+1 is two", "description_vi": "''@once"}
    minimal = dict.fromkeys(NAMES, "") | {"sku": "S-2", "name": "Comb", "price": "3"}
    result = run("import", write(full, minimal))
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Created: 2. Updated: 0. Unchanged: 0.\nImport import_")
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    run("export", first)
    with first.open(encoding="utf-8", newline="") as source:
        exported = list(csv.DictReader(source))
    assert exported[0] == full
    assert exported[1] == minimal | {
        "handle": "comb",
        "price": "3.00",
        "currency": "USD",
        "inventory": "0",
        "isActive": "true",
        "variantIsActive": "true",
    }
    before = list(Product.raw().find())
    assert run("import", first).output.startswith("Created: 0. Updated: 0. Unchanged: 2.\n")
    assert list(Product.raw().find()) == before
    run("export", second)
    assert second.read_bytes() == first.read_bytes()
    result = run("export")
    assert result.exception is None, result.exception
    assert result.output.splitlines()[0] == ",".join(NAMES)


def test_an_update_keeps_what_the_file_has_no_column_for(
    run: Run, write: Any, make_product: MakeProduct
) -> None:
    id = make_product(sku="S-1", brand="Sen", cost_price=Decimal(5))
    result = run("import", write({"sku": "S-1", "name": "New name", "price": "5"}))
    assert result.output.startswith("Created: 0. Updated: 1. Unchanged: 0.\n")
    row = Product.raw().find_one({"_id": id})
    assert (row["name"], row["price"], row["brand"]) == ("New name", 500, "Sen")
    assert (row["inventory"], row["cost_price"]) == (10, 500)


def test_imported_products_are_listed_and_found(
    run: Run, write: Any, client: Any, run_jobs: Callable[[], int]
) -> None:
    run("import", write({**FULL, "isActive": "true", "publishAt": ""}))
    run_jobs()
    for query in ("category=sun", "search=chong+zinc", "skinType=dry", "concern=sun-protection"):
        assert client.get(f"/api/products?{query}").get_json()["totalCount"] == 1, query


def test_one_bad_row_and_nothing_is_written(run: Run, write: Any) -> None:
    rows = [
        FULL,
        {**FULL, "handle": "two", "sku": "S-2", "price": "1.999"},
        {**FULL, "handle": "three", "sku": ""},
        {**FULL, "handle": "four", "inventory": "-3"},
        {**FULL, "handle": "five", "sku": "S-3", "category": "moon", "isActive": "perhaps"},
        {**FULL, "handle": "six", "sku": "S-4", "name": "Serum\u2028of the month"},
        {**FULL, "handle": "Seven", "sku": "S-5", "currency": "VND"},
        {**FULL, "handle": "eight", "sku": "S-6", "barcode": "4006381333932"},
        {**FULL, "handle": "nine", "sku": "S-7", "imageUrl": "javascript:alert(1)"},
        {**FULL, "handle": "ten", "sku": "S-8", "currency": "VND"},
    ]
    result = run("import", write(*rows))
    assert result.exit_code == 2
    report = result.stderr
    assert "Nothing was written" in report
    assert "row 2" not in report
    for expected in (
        "row 3: price: Is no amount of USD: USD has 2 decimals, got 1.999.",
        "row 4: sku: Must not be empty.",
        "row 5: inventory: Is no count: '-3'.",
        "row 5: sku: S-1 stands in an earlier row already.",
        "row 6: category: There is no category moon.",
        "row 6: isActive: Must be true or false, not 'perhaps'.",
        "row 7: name: Must be one line, without control characters.",
        "row 8: handle: Must look like `kem-chong-nang`, not 'Seven'.",
        "row 9: barcode: Is no GTIN",
        "row 10: imageUrl: Must be a web address or a path.",
        "row 11: currency: This shop sells in USD only.",
    ):
        assert expected in report
    assert Product.raw().count_documents({}) == 0


def test_a_dry_run_only_reports(run: Run, write: Any, make_product: MakeProduct) -> None:
    make_product(sku="S-1", slug="kem-chong-nang", name="Old")
    file = write(FULL, {**FULL, "handle": "another", "sku": "S-2"})
    before = list(Product.raw().find())
    shown = run("import", file, "--dry-run").output
    assert shown.endswith("To create: 1. To update: 1. Unchanged: 0.\n")
    assert "Old -> Kem chống nắng, SPF 50" in shown
    told = json.loads(run("import", file, "--dry-run", "--json").output)
    update, create = told["changes"]
    assert (update["action"], update["handle"]) == ("update", "kem-chong-nang")
    assert {"column": "name", "old": "Old", "new": FULL["name"]} in update["changes"]
    assert {"column": "inventory", "sku": "S-1", "old": "10", "new": "12"} in update["changes"]
    assert (create["action"], create["row"]) == ("create", 3)
    assert told["report"] == {
        "rows": 2,
        "created": 1,
        "updated": 1,
        "unchanged": 0,
        "bad_rows": 0,
        "errors": [],
        "notes": [],
        "run_id": None,
        "dry_run": True,
    }
    assert list(Product.raw().find()) == before
    assert ImportRun.raw().count_documents({}) == 0
    assert Brand.raw().count_documents({}) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,price\nx,1\n", "sku"),
        (b"sku,name,price,colour\nA,x,1,red\n", "colour"),
        (b"sku,name,price\nA,x\n", "row 2"),
        (b"sku,name,price\nA,x,1,2\n", "row 2"),
        (b"sku,name,price\nA,\xff,1\n", "UTF-8"),
        (b"", "empty"),
        (b'sku,name,price\nA,"x"y,1\n', "no CSV"),
        (b"sku,name,name\nA,x,1\n", "two columns"),
    ],
)
def test_files_that_are_no_catalogue(run: Run, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    result = run("import", file)
    assert result.exit_code != 0
    told = f"{result.output} {result.exception} {getattr(result.exception, 'extra', '')}"
    assert words in told
    assert Product.raw().count_documents({}) == 0


def test_a_large_file_is_written_in_batches(platform: Platform) -> None:
    def rows() -> Any:
        return ({"sku": f"S-{n}", "name": f"Product {n}", "price": "1"} for n in range(1201))

    written: list[tuple[int, int]] = []
    service = platform.services.require(ProductCsv)
    report = service.load(rows, SYSTEM, progress=lambda done, total: written.append((done, total)))
    assert (report.rows, report.created) == (1201, 1201)
    assert written == [(500, 1201), (1000, 1201), (1201, 1201)]
    assert Product.raw().count_documents({"is_active": True, "inventory": 0}) == 1201
