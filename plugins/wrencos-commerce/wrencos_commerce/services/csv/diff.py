"""What a planned product looks like before and after, as the cells of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wrencos_commerce.services.csv.columns import COLUMNS, Column, shown, stored_value
from wrencos_commerce.services.csv.planning import Plan

Row = Mapping[str, Any]

# More of one product is not listed, only counted.
_MOST = 200
_LONGEST = 200


def difference(plan: Plan, currency: str, slugs: Mapping[str, str]) -> dict[str, Any]:
    """`row`, `handle`, `name`, `action` and `changes`: `{column, sku?, old, new}`, up to 200.

    Amounts are in major units, long texts shortened. `slugs` are those of the categories by id.
    """
    before = plan.before
    action = "create" if before is None else "update" if plan.changed else "unchanged"
    changes = list(_changes(plan, currency, slugs)) if plan.changed else []
    return {
        "row": plan.parsed.group.first_row,
        "handle": plan.after.get("slug") or plan.after.get("_id"),
        "name": plan.after.get("name"),
        "action": action,
        "changes": changes[:_MOST],
        "more": max(len(changes) - _MOST, 0),
    }


def _changes(plan: Plan, currency: str, slugs: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    before = plan.before or {}
    for column in COLUMNS:
        if not column.of_variant and column.name != "handle":
            old, new = (_cell(column, row, {}, currency, slugs) for row in (before, plan.after))
            if old != new:
                yield {"column": column.name, "old": old, "new": new}
    yield from _pictures(before, plan.after)
    known = {variant["id"]: variant for variant in before.get("variants", ())}
    for variant in plan.after["variants"]:
        former = known.get(variant["id"])
        if former is variant:
            continue
        for column in COLUMNS:
            if column.of_variant:
                old = _cell(column, {}, former or {}, currency, slugs)
                new = _cell(column, {}, variant, currency, slugs)
                if old != new:
                    sku = variant["sku"]
                    yield {"column": column.name, "sku": sku, "old": old, "new": new}


def _pictures(before: Row, after: Row) -> Iterator[dict[str, Any]]:
    old, new = (_short(" ".join(p["url"] for p in row.get("media", ()))) for row in (before, after))
    if old != new:
        yield {"column": "pictures", "old": old, "new": new}


def _cell(
    column: Column, product: Row, variant: Row, currency: str, slugs: Mapping[str, str]
) -> str:
    if column.field == "slug":
        return str(product.get("slug") or "")
    return _short(shown(column, stored_value(column, product, variant), currency, slugs))


def _short(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}…"
