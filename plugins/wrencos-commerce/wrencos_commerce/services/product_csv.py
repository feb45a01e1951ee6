"""Importing and exporting the catalogue, in bounded memory whatever its size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from pymongo import UpdateOne

from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.product_rows import check_header, read_row, write_row
from wrencos_commerce.services.products import Products
from wrencos_core.api import Identity, Invalid, audit, bump, new_id, now, transaction

T = TypeVar("T")
CsvRow = Mapping[str, str]

_BATCH = 500
# More bad rows than this are counted, but not described.
_DESCRIBED = 100
# Of a product that a file creates without these columns.
_DEFAULTS: Mapping[str, Any] = {
    "description": "",
    "inventory": 0,
    "ingredients": [],
    "skin_types": [],
    "concerns": [],
    "is_active": True,
}


@dataclass
class ImportReport:
    """What an import did, or a dry run would have done.

    `errors` says what is bad in a row of the file (the first below the header is 2), for the
    first 100 of `bad_rows`; when there is any, nothing was written.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    bad_rows: int = 0
    errors: dict[int, list[str]] = field(default_factory=dict)


class ProductCsv:
    """Imports and exports products, a row each, known by their SKU.

    Lists are separated by semicolons, `category` is a slug, amounts are in major units.
    """

    def __init__(self, products: Products, categories: Categories) -> None:
        self._products = products
        self._categories = categories

    def load(
        self,
        source: Callable[[], Iterable[CsvRow]],
        identity: Identity,
        *,
        dry_run: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> ImportReport:
        """Create or update a product for each row of `source()`, unless any row is bad.

        `source` is called twice: to judge all rows, then to write them, 500 in a transaction. An
        update changes what the file has columns for. `progress` gets the rows written and all.
        Raises Invalid for a file without the needed columns or with unknown ones.
        """
        slugs = {row["slug"]: row["_id"] for row in self._categories.all()}
        report = self._judged(source(), slugs)
        if report.bad_rows or dry_run:
            return report
        done = 0
        for batch in _batches(source()):
            self._write([self._products.stored(read_row(row, slugs)) for row in batch])
            done += len(batch)
            progress(done, report.rows)
        audit.record(
            identity,
            "commerce.products.import",
            "commerce_products",
            {"created": report.created, "updated": report.updated},
        )
        return report

    def rows(self) -> Iterator[dict[str, str]]:
        """Every product, withdrawn ones too, as a row, by SKU."""
        slugs = {row["_id"]: row["slug"] for row in self._categories.all()}
        for product in Product.raw().find().sort("sku", 1):
            yield write_row(product, slugs)

    def _judged(self, rows: Iterable[CsvRow], slugs: Mapping[str, str]) -> ImportReport:
        report = ImportReport()
        seen: set[str] = set()
        for batch in _batches(rows):
            good = []
            for row in batch:
                report.rows += 1
                if report.rows == 1:
                    check_header({str(name) for name in row if name is not None})
                problems, sku = self._problems(row, slugs, seen)
                if not problems:
                    good.append(sku)
                    continue
                report.bad_rows += 1
                if len(report.errors) < _DESCRIBED:
                    report.errors[report.rows + 1] = problems
            known = len(_known(good))
            report.updated += known
            report.created += len(good) - known
        if report.bad_rows:
            report.created = report.updated = 0
        return report

    def _problems(
        self, row: CsvRow, slugs: Mapping[str, str], seen: set[str]
    ) -> tuple[list[str], str]:
        """What is bad in a row, and its SKU."""
        problems = []
        try:
            self._products.stored(read_row(row, slugs))
        except Invalid as error:
            errors = error.extra["errors"].items()
            problems = [f"{name}: {' '.join(texts)}" for name, texts in errors]
        sku = (row.get("sku") or "").strip()
        if sku and sku in seen:
            problems.append(f"sku: {sku} stands in an earlier row already.")
        seen.add(sku)
        return problems, sku

    def _write(self, batch: Sequence[dict[str, Any]]) -> None:
        def write() -> None:
            known = _known([values["sku"] for values in batch])
            merged = [{**_DEFAULTS, **known.get(values["sku"], {}), **values} for values in batch]
            ids = {row["category_id"] for row in merged if row.get("category_id")}
            paths = {id: self._categories.path_for_product(id) for id in sorted(ids)}
            Product.raw().bulk_write(
                [
                    self._upsert(values, row, paths.get(row.get("category_id") or "", []))
                    for values, row in zip(batch, merged, strict=True)
                ],
                ordered=False,
            )

        transaction(write)

    def _upsert(
        self, values: Mapping[str, Any], merged: Mapping[str, Any], path: Sequence[str]
    ) -> UpdateOne:
        changes = {**values, **derived(merged, path)}
        initial = {name: value for name, value in _DEFAULTS.items() if name not in changes}
        initial |= {
            "_id": new_id(Product.id_prefix),
            "currency": self._products.currency,
            "created_at": now(),
        }
        update = bump({"$set": changes, "$setOnInsert": initial})
        return UpdateOne({"sku": values["sku"]}, update, upsert=True)


def _known(skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The stored products among these SKUs, by SKU."""
    return {row["sku"]: row for row in Product.raw().find({"sku": {"$in": list(skus)}})}


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
