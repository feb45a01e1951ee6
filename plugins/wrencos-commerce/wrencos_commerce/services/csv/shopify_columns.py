"""The columns of Shopify's product CSV, in its older and its newer spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What is read, by both spellings in lower case (they differ in more than case).
FIELDS = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "body": ("body (html)", "description"),
    "vendor": ("vendor",),
    "category": ("product category",),
    "type": ("type",),
    "tags": ("tags",),
    "published": ("published", "published on online store"),
    **{
        f"option{n}_{part}": (f"option{n} {part}",) for n in (1, 2, 3) for part in ("name", "value")
    },
    "sku": ("variant sku", "sku"),
    "inventory": ("variant inventory qty", "inventory quantity"),
    "price": ("variant price", "price"),
    "barcode": ("variant barcode", "barcode"),
    "grams": ("variant grams", "weight value (grams)"),
    "cost": ("cost per item",),
    "image": ("image src", "product image url"),
    "position": ("image position",),
    "alt": ("image alt text",),
    "variant_image": ("variant image", "variant image url"),
    "status": ("status",),
}
_BY_HEADER = {header: field for field, headers in FIELDS.items() for header in headers}
# Known to be Shopify's, and of no use here.
_UNUSED = re.compile(
    r"variant (?:weight unit|inventory tracker|inventory policy|fulfillment service"
    r"|compare at price|requires shipping|taxable|tax code)|gift card|seo (?:title|description)"
    r"|google shopping / .+|collection|(?:included|price|compare at price) / .+"
    r"|(?:compare-at|compare at) price|charge tax|tax code|inventory tracker"
    r"|continue selling when out of stock|weight unit for display"
    r"|requires shipping|fulfillment service|unit price.*|option[123] linked to|template suffix"
    r"|.+ \(product\.metafields\..+\)|.+ \(variant\.metafields\..+\)"
)


def field_of(header: str) -> str | None:
    """The key of FIELDS that a column stands for, or None."""
    return _BY_HEADER.get(header.lower())


def is_unused(header: str) -> bool:
    """Whether Shopify writes this column and the import leaves it out."""
    return _UNUSED.fullmatch(header.lower()) is not None


def is_shopify(names: Iterable[str]) -> bool:
    """Whether a header with these names is Shopify's; the own format has a `name` for a title."""
    present = {name.lower() for name in names}
    return "title" in present and bool(present & {"handle", "url handle"})
