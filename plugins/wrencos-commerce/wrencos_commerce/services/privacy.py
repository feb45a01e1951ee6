"""A user's data here: what there is, and what is left of it when they are forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Address, Order, is_finished
from wrencos_commerce.services import list_privacy
from wrencos_commerce.services.order_queries import history_for_owner
from wrencos_commerce.services.payments.privacy import forget_payers, stored_payments
from wrencos_commerce.services.promotions.privacy import erase_uses, stored_uses
from wrencos_commerce.services.returns.privacy import erase_returns, stored_returns
from wrencos_commerce.services.review_privacy import erase_reviews, release_photos, stored_reviews
from wrencos_commerce.services.skin_profiles import erase_profile, stored_profile
from wrencos_core.api import Platform, bump, transaction
from wrencos_core.contracts.auth import UserErased
from wrencos_core.contracts.privacy import ErasedData, PersonalData

ERASED = "(erased)"
_KEPT = "Accounts must be kept; a finished order no longer says who or where the buyer is."
_OPEN = "Kept until delivered or cancelled, and erased then: {}."
# The country is no trace of a person, and taxes go by it.
_NOT_SHOWN = {"version", "user_id", "staff_notes"}
_OF_CART = ("items", "coupons", "shipping")
_TRACES = set(Address._fields) - {"street", "city", "country"}


def stored_data(platform: Platform, user_id: str) -> PersonalData:
    """The user's orders, cart and lists."""
    orders = Order.raw().find({"user_id": user_id}).sort([("created_at", -1), ("_id", -1)])
    carts = Cart.raw().find({"user_id": user_id})
    return PersonalData(
        sections={
            "orders": [_shown(row) for row in orders],
            "cart": [{name: row[name] for name in _OF_CART if name in row} for row in carts],
            **stored_payments(user_id),
            **list_privacy.sections(platform, user_id),
            **stored_returns(user_id),
            **stored_reviews(user_id),
            **stored_profile(user_id),
            **stored_uses(user_id),
        }
    )


def erase(platform: Platform, user_id: str) -> ErasedData:
    """Delete the user's cart and lists, and take from orders what tells who and where they are.

    An order on its way keeps its address, or it could not arrive; `Orders` calls `forget_buyers`
    once it is finished.
    """
    carts = Cart.raw().delete_many({"user_id": user_id}).deleted_count
    rows = list(Order.raw().find({"user_id": user_id}, {"status": 1}).sort("_id", 1))
    finished = [row["_id"] for row in rows if is_finished(row["status"])]
    under_way = [row["_id"] for row in rows if not is_finished(row["status"])]
    forget_buyers(finished)
    # Touched, so that a change of status at this moment runs again and finds the user erased.
    Order.raw().update_many({"_id": {"$in": under_way}}, bump({}))
    kept = {"orders": _KEPT} if rows else {}
    if under_way:
        kept["addresses of open orders"] = _OPEN.format(", ".join(under_way))
    erased = {
        "carts": carts,
        "orderAddresses": len(finished),
        **list_privacy.erase(platform, user_id),
    }
    erase_returns(user_id)
    erased |= erase_profile(user_id)
    erased |= erase_reviews(user_id)
    erased |= erase_uses(user_id)
    return ErasedData(erased=erased, kept=kept)


def finish_erasure(platform: Platform, event: UserErased) -> None:
    """Subscriber: erase what was still written while the user was erased, and let photos go.

    A request that began before may end after the erasure. To do this twice changes nothing.
    """
    transaction(lambda: erase(platform, event.user_id))
    release_photos(platform)


def forget_buyers(order_ids: Sequence[str]) -> None:
    """Take from these orders who and where their buyers are."""
    # Notes may name people too, and the history quotes the customer's reason to cancel.
    gone = [
        "note",
        "staff_notes",
        "contact",
        "history.$[].note",
        *(f"shipping_address.{field}" for field in _TRACES),
    ]
    orders = {"_id": {"$in": list(order_ids)}}
    Order.raw().update_many(orders, bump({"$unset": dict.fromkeys(gone, "")}))
    # What was taken along at the counter went nowhere.
    Order.raw().update_many(
        {**orders, "shipping_address": {"$exists": True}},
        bump({"$set": {"shipping_address.street": ERASED, "shipping_address.city": ERASED}}),
    )
    forget_payers(order_ids)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """An order without what is the shop's own business."""
    lines = [{k: v for k, v in line.items() if k != "cost_price"} for line in row["lines"]]
    shown = {key: value for key, value in row.items() if key not in _NOT_SHOWN}
    return {**shown, "lines": lines, "history": history_for_owner(row)}
