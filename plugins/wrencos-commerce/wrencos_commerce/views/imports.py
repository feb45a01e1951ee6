"""Imports as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wrencos_commerce.services.csv import runs
from wrencos_commerce.services.csv.undoing import undone
from wrencos_commerce.views.base import Row, View

_COST = "costPrice"


class ImportCounts(View, kw_only=True):
    created: int
    updated: int
    unchanged: int


class BadCell(View, kw_only=True):
    """The first row below the header is 2."""

    row: int
    column: str
    words: str


class CellChange(View, kw_only=True):
    """A cell of the shop's own format before and after; `sku` where it is of a variant."""

    column: str
    sku: str | None
    old: str
    new: str


class ProductChange(View, kw_only=True):
    """What becomes of a product: `create` or `update`; `more` changes are not listed."""

    row: int
    handle: str
    name: str
    action: str
    changes: list[CellChange]
    more: int


class KeptField(View, kw_only=True):
    product_id: str
    what: str
    reason: str


class UndoneCounts(View, kw_only=True):
    """What undoing did; `keptFields` are the first 200 that were changed again since."""

    restored: int
    deleted: int
    withdrawn: int
    kept: int
    kept_fields: list[KeptField]


class ImportSummary(View, kw_only=True):
    """`doneRow` is the last row that is written; `done` counts what is."""

    import_id: str
    state: str
    by: str
    filename: str | None
    rows: int
    bad_rows: int
    done_row: int
    done: ImportCounts
    created_at: datetime
    updated_at: datetime


class ImportView(ImportSummary, kw_only=True):
    """An import. `planned` is what the check found, with the first 50 `changes`.

    `errors` describe the first 100 bad rows; `undone` is there once undoing began.
    """

    planned: ImportCounts | None
    errors: list[BadCell]
    notes: list[str]
    changes: list[ProductChange]
    undone: UndoneCounts | None


class ImportDetail(View, kw_only=True):
    product_import: ImportView


class ImportPage(View, kw_only=True):
    imports: list[ImportSummary]
    total_count: int
    page: int
    total_pages: int


def import_summary(row: Row) -> ImportSummary:
    return ImportSummary(**_summary(row))


def import_view(row: Row, *, with_cost: bool) -> ImportView:
    """The run; changes of what products cost only for staff who may see it."""
    planned = row.get("planned")
    return ImportView(
        **_summary(row),
        planned=ImportCounts(**planned) if planned else None,
        errors=[BadCell(**error) for error in row["errors"]],
        notes=row["notes"],
        changes=[_change(change, with_cost) for change in row["changes"]],
        undone=_undone(row) if row["undone"] else None,
    )


def _summary(row: Row) -> dict[str, Any]:
    counts = {name: row[name] for name in ("created", "updated", "unchanged")}
    return {
        "import_id": row["_id"],
        "state": runs.state_of(row).value,
        "by": row["by"],
        "filename": row.get("filename"),
        "rows": row["rows"],
        "bad_rows": row["bad_rows"],
        "done_row": row["done_rows"],
        "done": ImportCounts(**counts),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _change(change: Row, with_cost: bool) -> ProductChange:
    cells = [
        CellChange(column=c["column"], sku=c.get("sku"), old=c["old"], new=c["new"])
        for c in change["changes"]
        if with_cost or c["column"] != _COST
    ]
    return ProductChange(**{**change, "changes": cells})


def _undone(row: Row) -> UndoneCounts:
    counts = undone(row)
    kept = [KeptField(**one) for one in counts.pop("kept_fields")]
    return UndoneCounts(**counts, kept_fields=kept)
