"""The demo's promotions: coupons, a sale that is over, and something for nothing today."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from wrencos_commerce.demo.catalogue import OPEN_SINCE, in_currency
from wrencos_commerce.models.category import Category
from wrencos_commerce.models.promotion import Promotion
from wrencos_commerce.services.promotions.coupons import Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_core.api import SYSTEM, DemoContext, clock, now

WELCOME, THANKS = "WELCOME10", "CAMON"


def fill(context: DemoContext) -> None:
    """Nothing in a shop that has any."""
    if Promotion.raw().find_one({}, {"_id": 1}):
        return
    services, currency = context.platform.services, context.platform.settings.currency
    promotions, coupons = services.require(Promotions), services.require(Coupons)
    today = now()
    with clock.use(clock.ManualClock(today - OPEN_SINCE)):
        first = {"percent": "10", "first_order_only": True, "max_uses_per_user": 1}
        welcome = promotions.create({"name": "Welcome (demo)", "kind": "percent", **first}, SYSTEM)
        coupons.add(welcome["_id"], [WELCOME], None, SYSTEM)
        amount = {"amount": in_currency(Decimal(20_000), currency), "max_uses_per_user": 1}
        thanks = promotions.create(
            {
                "name": "Thank you (demo)",
                "kind": "amount",
                **amount,
                "min_total": in_currency(Decimal(200_000), currency),
            },
            SYSTEM,
        )
        coupons.add(thanks["_id"], [THANKS], None, SYSTEM)
        for values in _automatic():
            promotions.create({**values, "is_automatic": True}, SYSTEM)


def _automatic() -> list[dict[str, Any]]:
    """A sale two months ago, and for the last month every third mask for nothing."""
    moment = now() + OPEN_SINCE
    masks = Category.raw().find_one({"slug": "masks"}, {"_id": 1})
    sale = {
        "name": "Autumn sale (demo)",
        "kind": "percent",
        "percent": "15",
        "starts_at": moment - timedelta(days=62),
        "ends_at": moment - timedelta(days=57),
    }
    third = {
        "name": "Every third mask for nothing (demo)",
        "kind": "buy_get",
        "percent": "100",
        "buy_quantity": 2,
        "get_quantity": 1,
        "category_ids": [masks["_id"]] if masks else [],
        "starts_at": moment - timedelta(days=30),
    }
    return [sale, third]
