"""A user's lists: addresses, wishlist, stock requests and what they looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.address import AddressBook
from wrencos_commerce.models.recent_view import RecentViews
from wrencos_commerce.models.stock_request import StockRequest
from wrencos_commerce.models.wishlist import Wishlist
from wrencos_core.api import Platform
from wrencos_core.contracts.auth import UserDirectory

_NOT_SHOWN = {"user_id", "version", "open_key", "mailed"}


def sections(platform: Platform, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """All that is stored of the user's lists; an empty list is left out."""
    query, requests = {"user_id": user_id}, _requests_of(platform, user_id)
    found = {
        "addresses": [
            address for row in AddressBook.raw().find(query) for address in row["addresses"]
        ],
        "wishlist": [_shown(row) for row in Wishlist.raw().find(query)],
        "stockRequests": [
            _shown(row) for row in StockRequest.raw().find(requests).sort("created_at", -1)
        ],
        "recentlyViewed": [_shown(row) for row in RecentViews.raw().find(query)],
    }
    return {name: rows for name, rows in found.items() if rows}


def erase(platform: Platform, user_id: str) -> dict[str, int]:
    """Delete them; how many of each there were, without those that there were none of.

    In the hook, before auth forgets the address.
    """
    query, requests = {"user_id": user_id}, _requests_of(platform, user_id)
    books = AddressBook.raw().find(query, {"addresses.id": 1})
    addresses = sum(len(row["addresses"]) for row in books)
    AddressBook.raw().delete_many(query)
    erased = {
        "addresses": addresses,
        "wishlists": Wishlist.raw().delete_many(query).deleted_count,
        "stockRequests": StockRequest.raw().delete_many(requests).deleted_count,
        "recentlyViewed": RecentViews.raw().delete_many(query).deleted_count,
    }
    return {name: count for name, count in erased.items() if count}


def _requests_of(platform: Platform, user_id: str) -> dict[str, Any]:
    """Also what they asked for as a guest, at an address that they have proven to be theirs."""
    user = platform.services.require(UserDirectory).find(user_id)
    if user is None or not user.email_verified:
        return {"user_id": user_id}
    return {"$or": [{"user_id": user_id}, {"email": user.email}]}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _NOT_SHOWN}
