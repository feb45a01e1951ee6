"""The demo's categories and products, each with a drawn picture."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import count, islice

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.pictures import product_picture
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_core.api import SYSTEM, DemoContext, clock, money, now

# How long ago the demo's shop opened.
OPEN_SINCE = timedelta(days=365)

_FILE_CURRENCY = "VND"
# No rate of exchange: it keeps the demo's prices plausible in a shop of another currency.
_PER_UNIT = Decimal(25_000)


def fill_catalogue(context: DemoContext) -> None:
    """`context.products` products that are for sale since a year; nothing when there are so many.

    Nor when anything was ordered: filling again would reset the stock.
    """
    enough = Product.raw().count_documents({}) >= context.products
    if enough or Order.raw().find_one({}, {"_id": 1}):
        return
    pictures = _drawn(context)
    platform = context.platform

    def rows() -> Iterator[dict[str, str]]:
        for base, row in islice(_endless_rows(), context.products):
            yield {**_priced(row, platform.settings.currency), "imageUrl": pictures[base]}

    with clock.use(clock.ManualClock(now() - OPEN_SINCE)):
        _fill_categories(platform.services.require(Categories))
        platform.services.require(ProductCsv).load(
            rows, SYSTEM, progress=lambda done, total: context.progress("Products", done, total)
        )


@cache
def demo_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a file of demo_data."""
    source = files("wrencos_commerce") / "demo_data" / name
    return tuple(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


def _drawn(context: DemoContext) -> dict[str, str]:
    """Draw the pictures of the wanted products; their addresses by SKU."""
    wanted = demo_rows("products.csv")[: context.products]
    addresses = {}
    for done, row in enumerate(wanted, start=1):
        picture = product_picture(row["name"], row["brand"], row["category"], row["sku"])
        name = f"commerce/products/{row['sku']}.svg"
        addresses[row["sku"]] = context.platform.storage.save(name, picture)
        context.progress("Pictures", done, len(wanted))
    return addresses


def _fill_categories(categories: Categories) -> None:
    for row in demo_rows("categories.csv"):
        if categories.find(row["slug"]) is None:
            parent = categories.get(row["parent"])["_id"] if row["parent"] else None
            values = {name: row[name] for name in ("name", "slug", "description")}
            categories.create({**values, "parent_id": parent}, SYSTEM)


def _endless_rows() -> Iterator[tuple[str, dict[str, str]]]:
    """The products of the file, then the same in further sizes; each with its base's SKU."""
    for size in count(1):
        for row in demo_rows("products.csv"):
            if size == 1:
                yield row["sku"], row
            else:
                larger = {
                    "sku": f"{row['sku']}-{size}",
                    "name": f"{row['name']} (size {size})",
                    "price": str(int(row["price"]) * (8 + size % 8) // 8),
                }
                yield row["sku"], {**row, **larger}


def in_currency(dong: Decimal, currency: str) -> Decimal:
    """An amount of the demo, in major units of another currency: more than nothing."""
    if currency == _FILE_CURRENCY:
        return dong
    smallest = money.to_major(1, currency)
    return max((dong / _PER_UNIT).quantize(smallest), smallest)


def _priced(row: dict[str, str], currency: str) -> dict[str, str]:
    """The row with its amounts in the shop's currency."""
    if currency == _FILE_CURRENCY:
        return row
    amounts = {
        name: str(in_currency(Decimal(row[name]), currency))
        for name in ("price", "costPrice")
        if row[name]
    }
    return {**row, **amounts, "currency": currency}
