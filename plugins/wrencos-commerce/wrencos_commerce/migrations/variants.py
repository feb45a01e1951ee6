"""Products of before there were variants get one each, and carts and orders name it."""

from __future__ import annotations

from typing import Any

from pymongo.errors import OperationFailure

from wrencos_core.api import Migration, Mongo

_INDEX_NOT_FOUND = 27


def apply(database: Mongo) -> None:
    """The id of a product's only variant is its own with another prefix, so all agree on it."""
    products = database["commerce_products"]
    try:
        products.drop_index("sku")
    except OperationFailure as error:
        if error.code != _INDEX_NOT_FOUND:
            raise
    products.update_many({"variants": {"$exists": False}}, [{"$set": _product()}])
    for name, field in (("commerce_carts", "items"), ("commerce_orders", "lines")):
        old = {f"{field}.0": {"$exists": True}, f"{field}.variant_id": {"$exists": False}}
        item = {"$mergeObjects": [{"variant_id": _variant_id("$$this.product_id")}, "$$this"]}
        database[name].update_many(
            old, [{"$set": {field: {"$map": {"input": f"${field}", "in": item}}}}]
        )


def _variant_id(product_id: str) -> dict[str, Any]:
    return {"$replaceOne": {"input": product_id, "find": "prod_", "replacement": "var_"}}


def _product() -> dict[str, Any]:
    variant = {
        "id": _variant_id("$_id"),
        "sku": "$sku",
        "price": "$price",
        "cost_price": "$cost_price",
        "inventory": "$inventory",
        "media_ids": [],
        "is_active": True,
    }
    empty = ("media", "inci", "ingredient_keys", "ingredient_groups", "allergens", "free_from")
    return {
        "variants": [variant],
        "price_to": "$price",
        "translations": {"$literal": {}},
        **{name: [] for name in empty},
        **{name: {"$literal": 0} for name in ("rating_count", "rating_sum", "sold")},
    }


GIVE_PRODUCTS_VARIANTS = Migration("commerce", 1, "give_products_variants", apply)
