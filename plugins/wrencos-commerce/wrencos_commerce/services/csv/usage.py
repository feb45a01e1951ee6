"""Which products somebody has done something with since they came in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from wrencos_commerce.models.batch import Batch
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.review import Review
from wrencos_commerce.models.stock_request import StockRequest
from wrencos_commerce.models.wishlist import Wishlist

Row = Mapping[str, Any]


def used_since(product_ids: Sequence[str], since: datetime) -> set[str]:
    """The ids of those products, and of their variants, that were ordered since a moment, or that
    are in a cart, on a wishlist, waited for, in a batch or reviewed."""
    ids = {"$in": list(product_ids)}
    found: set[str] = set()
    ordered = {"created_at": {"$gte": since}, "lines.product_id": ids}
    for model, query, field in (
        (Order, ordered, "lines"),
        (Cart, {"items.product_id": ids}, "items"),
        (Wishlist, {"items.product_id": ids}, "items"),
    ):
        fields = {f"{field}.product_id": 1, f"{field}.variant_id": 1}
        for row in model.raw().find(query, fields):
            found |= set(_named(row[field]))
    for model in (Review, Batch, StockRequest):
        fields = {"product_id": 1, "variant_id": 1}
        found |= set(_named(model.raw().find({"product_id": ids}, fields)))
    return found


def _named(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield row["product_id"]
        if row.get("variant_id"):
            yield row["variant_id"]
