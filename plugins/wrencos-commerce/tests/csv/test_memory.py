"""An import and an export hold a batch in memory, not the file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.export import ProductExport
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_core.api import SYSTEM, Platform

_TEXT = "A long text about what it does. " * 60


def _rows(count: int) -> Callable[[], Iterator[dict[str, Any]]]:
    return lambda: (
        {
            "handle": f"p-{n // 2}",
            "sku": f"S-{n}",
            "name": f"Name {n // 2}",
            "price": "1",
            "shade": str(n),
            "description": _TEXT,
        }
        for n in range(count)
    )


def _peak(work: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file(platform: Platform) -> None:
    imports = platform.services.require(ProductCsv)
    # What is loaded once, by the first of all.
    imports.load(_rows(10), SYSTEM)
    small = _peak(lambda: imports.load(_rows(1000), SYSTEM))
    large = _peak(lambda: imports.load(_rows(4000), SYSTEM))
    assert Product.raw().count_documents({}) == 2000
    # The texts alone of 3000 rows more are 6 MB; some bytes of each SKU are kept.
    assert large - small < 2_000_000

    def export() -> int:
        return sum(map(len, platform.services.require(ProductExport).pieces(with_cost=True)))

    assert export() > 3_500_000
    assert _peak(export) < 3_000_000
