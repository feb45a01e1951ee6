"""Counts how many of what was found are in each category, of each brand, within each price.

The values chosen of one facet do not narrow its own counts: they say what choosing another value
as well would add.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from pyroaring import BitMap

from wrencos_commerce.services.search import postings
from wrencos_commerce.services.search.columns import Column
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.postings import State
from wrencos_commerce.services.search.shelves import Shelves
from wrencos_commerce.services.search.words import (
    ALL,
    CATEGORY,
    FACET,
    IN_STOCK,
    PRICE,
    RATED,
    RATING,
    RATING_STEPS,
)

K = TypeVar("K")

# The facets by the kind of key that they have.
KINDS: Mapping[str, str] = {
    "brands": "brand:",
    "skin_types": "skin:",
    "concerns": "concern:",
    "free_from": "free:",
}
RATING_LEVELS = (4, 3, 2, 1)
# The most values of a facet that a page names, those with the most products.
_MOST = 200


@dataclass(frozen=True)
class Counts:
    """Products by value: categories by id, `prices` by (from, up to but not including)."""

    categories: dict[str, int]
    brands: dict[str, int]
    skin_types: dict[str, int]
    concerns: dict[str, int]
    free_from: dict[str, int]
    prices: dict[tuple[int, int], int]
    ratings: dict[int, int]
    in_stock: int


class FacetBook:
    """Every facet of the index at one revision, in memory."""

    def __init__(self, bitmaps: Mapping[str, BitMap]) -> None:
        self.bitmaps = bitmaps
        self.every = bitmaps.get(ALL, BitMap())
        self.in_stock = bitmaps.get(IN_STOCK, BitMap())
        self.price = Column(self.every, self._slices(PRICE))
        self.rating = Column(bitmaps.get(RATED, BitMap()), self._slices(RATING))
        self.values = {
            facet: {
                key.removeprefix(FACET + kind): bitmap
                for key, bitmap in bitmaps.items()
                if key.startswith(FACET + kind) and bitmap
            }
            for facet, kind in KINDS.items()
        }
        steps = price_steps(self.price.largest())
        self.prices = {
            (least, beyond): self.price.between(least, beyond - 1)
            for least, beyond in pairwise(steps)
        }
        self.ratings = {
            level: self.rating.between(level * RATING_STEPS, None) for level in RATING_LEVELS
        }

    def _slices(self, kind: str) -> dict[int, BitMap]:
        return {
            int(key.removeprefix(kind)): bitmap
            for key, bitmap in self.bitmaps.items()
            if key.startswith(kind) and bitmap
        }

    def category(self, ids: list[str]) -> BitMap:
        """The products in any of these categories."""
        found = [self.bitmaps[key] for id in ids if (key := CATEGORY + id) in self.bitmaps]
        return BitMap.union(*found) if found else BitMap()

    def chosen(self, wanted: SearchFilter, shelves: Shelves) -> dict[str, BitMap]:
        """For each facet that `wanted` limits, the products that fit it."""
        limits: dict[str, BitMap] = {}
        if wanted.categories:
            ids = [id for name in wanted.categories for id in shelves.below(name)]
            limits["categories"] = self.category(ids)
        for facet in KINDS:
            if values := getattr(wanted, facet):
                known = self.values[facet]
                found = [known[value] for value in values if value in known]
                limits[facet] = BitMap.union(*found) if found else BitMap()
        if wanted.min_price is not None or wanted.max_price is not None:
            limits["prices"] = self.price.between(wanted.min_price, wanted.max_price)
        if wanted.min_rating is not None:
            limits["ratings"] = self.rating.between(round(wanted.min_rating * RATING_STEPS), None)
        if wanted.in_stock:
            limits["in_stock"] = self.in_stock
        return limits

    def counts(self, found: BitMap, limits: Mapping[str, BitMap], shelves: Shelves) -> Counts:
        """The counts of all facets among `found`, which no filter has narrowed yet."""

        def without(facet: str) -> BitMap:
            others = [bitmap for name, bitmap in limits.items() if name != facet]
            return BitMap.intersection(found, *others) if others else found

        everywhere = without("")

        def base(facet: str) -> BitMap:
            return without(facet) if facet in limits else everywhere

        in_base = base("categories")
        categories = {
            row["_id"]: self.category(shelves.below(row["_id"])).intersection_cardinality(in_base)
            for row in shelves.rows
        }
        return Counts(
            categories={id: count for id, count in categories.items() if count},
            **{facet: _largest(_counted(self.values[facet], base(facet))) for facet in KINDS},
            prices=_counted(self.prices, base("prices")),
            ratings=_counted(self.ratings, base("ratings")),
            in_stock=self.in_stock.intersection_cardinality(base("in_stock")),
        )


def price_steps(largest: int) -> list[int]:
    """Where ranges of prices begin: 0 and 1, 2, 5, 10, 20, 50 … minor units, past the largest.

    Fixed steps rather than shares of the catalogue, so that a range means the same tomorrow.
    """
    steps, unit = [0], 1
    while steps[-1] <= largest:
        steps += [unit, 2 * unit, 5 * unit]
        unit *= 10
    while len(steps) > 2 and steps[-2] > largest:
        steps.pop()
    return steps


def _counted(values: Mapping[K, BitMap], base: BitMap) -> dict[K, int]:
    counts = {value: bitmap.intersection_cardinality(base) for value, bitmap in values.items()}
    return {value: count for value, count in counts.items() if count}


def _largest(counts: dict[str, int]) -> dict[str, int]:
    """By count and then by name."""
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    return dict(best)


class FacetReader:
    """Keeps the facets of the newest revision that was asked for; reads only what has changed."""

    def __init__(self) -> None:
        self._kept: tuple[State, FacetBook] | None = None

    def book(self, state: State) -> FacetBook:
        """The facets at this revision or a newer one."""
        kept = self._kept
        if kept is not None and kept[0].generation == state.generation:
            if kept[0].revision >= state.revision:
                return kept[1]
            changed = postings.read_facets(state.generation, kept[0].revision)
            book = FacetBook({**kept[1].bitmaps, **changed}) if changed else kept[1]
        else:
            book = FacetBook(postings.read_facets(state.generation, -1))
        self._kept = state, book
        return book
