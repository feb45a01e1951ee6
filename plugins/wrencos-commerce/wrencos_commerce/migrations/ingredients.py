"""Reads the ingredients of products that were stored before there was a dictionary."""

from __future__ import annotations

from pymongo import UpdateOne

from wrencos_commerce.models.product import Product, free_from_facet
from wrencos_commerce.services.ingredient_fields import ingredient_fields
from wrencos_core.api import Migration, Mongo

_BATCH = 500


def apply(database: Mongo) -> None:
    """In no transaction: what one product gets depends on its own list alone."""
    products = database[Product._get_collection_name()]
    query = {"ingredients.0": {"$exists": True}, "inci": []}
    updates = []
    for row in products.find(query, {"ingredients": 1}):
        fields = ingredient_fields(row["ingredients"])
        claims = [free_from_facet(claim) for claim in fields["free_from"]]
        update = {"$set": fields, "$addToSet": {"facets": {"$each": claims}}}
        updates.append(UpdateOne({"_id": row["_id"]}, update))
        if len(updates) == _BATCH:
            products.bulk_write(updates, ordered=False)
            updates = []
    if updates:
        products.bulk_write(updates, ordered=False)


READ_INGREDIENTS = Migration("commerce", 3, "read_ingredients", apply)
