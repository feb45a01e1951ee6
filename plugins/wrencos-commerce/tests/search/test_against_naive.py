"""Results and counts are those of a plain reading of the rules over small random shops."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.models.category import Category
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.models.search import SearchEntry, SearchPosting, SearchState, SearchWord
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.search.facets import RATING_LEVELS, price_steps
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_core.api import SYSTEM, Platform, new_row, text

Row = Mapping[str, Any]

WORDS = ["xam", "xâm", "xamo", "bru", "brum", "đôm", "dom", "kulo", "sty", "x"]
TAGS = ["tag-one", "tag-two"]
BRANDS = ["Phù", "Gâm"]
SHELVES = {"oben": None, "unten": "oben", "neben": None}

rows = st.builds(
    dict,
    name=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    description=st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
    brand=st.sampled_from([None, *BRANDS]),
    shelf=st.sampled_from([None, *SHELVES]),
    skin_types=st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
    concerns=st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
    free_from=st.lists(st.sampled_from(TAGS), unique=True, max_size=1),
    price=st.integers(0, 5000),
    inventory=st.integers(0, 2),
    rating=st.sampled_from([None, 1.0, 2.37, 3.99, 4.0, 5.0]),
    is_active=st.booleans(),
)
filters = st.builds(
    SearchFilter,
    categories=st.lists(st.sampled_from([*SHELVES, "none"]), max_size=2),
    brands=st.lists(st.sampled_from(["phu", "gam", "none"]), max_size=2),
    skin_types=st.lists(st.sampled_from(TAGS), max_size=2),
    concerns=st.lists(st.sampled_from(TAGS), max_size=1),
    free_from=st.lists(st.sampled_from(TAGS), max_size=1),
    min_price=st.none() | st.integers(0, 5000),
    max_price=st.none() | st.integers(-1, 5000),
    min_rating=st.none() | st.sampled_from([0.0, 2.37, 2.38, 4.0, 5.0]),
    in_stock=st.booleans(),
)
queries = st.none() | st.lists(
    st.sampled_from([*WORDS, "br", "xa", "ku", "dô", "one", "phu"]), min_size=1, max_size=3
).map(" ".join)


@dataclass
class Shop:
    index: SearchIndex
    search: ProductSearch
    shelves: Mapping[str, str]
    paths: Mapping[str, Sequence[str]]


@pytest.fixture
def shop(platform: Platform) -> Shop:
    categories, ids = platform.services.require(Categories), {}
    for slug, parent in SHELVES.items():
        values = {"name": slug, "slug": slug, "parent_id": ids.get(parent)}
        ids[slug] = categories.create(values, SYSTEM)
    rows = {row["_id"]: row for row in Category.raw().find()}
    paths = {slug: [*rows[id]["ancestors"], id] for slug, id in ids.items()}
    require = platform.services.require
    return Shop(require(SearchIndex), require(ProductSearch), ids, paths)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(products=st.lists(rows, max_size=8), asked=st.lists(st.tuples(queries, filters), max_size=4))
def test_results_and_counts(
    shop: Shop, products: list[dict[str, Any]], asked: list[tuple[str | None, SearchFilter]]
) -> None:
    _store(shop, products)
    sold = [row for row in products if row["is_active"]]
    for query, wanted in asked:
        page = shop.search.search(query, wanted, "newest", 0, 100)
        if page.corrected or page.is_relaxed:
            assert not any(fits(row, query, sold) for row in sold)
            continue
        found = [row for row in sold if query is None or fits(row, query, sold)]
        right = [row for row in found if not limits(shop, row, wanted)]
        assert sorted(row["_id"] for row in page.rows) == sorted(row["_id"] for row in right)
        assert page.total == len(right)
        assert vars(page.counts) == counted(shop, found, wanted)


def _store(shop: Shop, products: list[dict[str, Any]]) -> None:
    for model in (Product, SearchEntry, SearchPosting, SearchWord, SearchState):
        model.raw().delete_many({})
    for number, row in enumerate(products):
        id = f"prod_{number:026}"
        variant = {"id": f"var_{number:026}", "sku": f"S{number}Q", "price": row["price"]}
        variant |= {"inventory": row["inventory"], "media_ids": [], "is_active": True}
        row |= {"_id": id, "variants": [variant], "category_id": shop.shelves.get(row["shelf"])}
        stored = {k: v for k, v in row.items() if k not in ("shelf", "_id")}
        stored |= {"currency": "USD", "translations": {}, "rating_count": 0, "sold": 0}
        Product.raw().insert_one(new_row(id, **stored, **_derived(stored)))
    # Half of them at the build, half by single changes.
    late = [row["_id"] for row in products[::2]]
    Product.raw().update_many({"_id": {"$in": late}}, {"$set": {"is_active": False}})
    shop.index.rebuild()
    for row in products[::2]:
        change = {"$set": {"is_active": row["is_active"]}, "$inc": {"version": 1}}
        Product.raw().update_one({"_id": row["_id"]}, change)
    shop.index.index(late)


def _derived(stored: Row) -> Row:
    made = derived(stored, [])
    return {key: value for key, value in made.items() if key not in stored}


def fits(row: Row, query: str, every: Sequence[Row]) -> bool:
    """Each word: in the name or as a beginning there; in the rest; as a beginning in the rest, if
    it is the last one or none of `every` product has it otherwise."""
    words = text.words(query)

    def may_begin(word: str) -> bool:
        return len(word) >= 3 and (word == words[-1] or not any(_has(r, word) for r in every))

    return all(
        _has(row, word) or (may_begin(word) and any(w.startswith(word) for w in _rest(row)))
        for word in words
    )


def _has(row: Row, word: str) -> bool:
    name = text.words(f"{row['name']} {row['brand'] or ''}")
    return any(other.startswith(word) for other in name) or word in _rest(row)


def _rest(row: Row) -> list[str]:
    tags = text.words(" ".join([*row["concerns"], *(f"{s} skin" for s in row["skin_types"])]))
    codes = [part for word in text.words(row["variants"][0]["sku"]) for part in _parts(word)]
    return [*tags, *text.words(row["description"]), *codes]


def _parts(word: str) -> list[str]:
    return [word, *re.findall(r"[^\W\d]+|\d+", word)]


def limits(shop: Shop, row: Row, wanted: SearchFilter, but: str = "") -> set[str]:
    """The facets whose limit the product does not fit, other than `but`."""
    path = shop.paths.get(row["shelf"], [])
    shelves = {shop.shelves.get(name) for name in wanted.categories}
    rating = round((row["rating"] or 0) * 100)
    fitting = {
        "categories": not wanted.categories or bool(shelves & set(path)),
        "brands": not wanted.brands or text.fold(row["brand"] or "?") in wanted.brands,
        "skin_types": not wanted.skin_types or bool({*wanted.skin_types} & {*row["skin_types"]}),
        "concerns": not wanted.concerns or bool({*wanted.concerns} & {*row["concerns"]}),
        "free_from": not wanted.free_from or bool({*wanted.free_from} & {*row["free_from"]}),
        "prices": (wanted.min_price is None or row["price"] >= wanted.min_price)
        and (wanted.max_price is None or row["price"] <= wanted.max_price),
        "ratings": wanted.min_rating is None
        or (row["rating"] is not None and rating >= round(wanted.min_rating * 100)),
        "in_stock": not wanted.in_stock or row["inventory"] > 0,
    }
    return {facet for facet, fit in fitting.items() if not fit and facet != but}


def counted(shop: Shop, found: Sequence[Row], wanted: SearchFilter) -> dict[str, Any]:
    """The counts of all facets, one product after the other."""

    def base(facet: str) -> list[Row]:
        return [row for row in found if not limits(shop, row, wanted, but=facet)]

    def count(facet: str, values: Mapping[Any, Any]) -> dict[Any, int]:
        rows = base(facet)
        counts = {value: sum(map(has, rows)) for value, has in values.items()}
        return {value: number for value, number in counts.items() if number}

    def tagged(field: str) -> dict[str, Any]:
        return {tag: (lambda row, tag=tag: tag in row[field]) for tag in TAGS}

    # Which prices there are at all sets the last range.
    every = Product.raw().find({"is_active": True}).sort("price", -1).limit(1)
    steps = price_steps(next((row["price"] for row in every), 0))
    return {
        "categories": count(
            "categories",
            {
                shelf: (lambda row, shelf=shelf: shelf in shop.paths.get(row["shelf"], []))
                for shelf in shop.shelves.values()
            },
        ),
        "brands": count(
            "brands",
            {text.fold(name): (lambda row, name=name: row["brand"] == name) for name in BRANDS},
        ),
        "skin_types": count("skin_types", tagged("skin_types")),
        "concerns": count("concerns", tagged("concerns")),
        "free_from": count("free_from", tagged("free_from")),
        "prices": count(
            "prices",
            {
                (low, high): (lambda row, low=low, high=high: low <= row["price"] < high)
                for low, high in pairwise(steps)
            },
        ),
        "ratings": count(
            "ratings",
            {
                level: (lambda row, level=level: (row["rating"] or 0) >= level)
                for level in RATING_LEVELS
            },
        ),
        "in_stock": sum(row["inventory"] > 0 for row in base("in_stock")),
    }
