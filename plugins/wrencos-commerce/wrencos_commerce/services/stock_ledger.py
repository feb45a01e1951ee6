"""The ledger of the stock: what is written there together with each change of what is on hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wrencos_commerce.models.stock_movement import MovementReason, StockMovement
from wrencos_core.api import Identity, new_id, new_row, now

Row = Mapping[str, Any]


class Unit(NamedTuple):
    """What is counted: a variant of a product. Sorted, they are locked in one order."""

    product_id: str
    variant_id: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """So many pieces of a unit that came, or went when negative; `cost_price` is that of one."""

    unit: Unit
    quantity: int
    reason: MovementReason
    cost_price: int | None
    reference: str | None = None
    note: str | None = None


def write(entries: Iterable[Entry], identity: Identity) -> None:
    """Write them down in one go, in the caller's transaction; those of no pieces are left out."""
    at = now()
    rows = [_row(entry, identity, at) for entry in entries if entry.quantity]
    if rows:
        StockMovement.raw().insert_many(rows)


def _row(entry: Entry, identity: Identity, at: Any) -> dict[str, Any]:
    told = {
        name: value
        for name in ("reference", "note", "cost_price")
        if (value := getattr(entry, name)) is not None
    }
    return new_row(
        new_id(StockMovement.id_prefix),
        **entry.unit._asdict(),
        quantity=entry.quantity,
        reason=entry.reason.value,
        actor=identity.actor,
        at=at,
        **told,
    )


def differences(
    product_id: str,
    before: Sequence[Row],
    after: Sequence[Row],
    *,
    new: MovementReason,
    changed: MovementReason,
    reference: str | None = None,
) -> list[Entry]:
    """What variants have more or fewer pieces to sell of, `new` ones and those that were there."""
    old = {variant["id"]: variant for variant in before}
    gone = old.keys() - {variant["id"] for variant in after}
    rows = [*after, *({**old[id], "inventory": 0, "held": 0} for id in sorted(gone))]
    return [
        Entry(
            unit=Unit(product_id, variant["id"]),
            quantity=on_hand(variant) - on_hand(old.get(variant["id"], {})),
            reason=changed if variant["id"] in old else new,
            cost_price=variant.get("cost_price"),
            reference=reference,
        )
        for variant in rows
    ]


def on_hand(variant: Row) -> int:
    """The pieces of a variant that are there: for sale, or held for orders."""
    return int(variant.get("inventory", 0) + (variant.get("held") or 0))


def sums(product_ids: Sequence[str]) -> dict[Unit, int]:
    """What is on hand of the products' variants, by the ledger."""
    query = {"product_id": {"$in": list(product_ids)}}
    key = {"product_id": "$product_id", "variant_id": "$variant_id"}
    group = {"_id": key, "quantity": {"$sum": "$quantity"}}
    found = StockMovement.raw().aggregate([{"$match": query}, {"$group": group}])
    return {Unit(**row["_id"]): int(row["quantity"]) for row in found}
