"""Changes of a product that are no matter of its variants: texts, pictures, the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ReturnDocument

from wrencos_commerce.models.product import Product
from wrencos_core.api import Platform, bump, now
from wrencos_core.contracts.commerce import ProductsChanged

Row = Mapping[str, Any]


class ProductChanges:
    """Stores fields of a product and tells of it; every call is made in a transaction."""

    def __init__(self, platform: Platform) -> None:
        self._outbox = platform.outbox

    def store(self, id: str, changes: Row) -> Row:
        """Set these fields of the product, which is there; its row after it.

        None takes a field away, and so the product out of the index of the field.
        """
        update: dict[str, dict[str, Any]] = {
            "$set": {name: value for name, value in changes.items() if value is not None}
        }
        if gone := [name for name, value in changes.items() if value is None]:
            update["$unset"] = dict.fromkeys(gone, "")
        row: Row = Product.raw().find_one_and_update(
            {"_id": id}, bump(update), return_document=ReturnDocument.AFTER
        )
        changed = ProductsChanged(
            id=f"{id}:{row['version']}:changed", occurred_at=now(), product_ids=(id,)
        )
        self._outbox.publish(changed)
        return row
