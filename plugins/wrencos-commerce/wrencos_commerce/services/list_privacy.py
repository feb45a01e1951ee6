"""A user's lists: wishlist, stock requests and what they looked at, to export and to erase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.recent_view import RecentViews
from wrencos_commerce.models.stock_request import StockRequest
from wrencos_commerce.models.wishlist import Wishlist

_NOT_SHOWN = {"user_id", "version", "open_key"}


def sections(user_id: str) -> dict[str, list[dict[str, Any]]]:
    """All that is stored of the user's lists; an empty list is left out."""
    query = {"user_id": user_id}
    found = {
        "wishlist": [_shown(row) for row in Wishlist.raw().find(query)],
        "stockRequests": [
            _shown(row) for row in StockRequest.raw().find(query).sort("created_at", -1)
        ],
        "recentlyViewed": [_shown(row) for row in RecentViews.raw().find(query)],
    }
    return {name: rows for name, rows in found.items() if rows}


def erase(user_id: str) -> dict[str, int]:
    """Delete them; how many of each there were, without those that there were none of."""
    query = {"user_id": user_id}
    erased = {
        "wishlists": Wishlist.raw().delete_many(query).deleted_count,
        "stockRequests": StockRequest.raw().delete_many(query).deleted_count,
        "recentlyViewed": RecentViews.raw().delete_many(query).deleted_count,
    }
    return {name: count for name, count in erased.items() if count}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _NOT_SHOWN}
