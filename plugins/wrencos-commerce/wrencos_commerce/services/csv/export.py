"""The catalogue as a file, piece by piece: constant memory whatever its size."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from wrencos_commerce.models.product import ANY, Product, category_facet
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv.cells import harmless
from wrencos_commerce.services.csv.columns import COLUMNS, Column, shown, stored_value
from wrencos_commerce.services.csv.plain_text import as_html
from wrencos_core.api import Platform, money

Row = Mapping[str, Any]

_PIECE = 64 * 1024
_FETCHED = 200
_COST = "costPrice"
# What Shopify reads of it, in its older spelling, which all its versions take.
SHOPIFY = (
    *("Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published"),
    *("Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU"),
    *(
        "Variant Grams",
        "Variant Inventory Tracker",
        "Variant Inventory Qty",
        "Variant Inventory Policy",
    ),
    *("Variant Price", "Variant Barcode", "Image Src", "Image Position", "Image Alt Text"),
    *("Variant Image", "Status", "Cost per item"),
)
_SHOPIFY_COST = "Cost per item"


class ProductExport:
    """Writes every product, withdrawn ones too, each row a variant."""

    def __init__(self, platform: Platform, categories: Categories) -> None:
        self._base_url = platform.settings.base_url
        self._locale = platform.settings.locale
        self._categories = categories

    def pieces(
        self, format: str = "own", category: str | None = None, *, with_cost: bool
    ) -> Iterator[bytes]:
        """The file in UTF-8, in pieces of about 64 KiB; `category` is an id or a slug.

        Raises NotFound for an unknown category, before the first piece.
        """
        facet = category_facet(self._categories.get(category)["_id"]) if category else ANY
        names = [column.name for column in COLUMNS] if format == "own" else list(SHOPIFY)
        hidden = set() if with_cost else {_COST, _SHOPIFY_COST}
        names = [name for name in names if name not in hidden]
        # By its id, so that what is changed meanwhile comes once.
        found = Product.raw().find({"facets": facet}, {"inci": 0}).sort("_id", 1)
        # The driver would fetch 16 MB at a time.
        found = found.batch_size(_FETCHED)
        slugs = {str(row["_id"]): str(row["slug"]) for row in self._categories.all()}
        made = self._own(found, slugs) if format == "own" else self._shopify(found, slugs)
        return written(names, made)

    @staticmethod
    def filename(format: str, moment: datetime) -> str:
        """Of a download: what it is, and of when."""
        return f"products-{format}-{moment:%Y%m%d-%H%M%S}.csv"

    @staticmethod
    def _own(products: Iterable[Row], slugs: Mapping[str, str]) -> Iterator[dict[str, str]]:
        for product in products:
            for n, variant in enumerate(product["variants"]):
                wanted = (c for c in COLUMNS if n == 0 or c.of_variant or c.name == "handle")
                yield {c.name: _own_cell(c, product, variant, slugs) for c in wanted}

    def _shopify(
        self, products: Iterable[Row], slugs: Mapping[str, str]
    ) -> Iterator[dict[str, str]]:
        for product in products:
            variants, media = product["variants"], product.get("media", [])
            if not media and product.get("image_url"):
                media = [{"url": product["image_url"], "alt": {}}]
            named = _option_names(variants)
            for n, (variant, picture) in enumerate(zip_longest(variants, media)):
                row = {"Handle": product.get("slug") or product["_id"]}
                if n == 0:
                    row |= _shopify_product(product, slugs)
                if variant:
                    row |= self._shopify_variant(variant, product, named)
                if picture:
                    row |= {
                        "Image Src": self._address(picture["url"]),
                        "Image Position": str(n + 1),
                        "Image Alt Text": picture.get("alt", {}).get(self._locale, ""),
                    }
                yield {name: harmless(cell) for name, cell in row.items()}

    def _shopify_variant(self, variant: Row, product: Row, named: Sequence[str]) -> dict[str, str]:
        cost = variant.get("cost_price")
        pictures = {picture["id"]: picture["url"] for picture in product.get("media", ())}
        shown_by = [pictures[id] for id in variant.get("media_ids", ()) if id in pictures]
        options: dict[str, str] = {}
        for n, name in enumerate(named, start=1):
            value = variant.get(name.lower()) or "-" if name != "Title" else "Default Title"
            options |= {f"Option{n} Name": name, f"Option{n} Value": value}
        return {
            **options,
            "Variant SKU": variant["sku"],
            "Variant Grams": "" if variant.get("weight") is None else str(variant["weight"]),
            "Variant Inventory Tracker": "shopify",
            "Variant Inventory Qty": str(variant["inventory"]),
            "Variant Inventory Policy": "deny",
            "Variant Price": _major(variant["price"], product["currency"]),
            "Variant Barcode": variant.get("barcode") or "",
            "Variant Image": self._address(shown_by[0]) if shown_by else "",
            _SHOPIFY_COST: "" if cost is None else _major(cost, product["currency"]),
        }

    def _address(self, url: str) -> str:
        return f"{self._base_url}{url}" if url.startswith("/") else url


def _own_cell(column: Column, product: Row, variant: Row, slugs: Mapping[str, str]) -> str:
    value = stored_value(column, product, variant)
    cell = shown(column, value, product["currency"], slugs)
    return harmless(cell) if column.is_text else cell


def _major(amount: int, currency: str) -> str:
    return f"{money.to_major(amount, currency):f}"


def _option_names(variants: Sequence[Row]) -> list[str]:
    named = [
        name for name in ("Shade", "Size") if any(variant.get(name.lower()) for variant in variants)
    ]
    return named or ["Title"]


def _shopify_product(product: Row, slugs: Mapping[str, str]) -> dict[str, str]:
    active = str(product["is_active"]).lower()
    return {
        "Title": product["name"],
        "Body (HTML)": as_html(product.get("description") or ""),
        "Vendor": product.get("brand") or "",
        "Type": slugs.get(product.get("category_id") or "", ""),
        "Tags": ", ".join([*product.get("skin_types", ()), *product.get("concerns", ())]),
        "Published": active,
        "Status": "active" if product["is_active"] else "draft",
    }


def written(names: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[bytes]:
    """The rows as CSV with a header, in pieces of about 64 KiB of UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, names, restval="", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        if buffer.tell() >= _PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
