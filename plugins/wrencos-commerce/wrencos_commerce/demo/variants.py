"""The demo's shades and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from wrencos_commerce.demo.catalogue import OPEN_SINCE, demo_rows
from wrencos_commerce.models.category import Category
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM, DemoContext, clock, money, now, transactional

Row = Mapping[str, str]


def fill_variants(context: DemoContext) -> None:
    """Shades and sizes for the products of some categories; nothing for those that have some."""
    forms: dict[str, list[Row]] = {}
    for row in demo_rows("variants.csv"):
        forms.setdefault(row["category"], []).append(row)
    slugs = {row["_id"]: row["slug"] for row in Category.raw().find({"slug": {"$in": [*forms]}})}
    query = {"category_id": {"$in": [*slugs]}, "variants.1": {"$exists": False}}
    wanted = list(Product.raw().find(query, {"category_id": 1}).sort("sku", 1))
    products = context.platform.services.require(Products)
    with clock.use(clock.ManualClock(now() - OPEN_SINCE + timedelta(minutes=1))):
        for done, row in enumerate(wanted, start=1):
            _divide(products, row["_id"], forms[slugs[row["category_id"]]])
            context.progress("Shades and sizes", done, len(wanted))


@transactional
def _divide(products: Products, product_id: str, forms: list[Row]) -> None:
    """Make the product's only variant the first of `forms`, and add the others."""
    product = Product.raw().find_one({"_id": product_id})
    (only,) = product["variants"]
    each = only["inventory"] // len(forms)
    for number, form in enumerate(forms):
        values = {
            "shade": form["shade"] or None,
            "swatch": form["swatch"] or None,
            "size": form["size"] or None,
            "inventory": only["inventory"] - each * (len(forms) - 1) if number == 0 else each,
        }
        if number == 0:
            products.update_variant(product_id, only["id"], values, SYSTEM)
            continue
        price = only["price"] * int(form["pricePercent"]) // 100
        values |= {
            "sku": f"{only['sku']}-{number + 1}",
            "price": money.to_major(price, product["currency"]),
        }
        if only.get("cost_price") is not None:
            values["cost_price"] = money.to_major(only["cost_price"], product["currency"])
        products.add_variant(product_id, values, SYSTEM)
