"""What a customer was shown, and whether an order costs just that. Pure.

Nobody is charged another price than they saw: either the client sends the total that it showed, or
what the cart remembers of its last showing must still hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from wrencos_commerce.errors import CouponRefused, NotDeliverable, PriceChanged
from wrencos_commerce.services.priced import PricedCart, PricedLine, PricingContext
from wrencos_core.api import money

Row = Mapping[str, Any]


def seen(item: Row, price: int) -> dict[str, Any]:
    """The item once its customer has seen this price; another one before it is kept with it."""
    before = item.get("price")
    if before == price:
        return dict(item)
    former = item.get("previous_price", before)
    changed = {**item, "price": price}
    changed.pop("previous_price", None)
    if former is not None and former != price:
        changed["previous_price"] = former
    return changed


def agreed(item: Row, price: int) -> dict[str, Any]:
    """The item once its customer has changed it: they take it at this price."""
    changed = {**item, "price": price}
    changed.pop("previous_price", None)
    return changed


def shown_total(priced: PricedCart, context: PricingContext) -> dict[str, Any]:
    """What a cart remembers of being shown so."""
    return {
        "goods_total": priced.goods_total,
        "total": priced.total,
        "country": context.country,
    }


def require_agreed(priced: PricedCart, cart: Row, expected: Decimal | None) -> None:
    """Raise unless the customer knows that the order of this cart costs this.

    With an `expected` total that alone decides, also about coupons that do not count. Raises
    NotDeliverable, CouponRefused or PriceChanged, all with what a client needs to ask again.
    """
    if not priced.is_deliverable:
        raise not_deliverable(priced)
    total = money.to_major(priced.total, priced.currency)
    if expected is not None and expected == total:
        return
    if priced.refused_coupons:
        raise CouponRefused(
            "A coupon does not count any more; please confirm the new total.",
            coupons=[{"code": c, "reason": r} for c, r in priced.refused_coupons.items()],
            total=total,
            currency=priced.currency,
        )
    changed = _changed_items(priced.lines, cart, priced.currency)
    if expected is not None or changed or _differs(priced, cart.get("shown")):
        raise PriceChanged(
            "Please confirm the new total.", total=total, currency=priced.currency, items=changed
        )


def not_deliverable(priced: PricedCart) -> NotDeliverable:
    """The refusal of a cart that its way of shipping does not take, with those that would."""
    quotes = priced.shipping_quotes
    return NotDeliverable(
        "Choose another way of shipping." if quotes else "We can't send this there.",
        offered=[
            {
                "shippingMethodId": quote.method_id,
                "name": quote.name,
                "price": money.to_major(quote.amount, priced.currency),
            }
            for quote in quotes
        ],
    )


def _changed_items(lines: Sequence[PricedLine], cart: Row, currency: str) -> list[dict[str, Any]]:
    """The items that cost something else than their customer saw last."""
    seen_prices = {item["id"]: item.get("price") for item in cart["items"]}
    return [
        {
            "itemId": line.item_id,
            "price": money.to_major(line.price, currency),
            "previousPrice": money.to_major(before, currency),
        }
        for line in lines
        if (before := seen_prices[line.item_id]) is not None and before != line.price
    ]


def _differs(priced: PricedCart, shown: Row | None) -> bool:
    """Whether the goods cost something else than when the cart was shown, or all of it when it
    was shown with shipping: whatever changed since, where it goes and how included."""
    if shown is None:
        return False
    if shown["goods_total"] != priced.goods_total:
        return True
    return shown.get("country") is not None and shown["total"] != priced.total
