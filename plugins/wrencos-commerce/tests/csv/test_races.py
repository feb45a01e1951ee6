"""Imports at the same time as each other and as sales."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.import_run import ImportChange
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.report import ImportReport
from wrencos_commerce.services.csv.undoing import ImportUndo
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, Conflict, Platform
from wrencos_core.testing.threads import run_in_threads


def _rows() -> Iterator[dict[str, str]]:
    return (
        {"handle": f"p-{n}", "sku": f"S-{n}", "name": f"P {n}", "price": "1", "brand": "Sen"}
        for n in range(120)
    )


def test_the_same_file_twice_at_once(platform: Platform) -> None:
    imports = platform.services.require(ProductCsv)
    outcomes = run_in_threads(2, lambda number: imports.load(_rows, SYSTEM))
    reports = [outcome for outcome in outcomes if isinstance(outcome, ImportReport)]
    assert len(reports) == 2, outcomes
    assert sum(report.created for report in reports) == 120
    assert sum(report.unchanged for report in reports) == 120
    assert Product.raw().count_documents({}) == 120
    assert ImportChange.raw().count_documents({}) == 120
    assert Brand.raw().count_documents({}) == 1


def test_prices_come_in_while_things_are_sold(
    platform: Platform, make_product: Callable[..., str], variant_of: Callable[[str], str]
) -> None:
    ids = [make_product(sku=f"S-{n}", inventory=5) for n in range(20)]
    units = [Unit(id, variant_of(id)) for id in ids]
    stock = platform.services.require(Stock)
    imports = platform.services.require(ProductCsv)

    def sell() -> None:
        for unit in units:
            stock.take({unit: 1}, reference="order_1", identity=SYSTEM)

    def load() -> None:
        imports.load(lambda: ({"sku": f"S-{n}", "price": "7"} for n in range(20)), SYSTEM)

    outcomes = run_in_threads(3, lambda number: (sell, sell, load)[number]())
    assert outcomes == [None, None, None]
    for row in Product.raw().find():
        assert (row["inventory"], row["variants"][0]["inventory"], row["price"]) == (3, 3, 700)


def test_two_undo_the_same_import(platform: Platform) -> None:
    run_id = platform.services.require(ProductCsv).load(_rows, SYSTEM).run_id
    undo = platform.services.require(ImportUndo)

    def one(number: int) -> str:
        try:
            undo.undo(str(run_id), SYSTEM)
        except Conflict:
            return "refused"
        return "undone"

    assert "undone" in run_in_threads(2, one)
    assert undo.undo(str(run_id), SYSTEM)["deleted"] == 120
    assert Product.raw().count_documents({}) == 0
