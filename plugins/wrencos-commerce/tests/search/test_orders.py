"""Both ways to a sorted page, walking and sorting, give the same products in the same order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from pyroaring import BitMap

from wrencos_commerce.models.product import SORTS, Product
from wrencos_commerce.models.search import SearchEntry
from wrencos_commerce.services.search import entries, postings
from wrencos_commerce.services.search.entries import ORDERS, Part
from wrencos_commerce.services.search.indexing import SearchIndex

MakeProduct = Callable[..., str]


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("way", ["walk", "walk until it gives up", "sort"])
def test_the_order_is_that_of_the_products(
    monkeypatch: pytest.MonkeyPatch,
    make_product: MakeProduct,
    index: SearchIndex,
    sort: str,
    way: str,
) -> None:
    for number in range(12):
        id = make_product(name=f"{'zyx'[number % 3]} cream", price=Decimal(5 + number % 4))
        rating = None if number % 3 else float(number % 5 + 1)
        Product.raw().update_one({"_id": id}, {"$set": {"rating": rating}})
    index.rebuild()
    state = postings.state()
    assert state is not None
    names = {"name": "z cream"}
    fitting = BitMap(
        row["ordinal"] for row in SearchEntry.raw().find({"name_key": {"$ne": names["name"]}})
    )
    right = Product.raw().find({"name": {"$ne": "z cream"}}).sort(SORTS[sort])
    if way == "sort":
        monkeypatch.setattr(entries, "_FETCH", 0)
    if way == "walk until it gives up":
        monkeypatch.setattr(entries, "_SMALLEST_STEP", 1)
        monkeypatch.setattr(entries, "_PATIENCE", 0)
        monkeypatch.setattr(entries, "_FETCH", 1)
    part = Part(sort=sort, skip=2, limit=5)
    found = entries.ordered(state.generation, fitting, 12, part)
    assert found == [row["_id"] for row in right][2:7]
