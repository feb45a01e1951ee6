"""Proves that the stock, its ledger, the orders and the batches tell the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from wrencos_commerce.models.batch import Batch, BatchState
from wrencos_commerce.models.order import Order, OrderStock
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.stock_ledger import Unit, on_hand, sums
from wrencos_core.api import transaction

Row = Mapping[str, Any]
Progress = Callable[[int, int], None]

_AT_ONCE = 100
_OF_VARIANTS = ("id", "sku", "inventory", "held", "is_active")
_FIELDS = {"inventory": 1, **{f"variants.{field}": 1 for field in _OF_VARIANTS}}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two things that should be equal (or the first at most the second, for `batches`).

    `check` is `ledger`, `held`, `batches` or `product`; `sku` None: of the product, or of a
    variant that is not there any more.
    """

    check: str
    product_id: str
    variant_id: str | None = None
    sku: str | None = None
    expected: int
    found: int


class StockAudit:
    """Reads only, a hundred products at a time.

    All that concerns a product is read in one transaction, so as of one moment: an order that comes
    in meanwhile changes everything of its product at once, before that moment or after it. Nothing
    is compared across products, so that these moments may differ.
    """

    def differences(self, progress: Progress = lambda done, total: None) -> Iterator[Difference]:
        """Whatever does not add up; nothing, if all does."""
        total, done, last = Product.raw().estimated_document_count(), 0, ""
        while ids := _next_ids(last):
            yield from transaction(lambda ids=ids: _of_products(ids))  # type: ignore[misc]
            done, last = done + len(ids), ids[-1]
            progress(done, max(done, total))
        known = _in_ledger()
        while some := list(islice(known, _AT_ONCE)):
            yield from transaction(lambda ids=some: _of_gone(ids))  # type: ignore[misc]


def _next_ids(last: str) -> list[str]:
    rows = Product.raw().find({"_id": {"$gt": last}}, {"_id": 1}).sort("_id", 1).limit(_AT_ONCE)
    return [row["_id"] for row in rows]


def _in_ledger() -> Iterator[str]:
    """The ids of all products that the ledger knows, each once: the index alone is read."""
    key = "product_id"
    rows = StockMovement.raw().aggregate([{"$sort": {key: 1}}, {"$group": {"_id": f"${key}"}}])
    return (row["_id"] for row in rows)


def _of_products(ids: Sequence[str]) -> list[Difference]:
    ledger, held, in_batch = sums(ids), _held(ids), _in_sellable_batches(ids)
    found: list[Difference] = []
    for product in Product.raw().find({"_id": {"$in": ids}}, _FIELDS):
        id = product["_id"]
        active = sum(v["inventory"] for v in product["variants"] if v["is_active"])
        if active != product["inventory"]:
            found.append(
                Difference(
                    check="product", product_id=id, expected=active, found=product["inventory"]
                )
            )
        for variant in product["variants"]:
            unit = Unit(id, variant["id"])
            found += _of_variant(
                unit, variant, ledger.pop(unit, 0), held.pop(unit, 0), in_batch.get(unit, 0)
            )
    return found + _of_none("ledger", ledger) + _of_none("held", held)


def _of_variant(
    unit: Unit, variant: Row, ledger: int, held: int, in_batch: int
) -> Iterator[Difference]:
    inventory, kept = variant["inventory"], variant.get("held") or 0
    checks = (
        ("ledger", ledger, on_hand(variant), ledger == on_hand(variant)),
        ("held", held, kept, held == kept),
        ("batches", in_batch, inventory, in_batch <= inventory),
    )
    for check, expected, found, is_right in checks:
        if not is_right:
            yield Difference(
                **{"check": check, **unit._asdict(), "sku": variant["sku"]},
                expected=expected,
                found=found,
            )


def _of_gone(ids: Sequence[str]) -> list[Difference]:
    """Of those products that exist no more: nothing may be on hand of them."""
    there = {row["_id"] for row in Product.raw().find({"_id": {"$in": list(ids)}}, {"_id": 1})}
    gone = [id for id in ids if id not in there]
    return _of_none("ledger", sums(gone)) if gone else []


def _of_none(check: str, pieces: Mapping[Unit, int]) -> list[Difference]:
    """Pieces of variants that are not there."""
    return [
        Difference(check=check, **unit._asdict(), expected=count, found=0)
        for unit, count in sorted(pieces.items())
        if count
    ]


def _held(ids: Sequence[str]) -> dict[Unit, int]:
    """The pieces of orders that wait for their payment."""
    wanted = {"lines.product_id": {"$in": list(ids)}}
    rows = Order.raw().aggregate(
        [
            {"$match": {"stock": OrderStock.HELD.value, **wanted}},
            {"$project": {"lines": 1}},
            {"$unwind": "$lines"},
            {"$match": wanted},
            _summed("$lines.product_id", "$lines.variant_id", "$lines.quantity"),
        ]
    )
    return _by_unit(rows)


def _in_sellable_batches(ids: Sequence[str]) -> dict[Unit, int]:
    query = {"product_id": {"$in": list(ids)}, "state": BatchState.SELLABLE.value}
    group = _summed("$product_id", "$variant_id", "$quantity")
    return _by_unit(Batch.raw().aggregate([{"$match": query}, group]))


def _summed(product_id: str, variant_id: str, quantity: str) -> dict[str, Any]:
    key = {"product_id": product_id, "variant_id": variant_id}
    return {"$group": {"_id": key, "quantity": {"$sum": quantity}}}


def _by_unit(rows: Iterable[Row]) -> dict[Unit, int]:
    return {Unit(**row["_id"]): int(row["quantity"]) for row in rows}
