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

from wrencos_commerce.commands import product
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.product_csv import ProductCsv
from wrencos_commerce.services.product_rows import NAMES
from wrencos_core.api import SYSTEM, Platform

MakeProduct = Callable[..., str]
Run = Callable[..., Result]

FULL = {
    "sku": "S-1",
    "name": "Kem chống nắng, SPF 50",
    "description": 'Says "hello"\nin two lines',
    "category": "sun",
    "brand": "Lá Sen",
    "price": "29.99",
    "currency": "USD",
    "costPrice": "11.50",
    "inventory": "12",
    "ingredients": "Aqua; Zinc Oxide",
    "skinTypes": "oily; dry",
    "concerns": "sun-protection",
    "imageUrl": "/media/commerce/s-1.svg",
    "isActive": "false",
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
    minimal = dict.fromkeys(NAMES, "") | {"sku": "S-2", "name": "Comb", "price": "3"}
    result = run("import", write(FULL, minimal))
    assert result.exit_code == 0, result.output
    assert result.output == "Created: 2. Updated: 0.\n"
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    run("export", first)
    with first.open(encoding="utf-8", newline="") as source:
        exported = list(csv.DictReader(source))
    assert exported[0] == FULL
    assert exported[1] == minimal | {
        "price": "3.00",
        "currency": "USD",
        "inventory": "0",
        "isActive": "true",
    }
    assert run("import", first).output == "Created: 0. Updated: 2.\n"
    run("export", second)
    assert second.read_bytes() == first.read_bytes()
    assert run("export").output.splitlines()[0] == ",".join(NAMES)


def test_an_update_keeps_what_the_file_has_no_column_for(
    run: Run, write: Any, make_product: MakeProduct
) -> None:
    id = make_product(sku="S-1", brand="Sen", cost_price=Decimal(5))
    result = run("import", write({"sku": "S-1", "name": "New name", "price": "5"}))
    assert result.output == "Created: 0. Updated: 1.\n"
    row = Product.raw().find_one({"_id": id})
    assert (row["name"], row["price"], row["brand"]) == ("New name", 500, "Sen")
    assert (row["inventory"], row["cost_price"]) == (10, 500)
    assert "sen" in row["terms"]


def test_imported_products_are_listed_and_found(run: Run, write: Any, client: Any) -> None:
    run("import", write({**FULL, "isActive": "true"}))
    for query in ("category=sun", "search=chong+zinc", "skinType=dry", "concern=sun-protection"):
        assert client.get(f"/api/products?{query}").get_json()["totalCount"] == 1, query


def test_one_bad_row_and_nothing_is_written(run: Run, write: Any) -> None:
    rows = [
        FULL,
        {**FULL, "sku": "S-2", "price": "1.999", "category": "moon"},
        {**FULL, "sku": ""},
        {**FULL, "inventory": "-3"},
        {**FULL, "sku": "S-3", "currency": "VND", "isActive": "perhaps"},
        {**FULL, "sku": "S-4", "name": "Serum\u2028of the month"},
    ]
    result = run("import", write(*rows))
    assert result.exit_code == 2
    report = result.stderr
    assert "Nothing was written" in report
    assert "row 2" not in report
    for expected in (
        "row 3: category: There is no category moon.",
        "row 4: sku: Must not be empty.",
        "row 5: inventory: Is no count: '-3'.; sku: S-1 stands in an earlier row already.",
        "row 6: isActive: Must be true or false, not 'perhaps'.",
        "row 7: name: Must be one line, without control characters.",
    ):
        assert expected in report
    assert Product.raw().count_documents({}) == 0


def test_a_dry_run_only_reports(run: Run, write: Any, make_product: MakeProduct) -> None:
    make_product(sku="S-1")
    file = write(FULL, {**FULL, "sku": "S-2"})
    assert run("import", file, "--dry-run").output == "To create: 1. To update: 1.\n"
    report = json.loads(run("import", file, "--dry-run", "--json").output)
    assert report == {
        "rows": 2,
        "created": 1,
        "updated": 1,
        "bad_rows": 0,
        "errors": {},
        "dryRun": True,
    }
    assert Product.raw().count_documents({}) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,price\nx,1\n", "sku"),
        (b"sku,name,price,colour\nA,x,1,red\n", "colour"),
        (b"sku,name,price\nA,x\n", "row 2"),
        (b"sku,name,price\nA,x,1,2\n", "row 2"),
        (b"sku,name,price\nA,\xff,1\n", "UTF-8"),
    ],
)
def test_files_that_are_no_catalogue(run: Run, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    result = run("import", file)
    assert result.exit_code != 0
    assert words in result.output + str(getattr(result.exception, "extra", ""))
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
