"""Products, and the derived fields that lists and the search are answered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine import BooleanField, FloatField, IntField, ListField, StringField

from wrencos_core.api import Document, text

# The index of each order begins with these: one scan, already sorted, for every filter.
_LISTED = ["is_active", "facets"]
# A facet that every product has, so that the list without a filter uses the same indexes.
ANY = "*"

# What a list may be sorted by; the id makes the order of equals, and so the pages, stable.
SORTS: Mapping[str, list[tuple[str, int]]] = {
    "newest": [("created_at", -1), ("_id", -1)],
    "price": [("price", 1), ("_id", 1)],
    "-price": [("price", -1), ("_id", -1)],
    "name": [("name_key", 1), ("_id", 1)],
    "rating": [("rating", -1), ("_id", -1)],
}


class Product(Document):
    """Something for sale. Prices are minor units of `currency`; a withdrawn one is not active."""

    meta = {
        "collection": "commerce_products",
        "indexes": [
            {"fields": ["sku"], "unique": True, "name": "sku"},
            {"fields": ["category_id"], "name": "by_category"},
            {"fields": ["is_active", "terms"], "name": "search"},
            {"fields": ["is_active", "inventory"], "name": "by_stock"},
            {"fields": [*_LISTED, "-created_at", "-_id"], "name": "newest"},
            {"fields": [*_LISTED, "price", "_id"], "name": "by_price"},
            {"fields": [*_LISTED, "name_key", "_id"], "name": "by_name"},
            {"fields": [*_LISTED, "-rating", "-_id"], "name": "by_rating"},
        ],
    }
    id_prefix = "prod"

    sku = StringField(required=True)
    name = StringField(required=True)
    description = StringField(required=True, default="")
    brand = StringField()
    category_id = StringField()
    price = IntField(required=True, min_value=0)
    cost_price = IntField(min_value=0)
    currency = StringField(required=True)
    inventory = IntField(required=True, min_value=0, default=0)
    ingredients = ListField(StringField())
    skin_types = ListField(StringField())
    concerns = ListField(StringField())
    image_url = StringField()
    rating = FloatField()
    is_active = BooleanField(required=True, default=True)
    # Derived from the fields above by `derived`.
    facets = ListField(StringField())
    terms = ListField(StringField())
    name_key = StringField(required=True)


def derived(row: Mapping[str, Any], category_path: Sequence[str]) -> dict[str, Any]:
    """The derived fields of a product; `category_path` has the ids and slugs of its categories."""
    return {
        "facets": [
            ANY,
            *(category_facet(name) for name in category_path),
            *(skin_type_facet(skin_type) for skin_type in row.get("skin_types", ())),
            *(concern_facet(concern) for concern in row.get("concerns", ())),
        ],
        "terms": text.terms(
            [
                row["name"],
                row["sku"],
                row.get("brand") or "",
                row.get("description") or "",
                *row.get("ingredients", ()),
                *row.get("concerns", ()),
            ]
        ),
        "name_key": text.fold(row["name"]),
    }


def category_facet(id_or_slug: str) -> str:
    return f"category:{id_or_slug}"


def skin_type_facet(name: str) -> str:
    return f"skin:{name}"


def concern_facet(name: str) -> str:
    return f"concern:{name}"
