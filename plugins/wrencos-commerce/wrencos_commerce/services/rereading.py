"""Reads the ingredients of all products again, for when the dictionary has learned something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from pymongo import UpdateOne

from wrencos_commerce.models.product import Product, free_from_facet
from wrencos_commerce.services.ingredient_fields import ingredient_fields
from wrencos_core.api import Platform, bump, new_id, now, transaction
from wrencos_core.contracts.commerce import ProductsChanged

Row = Mapping[str, Any]

_BATCH = 500
_CLAIM = free_from_facet("")


class IngredientReader:
    """Keeps what is stored of ingredients in step with the dictionary."""

    def __init__(self, platform: Platform) -> None:
        self._outbox = platform.outbox

    def reread(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Store what the dictionary makes of every product's list today; how many changed."""
        run, changed, done = new_id("reread"), 0, 0
        total = Product.raw().estimated_document_count()
        for number, ids in enumerate(_batches()):
            changed += self._batch(ids, f"{run}:{number}:changed")
            done += len(ids)
            progress(done, total)
        return changed

    def _batch(self, ids: list[str], event_id: str) -> int:
        def work() -> int:
            fields = dict.fromkeys([*ingredient_fields(()), "facets"], 1)
            rows = Product.raw().find({"_id": {"$in": ids}}, fields)
            updates = {row["_id"]: after for row in rows if (after := _changes(row))}
            if not updates:
                return 0
            Product.raw().bulk_write(
                [UpdateOne({"_id": id}, bump({"$set": after})) for id, after in updates.items()],
                ordered=False,
            )
            self._outbox.publish(
                ProductsChanged(id=event_id, occurred_at=now(), product_ids=tuple(updates))
            )
            return len(updates)

        return transaction(work)


def _changes(row: Row) -> dict[str, Any]:
    """What is stored otherwise than the dictionary has it."""
    after = ingredient_fields(row.get("ingredients", ()))
    kept = [facet for facet in row["facets"] if not facet.startswith(_CLAIM)]
    after["facets"] = kept + [free_from_facet(claim) for claim in after["free_from"]]
    return {name: value for name, value in after.items() if row.get(name) != value}


def _batches() -> Iterator[list[str]]:
    rows = Product.raw().find({}, {"_id": 1}).sort("_id", 1)
    while ids := [row["_id"] for row in islice(rows, _BATCH)]:
        yield ids
