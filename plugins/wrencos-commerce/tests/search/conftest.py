"""An indexed shop, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_core.api import Platform

Find = Callable[..., list[str]]


@pytest.fixture
def index(platform: Platform) -> SearchIndex:
    return platform.services.require(SearchIndex)


@pytest.fixture
def search(platform: Platform) -> ProductSearch:
    return platform.services.require(ProductSearch)


@pytest.fixture
def find(search: ProductSearch) -> Find:
    """Returns `find(query, **filter)`: the names of what is found, the best first."""

    def find(typed: str | None = None, *, sort: str = "relevance", **wanted: Any) -> list[str]:
        page = search.search(typed, SearchFilter(**wanted), sort, 0, 100)
        assert page.total == len(page.rows)
        return [row["name"] for row in page.rows]

    return find
