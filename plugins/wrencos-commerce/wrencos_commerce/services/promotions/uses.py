"""Counting what was used, in the transaction of an order, and giving it back.

Only what has a limit is counted; what else was used is told by the orders themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import CouponRefused
from wrencos_commerce.models.promotion import (
    Coupon,
    Promotion,
    PromotionUse,
    PromotionUser,
    UseLimit,
)
from wrencos_commerce.services.priced import CountedPromotion, PricedCart
from wrencos_commerce.services.promotions.choosing import Refusal
from wrencos_core.api import bump, new_id, new_row, now, transactional

Row = Mapping[str, Any]


@transactional
def count_uses(priced: PricedCart, user_id: str | None, order_id: str) -> None:
    """Count the promotions of a cart as used by this order, in the transaction that priced it.

    Of two orders that take the last use, whoever's it is, one meets the other's write, runs again
    and is priced without it. Raises CouponRefused when there is none left all the same.
    """
    rows = []
    limited = [used for used in priced.promotions if used.limits]
    for used in sorted(limited, key=lambda used: used.promotion_id):
        _count(used, user_id)
        optional = {"user_id": user_id, "code": used.code}
        rows.append(
            new_row(
                new_id(PromotionUse.id_prefix),
                promotion_id=used.promotion_id,
                order_id=order_id,
                limits=[limit.value for limit in used.limits],
                **{name: value for name, value in optional.items() if value is not None},
            )
        )
    if rows:
        PromotionUse.raw().insert_many(rows)


def _count(used: CountedPromotion, user_id: str | None) -> None:
    if UseLimit.OF_COUPON in used.limits:
        _take_use(Coupon, {"code": used.code}, used)
    if UseLimit.IN_ALL in used.limits:
        _take_use(Promotion, {"_id": used.promotion_id}, used)
    if UseLimit.PER_USER in used.limits and user_id is not None:
        key = {"promotion_id": used.promotion_id, "user_id": user_id}
        new = new_row(new_id(PromotionUser.id_prefix))
        more = {"$inc": {"uses": 1}, "$setOnInsert": new}
        PromotionUser.raw().update_one(key, more, upsert=True)


def _take_use(model: Any, key: Row, used: CountedPromotion) -> None:
    is_left = [{"max_uses": None}, {"$expr": {"$lt": ["$uses", "$max_uses"]}}]
    left = {**key, "$or": is_left}
    if not model.raw().update_one(left, {"$inc": {"uses": 1}}).matched_count:
        coupons = [{"code": used.code, "reason": Refusal.USED_UP.value}]
        raise CouponRefused("A promotion does not count any more.", coupons=coupons)


@transactional
def give_back(order: Row) -> None:
    """Let the promotions of an order be used again, once, however often it is called."""
    if not order.get("promotions"):
        return
    for used in PromotionUse.raw().find({"order_id": order["_id"], "given_back_at": None}):
        taken = PromotionUse.raw().update_one(
            {"_id": used["_id"], "given_back_at": None}, bump({"$set": {"given_back_at": now()}})
        )
        if taken.modified_count:
            _give_back(used)


def _give_back(used: Row) -> None:
    one_less = {"$inc": {"uses": -1}}
    limits = used["limits"]
    if UseLimit.OF_COUPON in limits:
        Coupon.raw().update_one({"code": used["code"], "uses": {"$gt": 0}}, one_less)
    if UseLimit.IN_ALL in limits:
        Promotion.raw().update_one({"_id": used["promotion_id"], "uses": {"$gt": 0}}, one_less)
    if UseLimit.PER_USER in limits and used.get("user_id"):
        key = {"promotion_id": used["promotion_id"], "user_id": used["user_id"]}
        PromotionUser.raw().update_one({**key, "uses": {"$gt": 0}}, one_less)
