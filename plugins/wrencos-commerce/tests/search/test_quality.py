"""How good the answers are for the demo's catalogue, by judgements written beforehand."""

from __future__ import annotations

from wrencos_commerce.demo.catalogue import demo_rows, fill_catalogue
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_core.api import DemoContext, Platform

from .judged import judgements, measure


def test_the_right_products_are_among_the_first_five(
    platform: Platform, index: SearchIndex, search: ProductSearch
) -> None:
    rows = demo_rows("products.csv")
    fill_catalogue(DemoContext(platform, len(rows), lambda *_: None))
    index.rebuild()
    judged = judgements(rows)
    assert len(judged) >= 120

    quality = measure(
        judged, lambda query: [r["sku"] for r in search.search(query, SearchFilter()).rows]
    )
    assert quality.recall >= 0.9, quality.missed
    assert quality.mrr >= 0.9
    assert min(quality.by_class.values()) >= 0.75, quality.by_class
