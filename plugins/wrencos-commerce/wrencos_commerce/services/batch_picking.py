"""From which batches pieces are taken, and what becomes of those that come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from wrencos_commerce.models.batch import Batch, BatchState
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_core.api import bump

Row = Mapping[str, Any]

# Why pieces of a batch that can't be sold any more are not in the stock.
_WHY = {
    BatchState.EXPIRED.value: MovementReason.EXPIRED,
    BatchState.RECALLED.value: MovementReason.RECALLED,
}


def sellable_batches(variant: Row) -> list[Row]:
    """The batches that count as the variant's inventory, those that expire first in front."""
    if not variant.get("is_batched"):
        return []
    query = {
        "variant_id": variant["id"],
        "state": BatchState.SELLABLE.value,
        "quantity": {"$gt": 0},
    }
    return list(Batch.raw().find(query).sort([("expires_on", 1), ("_id", 1)]))


def batched(variant: Row) -> int:
    """How many of the variant's pieces for sale are in batches."""
    return sum(row["quantity"] for row in sellable_batches(variant))


def picked(variant: Row, quantity: int, today: str) -> list[Row] | None:
    """What to take from which batch, first expired first; None when too much is too old.

    What is in no batch goes last: nobody knows how long it keeps.
    """
    rows = sellable_batches(variant)
    loose = variant["inventory"] - sum(row["quantity"] for row in rows)
    found: list[Row] = []
    for row in rows:
        if row["expires_on"] < today or not quantity:
            continue
        pieces = min(row["quantity"], quantity)
        found.append({"batch_id": row["_id"], "code": row["code"], "quantity": pieces})
        quantity -= pieces
    return found if quantity <= loose else None


def take_out(picks: Iterable[Row]) -> None:
    """Take the pieces out of their batches."""
    for pick in picks:
        less = {"quantity": -pick["quantity"]}
        Batch.raw().update_one({"_id": pick["batch_id"]}, bump({"$inc": less}))


def put_in(picks: Iterable[Row]) -> Counter[MovementReason]:
    """Return the pieces to their batches; how many of them can't be sold any more, and why."""
    closed: Counter[MovementReason] = Counter()
    for pick in picks:
        more = bump({"$inc": {"quantity": pick["quantity"]}})
        row = Batch.raw().find_one_and_update({"_id": pick["batch_id"]}, more)
        if row["state"] != BatchState.SELLABLE:
            closed[_WHY[row["state"]]] += pick["quantity"]
    return closed


def part_of(picks: Iterable[Row], skip: int, pieces: int) -> list[Row]:
    """Of a line's picks those of `pieces` pieces after the first `skip`."""
    found: list[Row] = []
    for pick in picks:
        passed = min(skip, pick["quantity"])
        count = min(pick["quantity"] - passed, pieces)
        skip, pieces = skip - passed, pieces - count
        if count:
            found.append({**pick, "quantity": count})
    return found
