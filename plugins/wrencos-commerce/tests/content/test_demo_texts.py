"""The demo's products are there in two languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wrencos_commerce.demo.catalogue import demo_rows, fill_catalogue
from wrencos_commerce.demo.translations import fill
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.translations import translated
from wrencos_core.api import DemoContext, Platform


@pytest.mark.parametrize("shop", ["en", "vi"])
def test_products_have_their_texts_in_both_languages(
    make_platform: Callable[..., Platform], shop: str
) -> None:
    platform = make_platform(locale=shop)
    context = DemoContext(platform, 60, lambda label, done, total: None)
    fill_catalogue(context)
    for _ in range(2):
        fill(context)
    told = {row["sku"]: row for row in demo_rows("translations.csv")}
    rows = list(Product.raw().find({"sku": {"$in": list(told)}}))
    assert len(rows) >= 10
    for row in rows:
        translation = told[row["sku"]]
        assert translated(row, translation["locale"])[0] == translation["name"]
        other = {"vi": "en", "en": "vi"}[translation["locale"]]
        original = next(one for one in demo_rows("products.csv") if one["sku"] == row["sku"])
        assert translated(row, other) == (original["name"], original["description"])
        # Its main texts are in the language of the shop.
        assert row["version"] == (2 if translation["locale"] == shop else 1)


def test_every_text_is_of_a_product_and_in_the_other_language() -> None:
    skus = {row["sku"] for row in demo_rows("products.csv")}
    rows = demo_rows("translations.csv")
    assert len({row["sku"] for row in rows}) == len(rows) >= 40
    assert all(row["sku"] in skus and row["locale"] in ("vi", "en") for row in rows)
    assert all(row["name"] and row["description"] for row in rows)
