"""What may be taken off a cart: the promotions to consider, read in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wrencos_commerce.models.category import Category
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.promotion import Coupon, Promotion, PromotionUser
from wrencos_core.api import Document, now

Row = Mapping[str, Any]
Pipeline = list[dict[str, Any]]

# Of automatic ones at a time; coupons come on top.
MAX_AUTOMATIC = 100


@dataclass(frozen=True)
class Offer:
    """A promotion to consider, by the coupon that was typed for it, or automatic."""

    promotion: Row
    coupon: Row | None = None

    @property
    def code(self) -> str | None:
        return str(self.coupon["code"]) if self.coupon else None


@dataclass
class Offers:
    """The promotions to consider, and what they ask of the customer and the goods.

    `paths` has the categories from each of the cart's up to the root; `used` how often the
    customer has used what is limited for each.
    """

    moment: datetime
    user_id: str | None
    automatic: list[Offer] = field(default_factory=list)
    by_code: dict[str, Offer] = field(default_factory=dict)
    paths: dict[str, set[str]] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    has_ordered: bool = False


def read_offers(codes: Sequence[str], category_ids: Sequence[str], user_id: str | None) -> Offers:
    """What there is for these codes, and what is automatic; in one round trip."""
    offers = Offers(now(), user_id)
    pipeline = _automatic(offers.moment)
    if codes:
        pipeline.append(_joined(Coupon, "coupons", _by_code(codes)))
    if category_ids:
        pipeline.append(_joined(Category, "categories", _paths(category_ids)))
    if user_id is not None:
        pipeline.append(_joined(PromotionUser, "used", [{"$match": {"user_id": user_id}}]))
        pipeline.append(_joined(Order, "orders", _orders(user_id)))
    (read,) = Promotion.raw().aggregate(pipeline)
    offers.automatic = [Offer(row) for row in read["automatic"]]
    offers.by_code = {
        row["code"]: Offer(row["promotion"], row)
        for row in read.get("coupons", ())
        if row.get("promotion")
    }
    offers.paths = {
        row["_id"]: {row["_id"], *row["ancestors"]} for row in read.get("categories", ())
    }
    offers.used = {row["promotion_id"]: row["uses"] for row in read.get("used", ())}
    offers.has_ordered = bool(read.get("orders"))
    return offers


def _joined(model: type[Document], name: str, pipeline: Pipeline) -> dict[str, Any]:
    """A stage that adds rows of another collection; $unionWith is refused in transactions."""
    return {"$lookup": {"from": model._get_collection_name(), "pipeline": pipeline, "as": name}}


def _automatic(moment: datetime) -> Pipeline:
    running = {
        "is_automatic": True,
        "is_active": True,
        "ends_at": {"$not": {"$lte": moment}},
        # Those to come must not fill the places of those that count.
        "starts_at": {"$not": {"$gt": moment}},
    }
    return [
        {"$match": running},
        {"$limit": MAX_AUTOMATIC},
        # One document, also when there is nothing: what the others are joined to.
        {"$facet": {"automatic": [{"$match": {}}]}},
    ]


def _by_code(codes: Sequence[str]) -> Pipeline:
    lookup = {
        "from": Promotion._get_collection_name(),
        "localField": "promotion_id",
        "foreignField": "_id",
        "as": "promotion",
    }
    return [
        {"$match": {"code": {"$in": list(codes)}}},
        {"$lookup": lookup},
        {"$addFields": {"promotion": {"$first": "$promotion"}}},
    ]


def _paths(category_ids: Sequence[str]) -> Pipeline:
    return [{"$match": {"_id": {"$in": list(category_ids)}}}, {"$project": {"ancestors": 1}}]


def _orders(user_id: str) -> Pipeline:
    return [
        {"$match": {"user_id": user_id, "status": {"$ne": OrderStatus.CANCELLED.value}}},
        {"$limit": 1},
        {"$project": {"_id": 1}},
    ]
