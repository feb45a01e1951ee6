"""Products like a product, and products bought with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.recommendations.candidates import by_ids, like
from wrencos_commerce.services.recommendations.learned import learned_about

Row = Mapping[str, Any]

# What makes two products alike; the sum is 1.
_CATEGORY, _CONCERNS, _INGREDIENTS, _SKIN, _PRICE = 0.35, 0.25, 0.25, 0.1, 0.05
# One order with both may be chance.
MIN_ORDERS = 2


@dataclass(frozen=True)
class Alike:
    """A product that is like another one, from 0 to 1."""

    row: Row
    similarity: float


@dataclass(frozen=True)
class BoughtWith:
    """A product that was in so many orders together with another one, in the past year."""

    row: Row
    orders: int
    customers: int


def similar(product: Row, avoiding: Avoiding, limit: int) -> list[Alike]:
    """Those for sale that are most like the product and free of what is avoided. One query."""
    found = [
        Alike(row, similarity(product, row))
        for row in like(product, avoiding)
        if avoiding.allows(row)
    ]
    return sorted(found, key=lambda item: (-item.similarity, item.row["_id"]))[:limit]


def similarity(one: Row, other: Row) -> float:
    """From 0 to 1: the category, shared concerns, ingredients and skin types, and the price."""
    lower, higher = sorted((one["price"], other["price"]))
    same_category = bool(one.get("category_id")) and one["category_id"] == other.get("category_id")
    return (
        _CATEGORY * same_category
        + _CONCERNS * _shared(one["concerns"], other["concerns"])
        + _INGREDIENTS * _shared(one["ingredient_keys"], other["ingredient_keys"])
        + _SKIN * _shared(one["skin_types"], other["skin_types"])
        + _PRICE * (lower / higher if higher else 1.0)
    )


def bought_together(product_id: str, avoiding: Avoiding, limit: int) -> list[BoughtWith]:
    """Those for sale that were in most orders with it, as a share of its own. Two queries."""
    rows = learned_about([product_id]).neighbours.get(product_id, ())
    links = {row["product_id"]: row for row in rows if row["orders"] >= MIN_ORDERS}
    found = [
        BoughtWith(row, links[id]["orders"], links[id]["customers"])
        for id, row in by_ids(list(links), avoiding).items()
        if avoiding.allows(row)
    ]
    found.sort(key=lambda item: (-links[item.row["_id"]]["together"], item.row["_id"]))
    return found[:limit]


def _shared(one: Collection[str], other: Collection[str]) -> float:
    together = set(one) | set(other)
    return len(set(one) & set(other)) / len(together) if together else 0.0
