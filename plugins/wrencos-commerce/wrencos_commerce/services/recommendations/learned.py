"""Reading what the nightly job has learned: always of the newest finished generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wrencos_commerce.models.learned import CoPurchase, Generation, ProfileCount

Row = Mapping[str, Any]
Counts = Mapping[str, Mapping[str, int]]

# More than are ever asked for, so that one round trip brings them all.
_AT_ONCE = 1000
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Learned:
    """The generation in use (None before the first), and the neighbours of the wanted products."""

    generation: Row | None = None
    neighbours: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def links(self) -> dict[str, dict[str, Row]]:
        """Each neighbour with the products that it is one of: neighbour id -> product id -> row."""
        found: dict[str, dict[str, Row]] = {}
        for product, rows in sorted(self.neighbours.items()):
            for row in rows:
                found.setdefault(row["product_id"], {})[product] = row
        return found


@dataclass(frozen=True)
class Took:
    """How people took to a product: those of each skin type, and how many bought it in all."""

    by_skin_type: Counts = field(default_factory=dict)
    buyers: int = 0


def learned_about(product_ids: Iterable[str]) -> Learned:
    """One query, with or without products."""
    wanted = {"$match": {"product_id": {"$in": sorted(product_ids)}}}
    rows = list(
        Generation.raw().aggregate(
            [
                {"$match": {"finished_at": {"$gt": _EVER}}},
                {"$sort": {"finished_at": -1}},
                {"$limit": 1},
                {
                    "$lookup": {
                        "from": CoPurchase.raw().name,
                        "localField": "_id",
                        "foreignField": "generation",
                        "pipeline": [wanted, {"$project": {"product_id": 1, "neighbours": 1}}],
                        "as": "found",
                    }
                },
            ]
        )
    )
    if not rows:
        return Learned()
    return Learned(rows[0], {row["product_id"]: row["neighbours"] for row in rows[0]["found"]})


def counts_of(generation: Row | None, product_ids: Iterable[str]) -> dict[str, Took]:
    """By product, how people took to it. One query, or none before the first generation."""
    if generation is None:
        return {}
    query = {"generation": generation["_id"], "product_id": {"$in": sorted(product_ids)}}
    fields = {"product_id": 1, "buyers": 1, "by_skin_type": 1}
    rows = ProfileCount.raw().find(query, fields).batch_size(_AT_ONCE)
    return {
        row["product_id"]: Took(row.get("by_skin_type", {}), row.get("buyers", 0)) for row in rows
    }
