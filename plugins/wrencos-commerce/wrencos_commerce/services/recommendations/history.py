"""What a customer bought, wished for and viewed: one query, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.recent_view import RecentViews
from wrencos_commerce.models.wishlist import Wishlist
from wrencos_core.api import now

Row = Mapping[str, Any]

MOST_ORDERS = 50
MOST_WISHES = 50
MOST_VIEWS = 20
MOST_SEEDS = 40
# How much a product tells of the customer's taste; a purchase half as much every half-year.
_BOUGHT, _WISHED, _VIEWED = 1.0, 0.8, 0.4
_HALF_LIFE = timedelta(days=180)
_LEAST = 0.05
# Of a product that does not say how long it keeps: about what a bottle lasts.
_MONTHS_IN_USE = 3
_MONTH = timedelta(days=30.44)


@dataclass(frozen=True)
class Bought:
    """The last time that a product was bought, and its name on that order."""

    at: datetime
    name: str


@dataclass(frozen=True)
class History:
    """`bought` by product id, the newest first; `seeds` are what the taste is taken from."""

    bought: Mapping[str, Bought] = field(default_factory=dict)
    seeds: Mapping[str, float] = field(default_factory=dict)

    def in_use_until(self, product: Row) -> datetime | None:
        """Until when the customer is likely to use what they have of it; None when that is over.

        From the purchase on, for its period after opening.
        """
        bought = self.bought.get(product["_id"])
        if bought is None:
            return None
        months = product.get("period_after_opening") or _MONTHS_IN_USE
        until = bought.at + months * _MONTH
        return until if until > now() else None


def history_of(user_id: str) -> History:
    """The customer's newest orders that were not cancelled, their wishes and their views."""
    orders, wishes, views = [], [], []
    for row in Order.raw().aggregate(_pipeline(user_id)):
        orders += [row] if "lines" in row else []
        wishes += row.get("wishes", ())
        views += row.get("views", ())
    bought: dict[str, Bought] = {}
    for order in orders:
        for line in order["lines"]:
            bought.setdefault(line["product_id"], Bought(order["created_at"], line["name"]))
    return History(bought, _seeds(bought, wishes, views))


def _seeds(bought: Mapping[str, Bought], wishes: list[str], views: list[str]) -> dict[str, float]:
    moment = now()
    weights: dict[str, float] = {}
    for id, last in bought.items():
        age = max(timedelta(0), moment - last.at) / _HALF_LIFE
        weights[id] = max(_LEAST, _BOUGHT * 0.5**age)
    for ids, weight in ((wishes, _WISHED), (views, _VIEWED)):
        for id in ids:
            weights[id] = max(weights.get(id, 0.0), weight)
    strongest = sorted(weights, key=lambda one: (-weights[one], one))[:MOST_SEEDS]
    return {id: weights[id] for id in strongest}


def _pipeline(user_id: str) -> list[dict[str, Any]]:
    mine = {"$match": {"user_id": user_id}}
    wishes = [mine, {"$project": {"_id": 0, "wishes": _last("$items.product_id", -MOST_WISHES)}}]
    views = [mine, {"$project": {"_id": 0, "views": _last("$views.product_id", MOST_VIEWS)}}]
    return [
        {"$match": {"user_id": user_id, "status": {"$ne": OrderStatus.CANCELLED.value}}},
        {"$sort": {"created_at": -1, "_id": -1}},
        {"$limit": MOST_ORDERS},
        {"$project": {"_id": 0, "created_at": 1, "lines.product_id": 1, "lines.name": 1}},
        {"$unionWith": {"coll": Wishlist.raw().name, "pipeline": wishes}},
        {"$unionWith": {"coll": RecentViews.raw().name, "pipeline": views}},
    ]


def _last(array: str, count: int) -> dict[str, Any]:
    return {"$slice": [{"$ifNull": [array, []]}, count]}
