"""How people of each skin type took to products; only of those who agreed to be counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.review import Review, ReviewState
from wrencos_commerce.models.skin_profile import SkinProfile

Row = Mapping[str, Any]

# From here on a rating counts as liked.
HIGH = 4
_BATCH = 500


@dataclass
class ProfileCounts:
    """`products`: product id -> skin type -> {"bought", "rated", "high"}, each a count of people.

    `customers` and `by_skin_type` are those who bought anything; the ratings are of all products.
    """

    products: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    customers: int = 0
    by_skin_type: Counter[str] = field(default_factory=Counter)
    rated: int = 0
    rated_high: int = 0

    def add(self, product_id: str, skin_type: str, what: str) -> None:
        by_type = self.products.setdefault(product_id, {})
        counts = by_type.setdefault(skin_type, {"bought": 0, "rated": 0, "high": 0})
        counts[what] += 1


def count_profiles(since: datetime) -> ProfileCounts:
    """Count what consenting customers with a skin type bought since then, and how they rated.

    They are read in batches; in memory are the counts alone.
    """
    counts = ProfileCounts()
    people = _people()
    while batch := dict(islice(people, _BATCH)):
        for user_id, products in _bought(list(batch), since).items():
            skin_type = batch[user_id]
            counts.customers += 1
            counts.by_skin_type[skin_type] += 1
            for product_id in products:
                counts.add(product_id, skin_type, "bought")
        for row in _ratings(list(batch)):
            skin_type, high = batch[row["user_id"]], row["rating"] >= HIGH
            counts.rated += 1
            counts.add(row["product_id"], skin_type, "rated")
            if high:
                counts.rated_high += 1
                counts.add(row["product_id"], skin_type, "high")
    return counts


def _people() -> Iterator[tuple[str, str]]:
    query = {"use_for_recommendations": True, "skin_type": {"$gt": ""}}
    fields = {"_id": 0, "user_id": 1, "skin_type": 1}
    with SkinProfile.raw().find(query, fields).hint("by_consent") as rows:
        for row in rows:
            yield row["user_id"], row["skin_type"]


def _bought(user_ids: Sequence[str], since: datetime) -> dict[str, set[str]]:
    query = {
        "user_id": {"$in": user_ids},
        "created_at": {"$gte": since},
        "status": {"$ne": OrderStatus.CANCELLED.value},
    }
    bought: dict[str, set[str]] = {}
    for row in Order.raw().find(query, {"user_id": 1, "lines.product_id": 1}).hint("by_user"):
        products = bought.setdefault(row["user_id"], set())
        products.update(line["product_id"] for line in row["lines"])
    return bought


def _ratings(user_ids: Sequence[str]) -> Iterator[Row]:
    query = {"user_id": {"$in": user_ids}, "state": ReviewState.PUBLISHED.value}
    yield from Review.raw().find(query, {"user_id": 1, "product_id": 1, "rating": 1})
