"""Products, their variants, and the derived fields that lists are answered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine import (
    BooleanField,
    DictField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField, text

# The index of each order begins with these: one scan, already sorted, for every filter.
_FILTERED = ["is_active", "facets"]
# A facet that every product has, so that the list without a filter uses the same indexes.
ANY = "*"

# What a list may be sorted by; the id makes the order of equals, and so the pages, stable.
SORTS: Mapping[str, list[tuple[str, int]]] = {
    "newest": [("created_at", -1), ("_id", -1)],
    "popular": [("sold", -1), ("_id", -1)],
    "price": [("price", 1), ("_id", 1)],
    "-price": [("price", -1), ("_id", -1)],
    "name": [("name_key", 1), ("_id", 1)],
    "rating": [("rating", -1), ("_id", -1)],
}
# What a list shows of a product.
LISTED = dict.fromkeys(
    (
        *("slug", "sku", "name", "description", "translations", "brand", "category_id"),
        *("price", "price_to", "cost_price", "currency", "inventory", "image_url", "rating"),
        *("rating_count", "skin_types", "concerns", "is_active", "created_at", "updated_at"),
    ),
    1,
)
MAX_VARIANTS = 100
MAX_MEDIA = 30


class Variant(EmbeddedDocument):  # type: ignore[misc]
    """What is sold and counted: a shade, a size, or the only form of a product.

    `swatch` is a colour (`#c4626b`), `barcode` a GTIN, `weight` grams. Prices are minor units.
    `inventory` is what can be sold; with batches, what of them has not expired. `held` is kept for
    orders that wait for their payment; both together are on hand.
    """

    id = StringField(required=True)
    sku = StringField(required=True)
    shade = StringField()
    swatch = StringField()
    size = StringField()
    price = IntField(required=True, min_value=0)
    cost_price = IntField(min_value=0)
    inventory = IntField(required=True, min_value=0, default=0)
    held = IntField(min_value=0)
    barcode = StringField()
    weight = IntField(min_value=0)
    media_ids = ListField(StringField())
    is_active = BooleanField(required=True, default=True)
    # Whether there ever was a batch of it: without, nobody needs to look.
    is_batched = BooleanField()


class Media(EmbeddedDocument):  # type: ignore[misc]
    """A picture of the gallery: the stored image `id`, where it is, and its text by language."""

    id = StringField(required=True)
    url = StringField(required=True)
    width = IntField()
    height = IntField()
    thumbnails = DictField(StringField())
    alt = DictField(StringField())


class ListedIngredient(EmbeddedDocument):  # type: ignore[misc]
    """An ingredient as the list of the product has it; `key` is the dictionary's name for it."""

    name = StringField(required=True)
    key = StringField(required=True)
    percent = StringField()
    may_contain = BooleanField()
    nano = BooleanField()


class Product(Document):
    """Something for sale, in one variant or more. A withdrawn or unpublished one is not active."""

    meta = {
        "collection": "commerce_products",
        "indexes": [
            {"fields": ["variants.sku"], "unique": True, "sparse": True, "name": "variant_sku"},
            {"fields": ["variants.id"], "name": "by_variant"},
            {"fields": ["slug"], "unique": True, "sparse": True, "name": "slug"},
            {"fields": ["category_id"], "name": "by_category"},
            {"fields": ["brand_id"], "name": "by_brand", "sparse": True},
            {"fields": ["is_active", "inventory"], "name": "by_stock"},
            {"fields": ["is_active", "variants.inventory", "_id"], "name": "lowest_stock"},
            {"fields": ["updated_at"], "name": "by_change"},
            {"fields": ["media.id"], "name": "by_media", "sparse": True},
            {"fields": ["publish_at"], "name": "to_publish", "sparse": True},
            {"fields": ["unpublish_at"], "name": "to_unpublish", "sparse": True},
            {"fields": [*_FILTERED, "-created_at", "-_id"], "name": "newest"},
            {"fields": [*_FILTERED, "-sold", "-_id"], "name": "by_popularity"},
            {"fields": [*_FILTERED, "price", "_id"], "name": "by_price"},
            {"fields": [*_FILTERED, "name_key", "_id"], "name": "by_name"},
            {"fields": [*_FILTERED, "-rating", "-_id"], "name": "by_rating"},
        ],
    }
    id_prefix = "prod"

    slug = StringField()
    name = StringField(required=True)
    description = StringField(required=True, default="")
    # Of the texts above in other languages: {"en": {"name": …, "description": …}}.
    translations = DictField()
    brand = StringField()
    brand_id = StringField()
    category_id = StringField()
    currency = StringField(required=True)
    variants = EmbeddedDocumentListField(Variant, required=True)
    media = EmbeddedDocumentListField(Media)
    image_url = StringField()
    # As the shop typed it, and as the dictionary reads it.
    ingredients = ListField(StringField())
    inci = EmbeddedDocumentListField(ListedIngredient)
    ingredient_keys = ListField(StringField())
    ingredient_groups = ListField(StringField())
    allergens = ListField(StringField())
    free_from = ListField(StringField())
    # Months after opening that it keeps.
    period_after_opening = IntField(min_value=1)
    skin_types = ListField(StringField())
    concerns = ListField(StringField())
    # In step with the published reviews: `rating` is their mean, None without any.
    rating = FloatField()
    rating_count = IntField(required=True, default=0)
    rating_sum = IntField(required=True, default=0)
    # Pieces sold, counted by the nightly job.
    sold = IntField(required=True, default=0)
    is_active = BooleanField(required=True, default=True)
    publish_at = UTCDateTimeField()
    unpublish_at = UTCDateTimeField()
    # Derived from the variants by `summary`: the first one's SKU and cost, the lowest and the
    # highest price, the stock of all.
    sku = StringField(required=True)
    price = IntField(required=True, min_value=0)
    price_to = IntField(required=True, min_value=0)
    cost_price = IntField(min_value=0)
    inventory = IntField(required=True, min_value=0, default=0)
    # Derived from the fields above by `derived`.
    facets = ListField(StringField())
    name_key = StringField(required=True)


def summary(variants: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a product shows of its variants, of those for sale when there are any."""
    shown = [variant for variant in variants if variant.get("is_active", True)] or list(variants)
    prices = [variant["price"] for variant in shown]
    return {
        "sku": shown[0]["sku"],
        "price": min(prices),
        "price_to": max(prices),
        "cost_price": shown[0].get("cost_price"),
        "inventory": sum(v["inventory"] for v in variants if v.get("is_active", True)),
    }


def derived(row: Mapping[str, Any], category_path: Sequence[str]) -> dict[str, Any]:
    """The derived fields of a product; `category_path` has the ids and slugs of its categories."""
    brand = row.get("brand")
    return {
        **summary(row["variants"]),
        "facets": [
            ANY,
            *(category_facet(name) for name in category_path),
            *((brand_facet(brand_slug(brand)),) if brand else ()),
            *(skin_type_facet(skin_type) for skin_type in row.get("skin_types", ())),
            *(concern_facet(concern) for concern in row.get("concerns", ())),
            *(free_from_facet(claim) for claim in row.get("free_from", ())),
        ],
        "name_key": text.fold(row["name"]),
    }


def category_facet(id_or_slug: str) -> str:
    return f"category:{id_or_slug}"


def brand_facet(slug: str) -> str:
    return f"brand:{slug}"


def brand_slug(name: str) -> str:
    """The slug of the brand with this name; brands that differ in case or accents are one."""
    return "-".join(text.words(name)) or "brand"


def fold_tag(tag: str) -> str:
    """A skin type or concern as it is stored: `Large pores` as `large-pores`."""
    return "-".join(text.fold(tag).split())


def skin_type_facet(name: str) -> str:
    return f"skin:{name}"


def concern_facet(name: str) -> str:
    return f"concern:{name}"


def free_from_facet(claim: str) -> str:
    return f"free:{claim}"
