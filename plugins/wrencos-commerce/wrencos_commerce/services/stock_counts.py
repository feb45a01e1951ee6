"""Stocktaking: what was counted becomes what is on hand; and corrections of it, with why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.errors import CountRefused
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.batch_picking import batched
from wrencos_commerce.services.product_lookup import existing
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Entry, Unit, on_hand
from wrencos_commerce.services.variants import find_variant
from wrencos_core.api import Identity, Invalid, NotFound, audit, new_id, transactional

Row = Mapping[str, Any]

# In one count; each holds its product until all are written.
MOST_COUNTED = 500
_VARIANTS = {"variants.id": 1, "variants.sku": 1}


@dataclass(frozen=True, kw_only=True)
class Counted:
    """So many pieces of a variant were counted; it is named by its SKU or its id."""

    counted: int
    sku: str | None = None
    variant_id: str | None = None

    @property
    def name(self) -> str:
        return self.sku or self.variant_id or ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a count changes: the pieces on hand of a variant `before` and `after`."""

    unit: Unit
    sku: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class _Judged:
    product: Row
    variant: Row
    outcome: Outcome


class StockCounts:
    """Changes what is on hand, for staff."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    def plan(self, items: Sequence[Counted]) -> list[Outcome]:
        """What `count` would change now, and raise."""
        return [judged.outcome for judged in _judged(items, existing)]

    @transactional
    def count(
        self, items: Sequence[Counted], note: str | None, identity: Identity
    ) -> tuple[str, list[Outcome]]:
        """Make what was counted what is on hand; the id of the count, and what it changed.

        Everything there is was counted, pieces that are held for orders and those in batches too,
        but for batches that have expired or were recalled.
        Raises Invalid for variants that there are not or that are named twice, and CountRefused
        when less was counted of one than is held or in batches.
        """
        id = new_id("count")
        found = _judged(items, self._stock.touch)
        entries = []
        for one in found:
            self._stock.change(one.product, one.variant, one.outcome.difference)
            entries.append(
                Entry(
                    unit=one.outcome.unit,
                    quantity=one.outcome.difference,
                    reason=MovementReason.COUNT,
                    cost_price=one.variant.get("cost_price"),
                    reference=id,
                    note=note,
                )
            )
        stock_ledger.write(entries, identity)
        outcomes = [one.outcome for one in found]
        audit.record(identity, "commerce.stock.count", id, _told(outcomes, note))
        return id, outcomes

    @transactional
    def correct(
        self,
        variant_id: str,
        quantity: int,
        reason: MovementReason,
        note: str | None,
        identity: Identity,
    ) -> Outcome:
        """Add pieces, or take some away when negative, that are in no batch.

        Raises NotFound, OutOfStock when there are not so many, or Invalid when they are in batches,
        where they are to be written off.
        """
        unit = _units([Counted(counted=0, variant_id=variant_id)]).get(variant_id)
        if unit is None:
            raise NotFound(f"There is no variant {variant_id}.")
        before = self._stock.add(unit, quantity, reason, identity, note=note)
        variant = find_variant(before, variant_id)
        assert variant is not None
        if quantity < 0:
            self._stock.check_count(variant, variant["inventory"] + quantity, "quantity")
        told = {"quantity": quantity, "reason": reason.value, "note": note}
        audit.record(identity, "commerce.stock.correct", variant_id, told)
        was = on_hand(variant)
        return Outcome(unit=unit, sku=variant["sku"], before=was, after=was + quantity)


def _judged(items: Sequence[Counted], read: Callable[[str], Row]) -> list[_Judged]:
    """The rows as `read(product_id)` gives them, in the order in which products are locked."""
    counts = _counts(items)
    found, refused = [], []
    for unit in sorted(counts):
        product = read(unit.product_id)
        variant = find_variant(product, unit.variant_id)
        assert variant is not None
        held, in_batches, counted = variant.get("held") or 0, batched(variant), counts[unit]
        if counted < held + in_batches:
            refused.append(
                {
                    "productId": unit.product_id,
                    "variantId": unit.variant_id,
                    "sku": variant["sku"],
                    "counted": counted,
                    "held": held,
                    "batched": in_batches,
                }
            )
        outcome = Outcome(unit=unit, sku=variant["sku"], before=on_hand(variant), after=counted)
        found.append(_Judged(product, variant, outcome))
    if refused:
        raise CountRefused(_reasons(refused), variants=refused)
    return found


def _reasons(refused: Sequence[Row]) -> str:
    each = "; ".join(
        f"{row['sku']}: {row['counted']} counted, {row['held']} held for orders and "
        f"{row['batched']} in batches"
        for row in refused
    )
    return f"Less was counted than there must be. {each}."


def _counts(items: Sequence[Counted]) -> dict[Unit, int]:
    """What was counted of each variant. Raises Invalid for one that is unknown or comes twice."""
    units = _units(items)
    problems = [f"There is no variant {item.name}." for item in items if item.name not in units]
    counts: dict[Unit, int] = {}
    for item in items:
        if (unit := units.get(item.name)) is None:
            continue
        if unit in counts:
            problems.append(f"{item.name} is counted twice.")
        counts[unit] = item.counted
    if problems:
        raise Invalid(errors={"items": problems})
    return counts


def _units(items: Sequence[Counted]) -> dict[str, Unit]:
    """What is counted, by the SKU or id that names it."""
    skus = [item.sku for item in items if item.sku]
    ids = [item.variant_id for item in items if not item.sku]
    units: dict[str, Unit] = {}
    for field, wanted in (("sku", skus), ("id", ids)):
        if wanted:
            for row in Product.raw().find({f"variants.{field}": {"$in": wanted}}, _VARIANTS):
                units |= {v[field]: Unit(row["_id"], v["id"]) for v in row["variants"]}
    return units


def _told(outcomes: Sequence[Outcome], note: str | None) -> dict[str, Any]:
    changed = [
        {"sku": one.sku, "before": one.before, "after": one.after}
        for one in outcomes
        if one.difference
    ]
    return {"counted": len(outcomes), "changed": changed, "note": note}
