"""Brands that were only a name on products become rows of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wrencos_commerce.models.product import brand_slug
from wrencos_core.api import Migration, Mongo, new_id, text


def apply(database: Mongo) -> None:
    """Names that differ in case and accents become one brand, called as most products call it."""
    products, brands = database["commerce_products"], database["commerce_brands"]
    nameless = {"brand": {"$nin": [None, ""]}, "brand_id": None}
    names = products.aggregate(
        [
            {"$match": nameless},
            {"$group": {"_id": "$brand", "count": {"$sum": 1}}},
            {"$sort": {"count": -1, "_id": 1}},
        ]
    )
    for name in [row["_id"] for row in names]:
        slug = brand_slug(name)
        brands.update_one({"slug": slug}, {"$setOnInsert": _brand(name, slug)}, upsert=True)
        brand = brands.find_one({"slug": slug})
        assert brand is not None
        named = {"brand": brand["name"], "brand_id": brand["_id"]}
        products.update_many({**nameless, "brand": name}, {"$set": named})


def _brand(name: str, slug: str) -> dict[str, Any]:
    moment = datetime.now(UTC)
    return {
        "_id": new_id("brand"),
        "name": name,
        "name_key": text.fold(name),
        "slugs": [slug],
        "description": "",
        "translations": {},
        "thumbnails": {},
        "created_at": moment,
        "updated_at": moment,
        "version": 0,
    }


GIVE_BRANDS_ROWS = Migration("commerce", 2, "give_brands_rows", apply)
