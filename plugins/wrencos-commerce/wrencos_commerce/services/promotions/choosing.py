"""Which promotions count for a cart, and why the others do not. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wrencos_commerce.models.promotion import PromotionKind
from wrencos_commerce.services.promotions.offers import Offer, Offers
from wrencos_commerce.services.promotions.taking import Basket, Taken, lines_for
from wrencos_core.contracts.commerce import CartContents

Row = Mapping[str, Any]


class Refusal(StrEnum):
    """Why a typed code does not count."""

    UNKNOWN = "unknown"
    OFF = "off"
    NOT_BEGUN = "not-begun"
    EXPIRED = "expired"
    USED_UP = "used-up"
    LOG_IN = "log-in"
    USED_BEFORE = "used-before"
    NOT_FIRST_ORDER = "not-first-order"
    MINIMUM = "minimum-not-reached"
    NOTHING_FITS = "nothing-fits"
    SAME_PROMOTION = "same-promotion"
    BETTER_OFFER = "better-offer"


@dataclass
class Choice:
    """What is taken off, in its order, and which typed codes do not count."""

    taken: list[Taken] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)


def choose(cart: CartContents, offers: Offers, currency: str) -> Choice:
    """The offers that are worth most to the customer.

    Those that are not exclusive are taken off one after the other, by priority and id, each on
    what the one before left. An exclusive one stands alone. Whichever is worth more counts; of
    equals the former, then the exclusive one of the lower priority and id.
    """
    choice = Choice()
    fitting = _fitting(cart, offers, currency, choice)
    together = [offer for offer in fitting if not offer.promotion["is_exclusive"]]
    ways = [together, *([o] for o in fitting if o.promotion["is_exclusive"])]
    tried = [_taken(way, cart, offers) for way in ways]
    # max() keeps the first of equals.
    choice.taken = max(tried, key=lambda taken: sum(one.amount for one in taken))
    counted = {one.offer.code for one in choice.taken}
    for offer in fitting:
        if offer.code is not None and offer.code not in counted:
            choice.refused[offer.code] = Refusal.BETTER_OFFER
    return choice


def _fitting(cart: CartContents, offers: Offers, currency: str, choice: Choice) -> list[Offer]:
    """The offers whose conditions hold, in their order; of the other coupons the reason."""
    fitting = [
        offer for offer in offers.automatic if refusal(offer, cart, offers, currency) is None
    ]
    seen: set[str] = set()
    for code in cart.coupons:
        offer = offers.by_code.get(code)
        reason = Refusal.UNKNOWN if offer is None else refusal(offer, cart, offers, currency)
        if reason is None and offer is not None:
            if offer.promotion["_id"] in seen:
                reason = Refusal.SAME_PROMOTION
            else:
                seen.add(offer.promotion["_id"])
                fitting.append(offer)
        if reason is not None:
            choice.refused[code] = reason
    return sorted(fitting, key=lambda o: (o.promotion["priority"], o.promotion["_id"]))


def _taken(way: Sequence[Offer], cart: CartContents, offers: Offers) -> list[Taken]:
    basket = Basket(cart)
    return [basket.take(offer, offers) for offer in way]


def refusal(offer: Offer, cart: CartContents, offers: Offers, currency: str) -> Refusal | None:
    """The first condition of the offer that does not hold, or None."""
    promotion, most = offer.promotion, per_user(offer.promotion)
    starts_at, ends_at = promotion.get("starts_at"), promotion.get("ends_at")
    conditions = (
        (Refusal.OFF, promotion["is_active"] and promotion["currency"] == currency),
        (Refusal.NOT_BEGUN, starts_at is None or starts_at <= offers.moment),
        (Refusal.EXPIRED, ends_at is None or offers.moment < ends_at),
        (Refusal.USED_UP, _has_uses_left(promotion) and _has_uses_left(offer.coupon or {})),
        # A customer without an account can't be counted.
        (Refusal.LOG_IN, most is None or offers.user_id is not None),
        (Refusal.NOT_FIRST_ORDER, not (promotion["first_order_only"] and offers.has_ordered)),
        (Refusal.USED_BEFORE, most is None or offers.used.get(promotion["_id"], 0) < most),
        (Refusal.MINIMUM, cart.subtotal >= (promotion.get("min_total") or 0)),
        (Refusal.NOTHING_FITS, _has_enough(promotion, cart, offers)),
    )
    return next((reason for reason, holds in conditions if not holds), None)


def _has_uses_left(counted: Row) -> bool:
    return counted.get("max_uses") is None or counted["uses"] < counted["max_uses"]


def _has_enough(promotion: Row, cart: CartContents, offers: Offers) -> bool:
    """Whether the cart has goods that the promotion is for, and of them as many as it takes."""
    pieces = sum(line.quantity for line in lines_for(promotion, cart, offers))
    if promotion["kind"] == PromotionKind.BUY_GET:
        return bool(pieces >= promotion["buy_quantity"] + promotion["get_quantity"])
    return pieces > 0


def per_user(promotion: Row) -> int | None:
    """How often one customer may use it; there is one first order only."""
    if promotion["first_order_only"]:
        return 1
    most: int | None = promotion.get("max_uses_per_user")
    return most
