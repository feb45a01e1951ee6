"""/api/promotions"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.permissions import READ_PROMOTIONS, WRITE_PROMOTIONS
from wrencos_commerce.schemas import promotions as schemas
from wrencos_commerce.services.promotions.coupons import Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.views.promotions import (
    CouponPage,
    CouponRemoved,
    CouponsCreated,
    PromotionChanged,
    PromotionDeleted,
    PromotionDetail,
    PromotionPage,
    RunningPromotionPage,
    coupon_view,
    promotion_view,
    running_view,
)
from wrencos_core.web import PUBLIC, Blueprint, PageQuery, Paging, current_identity, service

blp = Blueprint(
    "promotions", __name__, url_prefix="/promotions", description="Discounts and their coupons."
)


@blp.get("", access=READ_PROMOTIONS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, PromotionPage)
def list_promotions(args: dict[str, Any]) -> PromotionPage:
    """List promotions, the newest first."""
    paging = Paging.of(args)
    rows, total = service(Promotions).page(paging.skip, paging.limit)
    return PromotionPage(
        promotions=[promotion_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/running", access=PUBLIC)
@blp.arguments(PageQuery, location="query")
@blp.response(200, RunningPromotionPage)
def list_running_promotions(args: dict[str, Any]) -> RunningPromotionPage:
    """List the automatic promotions that count now; coupons are told to nobody."""
    paging = Paging.of(args)
    rows, total = service(Promotions).running(paging.skip, paging.limit)
    return RunningPromotionPage(
        promotions=[running_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("", access=WRITE_PROMOTIONS, idempotent=True)
@blp.arguments(schemas.PromotionCreate)
@blp.response(201, PromotionChanged)
def create_promotion(body: dict[str, Any]) -> PromotionChanged:
    """Create a promotion: automatic, or for those who type one of its coupons.

    Those that are not exclusive add up: in the order of their priority (lower first), each on what
    the one before left. An exclusive one stands alone, and the customer gets whichever is worth
    more.
    """
    row = service(Promotions).create(body, current_identity())
    return PromotionChanged(message="Promotion created", promotion=promotion_view(row))


@blp.get("/<promotion_id>", access=READ_PROMOTIONS)
@blp.response(200, PromotionDetail)
def get_promotion(promotion_id: str) -> PromotionDetail:
    """Get a promotion, with how many orders it took something off."""
    promotions = service(Promotions)
    view = promotion_view(promotions.get(promotion_id))
    return PromotionDetail(promotion=view, orders=promotions.used_by(promotion_id))


@blp.put("/<promotion_id>", access=WRITE_PROMOTIONS)
@blp.arguments(schemas.PromotionChange)
@blp.response(200, PromotionChanged)
def update_promotion(body: dict[str, Any], promotion_id: str) -> PromotionChanged:
    """Change the given fields of a promotion; `isActive` false ends it.

    A limit counts what is used while there is one.
    """
    row = service(Promotions).update(promotion_id, body, current_identity())
    return PromotionChanged(message="Promotion updated", promotion=promotion_view(row))


@blp.delete("/<promotion_id>", access=WRITE_PROMOTIONS)
@blp.response(200, PromotionDeleted)
def delete_promotion(promotion_id: str) -> PromotionDeleted:
    """Delete a promotion and its coupons; 409 `promotion-used` once an order has used it."""
    service(Promotions).delete(promotion_id, current_identity())
    return PromotionDeleted(message="Promotion deleted")


@blp.get("/<promotion_id>/coupons", access=READ_PROMOTIONS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CouponPage)
def list_coupons(args: dict[str, Any], promotion_id: str) -> CouponPage:
    """List the coupons of a promotion by code."""
    service(Promotions).get(promotion_id)
    paging = Paging.of(args)
    rows, total = service(Coupons).page(promotion_id, paging.skip, paging.limit)
    return CouponPage(
        coupons=[coupon_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("/<promotion_id>/coupons", access=WRITE_PROMOTIONS, idempotent=True)
@blp.arguments(schemas.CouponsCreate)
@blp.response(201, CouponsCreated)
def create_coupons(body: dict[str, Any], promotion_id: str) -> CouponsCreated:
    """Add coupons to a promotion: these, or generated ones for one order each.

    Customers may type them in small letters.
    """
    coupons, identity = service(Coupons), current_identity()
    if "codes" in body:
        codes = coupons.add(promotion_id, body["codes"], body.get("max_uses"), identity)
    else:
        codes = coupons.generate(promotion_id, body["generate"], body["prefix"], identity)
    return CouponsCreated(message="Coupons created", codes=codes)


@blp.delete("/<promotion_id>/coupons/<code>", access=WRITE_PROMOTIONS)
@blp.response(200, CouponRemoved)
def remove_coupon(promotion_id: str, code: str) -> CouponRemoved:
    """Take a coupon from a promotion; 409 `promotion-used` once an order has used it."""
    service(Coupons).remove(promotion_id, code, current_identity())
    return CouponRemoved(message="Coupon removed")
