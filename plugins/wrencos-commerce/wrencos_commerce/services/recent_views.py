"""Which products a user looked at last: one small document for each user."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pymongo.errors import DuplicateKeyError

from wrencos_commerce.models.recent_view import MAX_VIEWS, RecentViews
from wrencos_commerce.services.product_lookup import for_sale
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_core.api import new_id, now

Row = Mapping[str, Any]


class Viewed(NamedTuple):
    """A product for sale, and when the user looked at it last."""

    product: Row
    at: datetime


class RecentlyViewed:
    """Reads and writes what users looked at."""

    def __init__(self, products: ProductQueries) -> None:
        self._products = products

    def note(self, user_id: str, product_id: str) -> None:
        """The user looks at the product now. Raises NotFound for one that is not for sale."""
        for_sale(product_id, {"_id": 1})
        try:
            self._put_first(user_id, product_id)
        except DuplicateKeyError:
            # Of two first views at once, one made the document meanwhile.
            self._put_first(user_id, product_id)

    @staticmethod
    def _put_first(user_id: str, product_id: str) -> None:
        """One write, in which the server drops the older view of the product and the 51st."""
        moment = now()
        others = {
            "$filter": {
                "input": {"$ifNull": ["$views", []]},
                "cond": {"$ne": ["$$this.product_id", {"$literal": product_id}]},
            }
        }
        first = [{"product_id": {"$literal": product_id}, "viewed_at": moment}]
        changes = {
            "_id": {"$ifNull": ["$_id", new_id(RecentViews.id_prefix)]},
            "views": {"$slice": [{"$concatArrays": [first, others]}, MAX_VIEWS]},
            "created_at": {"$ifNull": ["$created_at", moment]},
            "updated_at": moment,
            "version": {"$add": [{"$ifNull": ["$version", -1]}, 1]},
        }
        RecentViews.raw().update_one({"user_id": user_id}, [{"$set": changes}], upsert=True)

    def page(self, user_id: str, skip: int, limit: int) -> tuple[list[Viewed], int]:
        """The newest first, without what was withdrawn, and how many there are in all."""
        found = RecentViews.raw().find_one({"user_id": user_id}, {"views": 1})
        views = found["views"] if found else []
        rows = self._products.by_ids([view["product_id"] for view in views])
        shown = [
            Viewed(rows[view["product_id"]], view["viewed_at"])
            for view in views
            if view["product_id"] in rows and rows[view["product_id"]]["is_active"]
        ]
        return shown[skip : skip + limit], len(shown)

    @staticmethod
    def clear(user_id: str) -> None:
        """Forget what the user looked at."""
        RecentViews.raw().delete_one({"user_id": user_id})
