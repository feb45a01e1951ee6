"""What is exported and imported again changes nothing, whatever the catalogue holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.csv.export import ProductExport
from wrencos_commerce.services.csv.options import ImportOptions
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.tables import table_of_bytes
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM, Platform, text

# What the API lets in: trimmed, no control characters in lines.
_SIGNS = st.sampled_from(list("aàĐ日 ,;\"'=+-@\\|/()[]%.:<&😀1"))
_LINE = st.text(_SIGNS, min_size=1, max_size=12).map(str.strip).filter(text.is_one_line)
_WORDS = _LINE.filter(bool)
_TEXT = st.text(st.one_of(_SIGNS, st.sampled_from("\n\t\r")), max_size=30).map(str.strip)
_VARIANT: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"price": st.integers(0, 10**9).map(lambda n: Decimal(n) / 100)},
    optional={
        "shade": _WORDS,
        "size": _WORDS,
        "inventory": st.integers(0, 10**6),
        "cost_price": st.none() | st.just(Decimal("1.25")),
        "swatch": st.just("#c4626b"),
        "barcode": st.just("4006381333931"),
        "weight": st.integers(0, 10**6),
        "is_active": st.booleans(),
    },
)
_PRODUCT: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "name": _WORDS,
        "variants": st.lists(
            _VARIANT,
            min_size=1,
            max_size=4,
            unique_by=lambda v: (v.get("shade"), v.get("size"), "shade" in v and "size" in v),
        ),
    },
    optional={
        "description": _TEXT,
        "brand": _WORDS.filter(text.words),
        "ingredients": st.lists(_WORDS, max_size=4),
        "skin_types": st.lists(st.sampled_from(["dry", "a;b", "=x"]), unique=True),
        "image_url": st.just("/media/x.svg") | st.just("https://cdn.example/a,b;c.jpg"),
        "period_after_opening": st.integers(1, 120),
        "is_active": st.booleans(),
        "translations": st.dictionaries(
            st.sampled_from(["vi", "en"]),
            st.fixed_dictionaries({"name": _WORDS}),
        ),
    },
)


def _fits(product: dict[str, Any]) -> bool:
    """Whether its variants can be told apart."""
    names = [
        ", ".join(filter(None, (variant.get("shade"), variant.get("size"))))
        for variant in product["variants"]
    ]
    return len(set(names)) == len(names)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(products=st.lists(_PRODUCT.filter(_fits), min_size=1, max_size=3))
def test_a_round_trip_changes_nothing(platform: Platform, products: list[dict[str, Any]]) -> None:
    Product.raw().delete_many({})
    StockMovement.raw().delete_many({})
    for values in products:
        platform.services.require(Products).create(values, SYSTEM)
    before = list(Product.raw().find().sort("_id", 1))
    content = b"".join(platform.services.require(ProductExport).pieces(with_cost=True))
    imports = platform.services.require(ProductCsv)
    table = table_of_bytes(content)
    report = imports.check(table, ImportOptions())
    assert report.errors == []
    assert (report.created, report.updated, report.unchanged) == (0, 0, len(products))
    imports.run(table, ImportOptions(), report, SYSTEM)
    assert list(Product.raw().find().sort("_id", 1)) == before
    # And into an empty shop it brings the same file again.
    Product.raw().delete_many({})
    StockMovement.raw().delete_many({})
    imports.run(table, ImportOptions(), imports.check(table, ImportOptions()), SYSTEM)
    again = b"".join(platform.services.require(ProductExport).pieces(with_cost=True))
    assert sorted(again.splitlines()) == sorted(content.splitlines())
