"""What an empty cell says, and which names no brand can have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.import_run import ImportRun
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.options import ImportOptions
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.tables import table_of_bytes
from wrencos_commerce.services.publishing import Publishing
from wrencos_core.api import SYSTEM, Platform, now

MakeProduct = Callable[..., str]


def test_empty_cells_leave_stock_and_state_alone(imported: Any, make_product: MakeProduct) -> None:
    variant = {"sku": "A", "inventory": 10, "is_active": False}
    id = make_product(is_active=False, variants=[variant])
    imported("sku,inventory,isActive,variantIsActive,price\nA,,,,5\n")
    row = Product.raw().find_one({"_id": id})
    (after,) = row["variants"]
    assert (row["is_active"], row["price"]) == (False, 500)
    assert (after["inventory"], after["is_active"]) == (10, False)


def test_a_new_product_has_the_defaults(imported: Any) -> None:
    imported("sku,name,inventory,isActive,variantIsActive,price\nA,Kem,,,,5\n")
    row = Product.raw().find_one({})
    (variant,) = row["variants"]
    assert (row["is_active"], row["inventory"], variant["is_active"]) == (True, 0, True)


def test_shopify_without_a_status_leaves_the_state_alone(
    imported: Any, make_product: MakeProduct
) -> None:
    id = make_product(slug="kem", sku="A", is_active=False)
    imported("Handle,Title,Variant SKU,Variant Price,Published,Status\nkem,Kem,A,5,,\n")
    assert Product.raw().find_one({"_id": id})["is_active"] is False


@pytest.mark.parametrize(
    ("content", "is_active", "is_scheduled"),
    [
        ("sku,isActive\nA,false\n", False, False),
        ("sku,isActive\nA,true\n", True, False),
        ("sku,isActive\nA,\n", False, True),
        ("sku,price\nA,5\n", False, True),
    ],
)
def test_the_state_ends_a_schedule(
    imported: Any, make_product: MakeProduct, content: str, is_active: bool, is_scheduled: bool
) -> None:
    id = make_product(sku="A", publish_at=now() + timedelta(hours=1))
    imported(content)
    row = Product.raw().find_one({"_id": id})
    assert row["is_active"] is is_active
    assert bool(row.get("publish_at")) is is_scheduled


def test_what_was_withdrawn_is_not_published(
    imported: Any, make_product: MakeProduct, clock: Any, platform: Platform
) -> None:
    id = make_product(sku="A", publish_at=now() + timedelta(hours=1))
    imported("sku,isActive\nA,false\n")
    clock.advance(timedelta(hours=2))
    platform.services.require(Publishing).run()
    assert Product.raw().find_one({"_id": id})["is_active"] is False


def test_a_brand_without_a_letter_is_refused_before_anything_is_written(
    run: Any, file: Any
) -> None:
    path = file("sku,name,price,brand\nA,Kem,1,Sen\nB,Son,1,!!!\n")
    for option in ("--dry-run", "--format=own"):
        result = run("import", path, option)
        assert result.exit_code == 2
        assert "row 3: brand: Must have a letter or a digit." in result.output
    assert Product.raw().count_documents({}) == 0
    assert Brand.raw().count_documents({}) == 0


def test_rows_that_went_bad_meanwhile_are_counted(
    platform: Platform, make_product: MakeProduct
) -> None:
    """Between the check and the import, the catalogue changes."""
    service = platform.services.require(ProductCsv)
    options = ImportOptions(skip_bad=True)
    content = b"Handle,Title,Variant SKU,Variant Price\nkem,Kem,A,5\nson,Son,B,-1\nche,Che,C,1\n"
    table = table_of_bytes(content)
    checked = service.check(table, options)
    assert (checked.bad_rows, checked.created) == (1, 2)
    make_product(sku="C")
    report = service.run(table, options, checked, SYSTEM)
    assert (report.created, report.bad_rows) == (1, 2)
    assert [(one.row, one.column) for one in report.errors] == [
        (3, "Variant Price"),
        (4, "Variant SKU"),
    ]
    stored = ImportRun.raw().find_one({"_id": report.run_id})
    assert (stored["bad_rows"], len(stored["errors"])) == (2, 2)
