"""Reading the stock: levels, the ledger, and both for other plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from wrencos_commerce.models.product import ANY, Product
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.stock_ledger import on_hand
from wrencos_core.api import Listing
from wrencos_core.contracts.commerce import StockLevel, StockMovementInfo

Row = Mapping[str, Any]

NEWEST = [("at", -1), ("_id", -1)]
_OLDEST = [("at", 1), ("_id", 1)]
_OF_VARIANTS = ("id", "sku", "shade", "size", "inventory", "held", "cost_price", "is_active")
_FIELDS = {
    **dict.fromkeys(("name", "currency", "inventory", "is_active"), 1),
    **{f"variants.{field}": 1 for field in _OF_VARIANTS},
}


class LevelSort(StrEnum):
    """LOWEST: by the variant of which the fewest pieces can be sold."""

    LOWEST = "lowest"
    NAME = "name"


@dataclass(frozen=True, kw_only=True)
class LevelFilter:
    """Which products are listed: those for sale or the withdrawn ones, or one by id or SKU."""

    is_active: bool = True
    product_id: str | None = None
    sku: str | None = None

    @property
    def query(self) -> dict[str, Any]:
        """The MongoDB filter."""
        if self.product_id is not None:
            return {"_id": self.product_id}
        if self.sku is not None:
            return {"variants.sku": self.sku}
        return {"is_active": self.is_active}


@dataclass(frozen=True, kw_only=True)
class MovementFilter:
    """What a page of the ledger is limited to; `since` is included, `until` is not."""

    variant_id: str | None = None
    product_id: str | None = None
    reason: str | None = None
    reference: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def query(self) -> dict[str, Any]:
        """The MongoDB filter."""
        names = ("variant_id", "product_id", "reason", "reference")
        query = {name: value for name in names if (value := getattr(self, name)) is not None}
        bounds = {"$gte": self.since, "$lt": self.until}
        if at := {operator: bound for operator, bound in bounds.items() if bound is not None}:
            query["at"] = at
        return query


class StockQueries:
    """Reads the stock; provides contracts.commerce.StockReader."""

    def __init__(self) -> None:
        self._products = Listing(Product.raw)
        self._movements = Listing(StockMovement.raw)

    def page(
        self, wanted: LevelFilter, sort: LevelSort, skip: int, limit: int
    ) -> tuple[list[Row], int]:
        """Products with what the stock has of their variants, and how many products fit in all."""
        query, order = wanted.query, [("variants.inventory", 1), ("_id", 1)]
        if sort is LevelSort.NAME:
            query, order = {**query, "facets": ANY}, [("name_key", 1), ("_id", 1)]
        return self._products.page(query, sort=order, skip=skip, limit=limit, fields=_FIELDS)

    def movements(self, wanted: MovementFilter, skip: int, limit: int) -> tuple[list[Row], int]:
        """The newest movements that fit, and how many fit in all."""
        return self._movements.page(wanted.query, sort=NEWEST, skip=skip, limit=limit)

    def levels(self, variant_ids: Sequence[str]) -> dict[str, StockLevel]:
        """Those of the variants that exist, by id."""
        wanted = set(variant_ids)
        rows = Product.raw().find({"variants.id": {"$in": sorted(wanted)}}, _FIELDS)
        return {level.variant_id: level for level in _levels(rows) if level.variant_id in wanted}

    def all_levels(self) -> Iterator[StockLevel]:
        """Every variant of every product, withdrawn ones included."""
        return _levels(Product.raw().find({}, _FIELDS).sort("_id", 1))

    def movements_between(self, start: datetime, end: datetime) -> Iterator[StockMovementInfo]:
        """Every movement from `start` up to but not including `end`, oldest first."""
        query = MovementFilter(since=start, until=end).query
        for row in StockMovement.raw().find(query).sort(_OLDEST):
            yield StockMovementInfo(
                id=row["_id"],
                product_id=row["product_id"],
                variant_id=row["variant_id"],
                quantity=row["quantity"],
                reason=row["reason"],
                reference=row.get("reference"),
                actor=row["actor"],
                cost_price=row.get("cost_price"),
                at=row["at"],
            )


def _levels(rows: Iterable[Row]) -> Iterator[StockLevel]:
    for row in rows:
        for variant in row["variants"]:
            yield StockLevel(
                product_id=row["_id"],
                variant_id=variant["id"],
                sku=variant["sku"],
                available=variant["inventory"],
                held=variant.get("held") or 0,
                on_hand=on_hand(variant),
                cost_price=variant.get("cost_price"),
            )
