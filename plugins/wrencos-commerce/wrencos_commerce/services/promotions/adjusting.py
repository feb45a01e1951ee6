"""Commerce's own promotions on the hook that other plugins use for theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wrencos_commerce.models.promotion import PromotionKind, UseLimit
from wrencos_commerce.services.amounts import MAX_AMOUNT
from wrencos_commerce.services.promotions.choosing import Choice, Refusal, choose, per_user
from wrencos_commerce.services.promotions.offers import read_offers
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.services.promotions.taking import Taken
from wrencos_core.api import Identity, Platform
from wrencos_core.contracts.commerce import Adjustment, CartContents

Row = Mapping[str, Any]

# Before what plugins add without asking for another place (100).
_FIRST, _LAST = 50, 99


class PromotionDiscount(Adjustment, frozen=True, kw_only=True):
    """A discount of commerce's own, with what an order keeps of it."""

    promotion_id: str
    limits: tuple[UseLimit, ...] = ()


def adjust_cart(cart: CartContents, identity: Identity, platform: Platform) -> Sequence[Adjustment]:
    """What the promotions take off the cart; implements commerce_adjust_cart."""
    promotions = platform.services.require(Promotions)
    if not cart.coupons and not promotions.any_automatic():
        return ()
    choice = _chosen(cart, identity, promotions)
    return [
        _discount(taken, min(_FIRST + number, _LAST)) for number, taken in enumerate(choice.taken)
    ]


def why_refused(
    codes: Iterable[str], cart: CartContents, identity: Identity, platform: Platform
) -> dict[str, str]:
    """Of these typed codes that no adjustment is for, why not."""
    choice = _chosen(cart, identity, platform.services.require(Promotions))
    return {code: choice.refused.get(code, Refusal.UNKNOWN).value for code in codes}


def _chosen(cart: CartContents, identity: Identity, promotions: Promotions) -> Choice:
    categories = sorted({line.category_id for line in cart.lines if line.category_id})
    offers = read_offers(cart.coupons, categories, identity.user_id)
    return choose(cart, offers, promotions.currency)


def _discount(taken: Taken, order: int) -> PromotionDiscount:
    promotion, coupon = taken.offer.promotion, taken.offer.coupon
    is_shipping = promotion["kind"] == PromotionKind.FREE_SHIPPING
    # What shipping costs is known only after all discounts: as much as it may be.
    most = promotion.get("max_discount")
    amount = (MAX_AMOUNT if most is None else most) if is_shipping else taken.amount
    limits = (
        (UseLimit.IN_ALL, promotion.get("max_uses")),
        (UseLimit.PER_USER, per_user(promotion)),
        (UseLimit.OF_COUPON, coupon.get("max_uses") if coupon else None),
    )
    return PromotionDiscount(
        code=f"commerce.promotion_{promotion['_id']}",
        label=promotion["name"],
        amount=-amount,
        order=order,
        variant_ids=taken.variant_ids,
        applies_to="shipping" if is_shipping else "goods",
        coupon=taken.offer.code,
        promotion_id=promotion["_id"],
        limits=tuple(limit for limit, most in limits if most is not None),
    )
