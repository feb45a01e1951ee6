"""Finding one product by its id, or refusing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.product import Product
from wrencos_core.api import NotFound

Row = Mapping[str, Any]
Fields = Mapping[str, int] | None


def existing(id: str, fields: Fields = None) -> Row:
    """The product with this id (these `fields` of it), withdrawn or not; raises NotFound."""
    return _found({"_id": id}, fields)


def for_sale(id: str, fields: Fields = None) -> Row:
    """As `existing`, but raises NotFound for a withdrawn one too."""
    return _found({"_id": id, "is_active": True}, fields)


def _found(query: Mapping[str, Any], fields: Fields) -> Row:
    row: Row | None = Product.raw().find_one(query, fields)
    if row is None:
        raise NotFound(f"There is no product {query['_id']}.")
    return row
