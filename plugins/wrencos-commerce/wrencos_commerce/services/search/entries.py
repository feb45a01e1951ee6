"""The rows of products in the index: as what they were indexed, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap

from wrencos_commerce.models.search import SearchEntry
from wrencos_commerce.services.search.postings import packed
from wrencos_commerce.services.search.words import keys

Row = Mapping[str, Any]

# What is needed of a product to index it.
INDEXED = {
    "name": 1,
    "brand": 1,
    "description": 1,
    "translations": 1,
    "category_id": 1,
    "facets": 1,
    "skin_types": 1,
    "concerns": 1,
    "ingredients": 1,
    "ingredient_keys": 1,
    "ingredient_groups": 1,
    "variants.sku": 1,
    "variants.barcode": 1,
    "variants.shade": 1,
    "variants.size": 1,
    "price": 1,
    "rating": 1,
    "inventory": 1,
    "is_active": 1,
    "created_at": 1,
    "name_key": 1,
    "version": 1,
}

# The field of an entry for each order, and whether it is read backwards.
ORDERS: Mapping[str, tuple[str, bool]] = {
    "newest": ("created", True),
    "price": ("price", False),
    "-price": ("price", True),
    "rating": ("rating", True),
    "name": ("name_key", False),
}
# A row that is fetched to be sorted costs about as much as so many keys of an index walked past.
_FETCH = 4
_SMALLEST_STEP, _LARGEST_STEP = 50, 1000
# So many times as far as expected a walk may go.
_PATIENCE = 8


def entry(generation: str, row: Row, ordinal: int) -> tuple[dict[str, Any], set[str]]:
    """The entry of a product and the keys that it is under; of a withdrawn one, without keys."""
    under = keys(row) if row["is_active"] else set()
    values: dict[str, Any] = {
        "_id": f"{generation}/{row['_id']}",
        "generation": generation,
        "product_id": row["_id"],
        "ordinal": ordinal,
        "product_version": row["version"],
        "keys": packed(under),
        "price": row["price"],
        "created": row["created_at"],
        "rating": row.get("rating"),
        "name_key": row["name_key"],
    }
    return values, under


def product_ids(generation: str, ordinals: Sequence[int]) -> list[str]:
    """The products with these ordinals, in the same order."""
    if not ordinals:
        return []
    query = {"generation": generation, "ordinal": {"$in": list(ordinals)}}
    rows = SearchEntry.raw().find(query, {"_id": 0, "ordinal": 1, "product_id": 1})
    by_ordinal = {row["ordinal"]: row["product_id"] for row in rows}
    return [by_ordinal[ordinal] for ordinal in ordinals if ordinal in by_ordinal]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which part of what fits is wanted: in the order `sort`, from `skip` on.

    `least` and `most` are the bounds of the price that everything which fits is known to keep.
    """

    sort: str
    skip: int
    limit: int
    least: int | None = None
    most: int | None = None


def ordered(generation: str, fitting: BitMap, every: int, part: Part) -> list[str]:
    """The ids of the products in the part of `fitting`, of `every` products in all.

    When many fit, the sort's index is walked until the page is full; when few do, they are fetched
    and sorted. The same is done when the walk meets far less of them than was to be expected.
    """
    if not fitting:
        return []
    steps = (part.skip + part.limit) * every // len(fitting)
    if steps <= _FETCH * len(fitting):
        most = _PATIENCE * max(steps, _SMALLEST_STEP)
        give_up = most if most + _FETCH * len(fitting) < every else every
        found = _walked(generation, fitting, part, steps, give_up)
        if found is not None:
            return found
    return _sorted(generation, fitting, part)


def _sorted(generation: str, fitting: BitMap, part: Part) -> list[str]:
    query = {"generation": generation, "ordinal": {"$in": list(fitting)}}
    rows = SearchEntry.raw().find(query, {"_id": 0, "product_id": 1}).sort(_order(part.sort))
    # The index of ordinals finds them; of the sort's own index the server would read it all.
    rows = rows.hint("by_ordinal").skip(part.skip).limit(part.limit)
    return [row["product_id"] for row in rows]


def _walked(
    generation: str, fitting: BitMap, part: Part, steps: int, give_up: int
) -> list[str] | None:
    """The part, or None when the page is not full after `give_up` keys."""
    query: dict[str, Any] = {"generation": generation}
    if part.sort.endswith("price") and (part.least, part.most) != (None, None):
        bounds = {"$gte": part.least, "$lte": part.most}
        query["price"] = {name: value for name, value in bounds.items() if value is not None}
    shown = {"_id": 0, "ordinal": 1, "product_id": 1}
    step = min(max(steps * 5 // 4, _SMALLEST_STEP), _LARGEST_STEP)
    skip, found = part.skip, list[str]()
    rows = SearchEntry.raw().find(query, shown).sort(_order(part.sort)).batch_size(step)
    with rows:
        for walked, row in enumerate(rows):
            if walked > give_up:
                return None
            if row["ordinal"] not in fitting:
                continue
            if skip:
                skip -= 1
                continue
            found.append(row["product_id"])
            if len(found) == part.limit:
                break
    return found


def _order(sort: str) -> list[tuple[str, int]]:
    field, backwards = ORDERS[sort]
    direction = -1 if backwards else 1
    return [(field, direction), ("product_id", direction)]
