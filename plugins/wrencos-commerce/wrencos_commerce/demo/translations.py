"""The demo's texts in two languages: in the shop's own, and translated."""

from __future__ import annotations

from wrencos_commerce.demo.catalogue import demo_rows
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.translations import LOCALES, Translations
from wrencos_core.api import SYSTEM, DemoContext

_TEXTS = ("name", "description")


def fill(context: DemoContext) -> None:
    """Give products of the file their texts in both languages; what has a translation stays.

    products.csv has each product in the one language, translations.csv in the other. Which of them
    are its main texts depends on the language of the shop.
    """
    services = context.platform.services
    translations, products = services.require(Translations), services.require(Products)
    shop = translations.shop_locale
    (other,) = (locale for locale in LOCALES if locale != shop)
    written = {row["sku"]: row for row in demo_rows("products.csv")}
    told = {row["sku"]: row for row in demo_rows("translations.csv")}
    stored = Product.raw().find({"variants.sku": {"$in": sorted(told)}})
    rows = [row for row in stored if other not in (row.get("translations") or {})]
    for done, row in enumerate(rows, start=1):
        translation, original = told[row["sku"]], written[row["sku"]]
        texts = {shop: original, other: translation}
        if translation["locale"] == shop:
            texts = {shop: translation, other: original}
            main = {name: texts[shop][name] for name in _TEXTS}
            products.update(row["_id"], main, SYSTEM)
        translated = {name: texts[other][name] for name in _TEXTS}
        translations.put("product", row["_id"], other, translated, SYSTEM)
        context.progress("Translations", done, len(rows))
