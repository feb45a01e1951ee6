"""Promotions and coupons as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class RunningPromotionView(View, kw_only=True):
    """An automatic promotion, as everybody may see it."""

    promotion_id: str
    name: str
    description: str
    kind: str
    percent: str | None
    amount: Decimal | None
    buy_quantity: int | None
    get_quantity: int | None
    product_ids: list[str]
    category_ids: list[str]
    min_total: Decimal | None
    max_discount: Decimal | None
    first_order_only: bool
    starts_at: datetime | None
    ends_at: datetime | None
    currency: str


class PromotionView(RunningPromotionView, kw_only=True):
    """A promotion; `uses` counts towards `maxUses`, since that was set."""

    is_automatic: bool
    is_active: bool
    is_exclusive: bool
    priority: int
    max_uses: int | None
    max_uses_per_user: int | None
    uses: int


class RunningPromotionPage(View, kw_only=True):
    promotions: list[RunningPromotionView]
    total_count: int
    page: int
    total_pages: int


class PromotionPage(View, kw_only=True):
    promotions: list[PromotionView]
    total_count: int
    page: int
    total_pages: int


class PromotionDetail(View, kw_only=True):
    """`orders` counts those that it took something off, without those that were called off."""

    promotion: PromotionView
    orders: int


class PromotionChanged(View, kw_only=True):
    message: str
    promotion: PromotionView


class PromotionDeleted(View, kw_only=True):
    message: str


class CouponView(View, kw_only=True):
    """`uses` is counted where there is a `maxUses`."""

    code: str
    max_uses: int | None
    uses: int


class CouponPage(View, kw_only=True):
    coupons: list[CouponView]
    total_count: int
    page: int
    total_pages: int


class CouponsCreated(View, kw_only=True):
    message: str
    codes: list[str]


class CouponRemoved(View, kw_only=True):
    message: str


_OF_ALL = ("name", "description", "kind", "first_order_only", "currency")
_PERHAPS = ("percent", "buy_quantity", "get_quantity", "starts_at", "ends_at")
_AMOUNTS = ("amount", "min_total", "max_discount")
_OF_STAFF = ("is_automatic", "is_active", "is_exclusive", "priority", "uses")


def running_view(row: Row) -> RunningPromotionView:
    return RunningPromotionView(**_shown(row))


def promotion_view(row: Row) -> PromotionView:
    return PromotionView(
        **_shown(row),
        **{name: row[name] for name in _OF_STAFF},
        max_uses=row.get("max_uses"),
        max_uses_per_user=row.get("max_uses_per_user"),
    )


def coupon_view(row: Row) -> CouponView:
    return CouponView(code=row["code"], max_uses=row.get("max_uses"), uses=row["uses"])


def _shown(row: Row) -> dict[str, Any]:
    amounts = {name: row.get(name) for name in _AMOUNTS}
    return {
        "promotion_id": row["_id"],
        "product_ids": list(row["product_ids"]),
        "category_ids": list(row["category_ids"]),
        **{name: row[name] for name in _OF_ALL},
        **{name: row.get(name) for name in _PERHAPS},
        **{
            name: None if amount is None else money.to_major(amount, row["currency"])
            for name, amount in amounts.items()
        },
    }
