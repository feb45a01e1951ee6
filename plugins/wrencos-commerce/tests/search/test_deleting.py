"""Products whose rows are deleted leave the index; who rebuilds meanwhile is left in peace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.search import SearchEntry, SearchState
from wrencos_commerce.services.search import indexing, rebuilding
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_core.clock import ManualClock

MakeProduct = Callable[..., str]


def _counts(search: ProductSearch) -> tuple[int, int]:
    page = search.search("amber", SearchFilter())
    return page.total, page.counts.in_stock


def test_a_deleted_product_is_counted_no_more(
    make_product: MakeProduct, index: SearchIndex, search: ProductSearch
) -> None:
    first, _ = make_product(name="Amber one"), make_product(name="Amber two")
    index.rebuild()
    Product.raw().delete_one({"_id": first})
    assert index.index([first]) == 1
    assert _counts(search) == (1, 1)
    assert SearchEntry.raw().count_documents({}) == 1
    assert index.index([first]) == 0


def test_a_product_that_is_deleted_during_a_rebuild_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
    make_product: MakeProduct,
    index: SearchIndex,
    search: ProductSearch,
) -> None:
    first, _ = make_product(name="Amber one"), make_product(name="Amber two")
    index.rebuild()
    real = rebuilding._postings

    def deleting(*args: Any) -> Any:
        Product.raw().delete_one({"_id": first})
        index.index([first])
        return real(*args)

    monkeypatch.setattr(rebuilding, "_postings", deleting)
    index.rebuild()
    assert _counts(search) == (1, 1)


def test_catching_up_waits_for_a_rebuild(
    monkeypatch: pytest.MonkeyPatch,
    make_product: MakeProduct,
    index: SearchIndex,
    search: ProductSearch,
    clock: ManualClock,
) -> None:
    index.rebuild()
    make_product(name="Amber one")
    until = SearchState.raw().find_one({})["indexed_until"]
    monkeypatch.setattr(indexing, "_REBUILD_FROM", 1)
    assert index._begin("build_other", clock())
    assert index.catch_up() == 0
    assert SearchState.raw().find_one({})["indexed_until"] == until
    index._end("build_other")
    assert index.catch_up() == 1
    assert _counts(search) == (1, 1)
