"""A user's data here: what there is, and what is left of it when they are forgotten."""

from __future__ import annotations

from typing import Any

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_core.api import bump
from wrencos_core.contracts.privacy import ErasedData, PersonalData

ERASED = "(erased)"
_KEPT = "Accounts must be kept; the order no longer says who or where the buyer is."


def stored_data(user_id: str) -> PersonalData:
    """The user's orders and cart."""
    orders = Order.raw().find({"user_id": user_id}).sort([("created_at", -1), ("_id", -1)])
    carts = Cart.raw().find({"user_id": user_id})
    return PersonalData(
        sections={
            "orders": [_shown(row) for row in orders],
            "cart": [{"items": row["items"]} for row in carts],
        }
    )


def erase(user_id: str) -> ErasedData:
    """Delete the user's cart, and take from their orders what tells who and where they are."""
    carts = Cart.raw().delete_many({"user_id": user_id}).deleted_count
    orders = 0
    for row in Order.raw().find({"user_id": user_id}, {"shipping_address.country": 1}):
        address = {
            "street": ERASED,
            "city": ERASED,
            "country": row["shipping_address"]["country"],
        }
        # Notes may name people too, and the history quotes the customer's reason to cancel.
        changes = {
            "$set": {"shipping_address": address},
            "$unset": {"note": "", "history.$[].note": ""},
        }
        orders += Order.raw().update_one({"_id": row["_id"]}, bump(changes)).modified_count
    return ErasedData(
        erased={"carts": carts, "orderAddresses": orders},
        kept={"orders": _KEPT} if orders else {},
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """An order without what is the shop's own business."""
    lines = [{k: v for k, v in line.items() if k != "cost_price"} for line in row["lines"]]
    shown = {key: value for key, value in row.items() if key not in ("version", "user_id")}
    return {**shown, "lines": lines}
