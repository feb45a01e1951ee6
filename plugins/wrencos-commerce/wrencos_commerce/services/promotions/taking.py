"""How much a promotion takes off goods and shipping, on what others have left. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wrencos_commerce.models.promotion import PromotionKind
from wrencos_commerce.services.discounts import Discounts
from wrencos_commerce.services.promotions.offers import Offer, Offers
from wrencos_core.api import money
from wrencos_core.contracts.commerce import CartContents, CartLine

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """What an offer took off: of the goods of `variant_ids`, or of shipping."""

    offer: Offer
    amount: int
    variant_ids: tuple[str, ...] = ()


class Basket:
    """A cart while promotions are taken off, one after the other."""

    def __init__(self, cart: CartContents) -> None:
        self._cart = cart
        self._goods = Discounts(
            [line.line_total for line in cart.lines], [line.variant_id for line in cart.lines]
        )
        self._shipping = cart.shipping or 0

    def take(self, offer: Offer, offers: Offers) -> Taken:
        """Take the offer off what is left, as much as there is of that."""
        promotion = offer.promotion
        if promotion["kind"] == PromotionKind.FREE_SHIPPING:
            amount = min(self._shipping, _most(promotion, self._shipping))
            self._shipping -= amount
            return Taken(offer, amount)
        lines = lines_for(promotion, self._cart, offers)
        if promotion["kind"] == PromotionKind.BUY_GET:
            wanted, lines = self._of_sets(promotion, lines)
        else:
            wanted = self._of_lines(promotion, lines)
        variant_ids = tuple(line.variant_id for line in lines)
        if not variant_ids:
            return Taken(offer, 0)
        return Taken(offer, self._goods.take(_most(promotion, wanted), variant_ids), variant_ids)

    def _of_lines(self, promotion: Row, lines: Sequence[CartLine]) -> int:
        if promotion["kind"] == PromotionKind.AMOUNT:
            return int(promotion["amount"])
        left = self._left(lines)
        return money.percent_of(sum(left), Decimal(promotion["percent"]))

    def _of_sets(self, promotion: Row, lines: Sequence[CartLine]) -> tuple[int, Sequence[CartLine]]:
        """Of every `buy` and `get` pieces the `get` cheapest of all, and the lines they are in."""
        pieces = sum(line.quantity for line in lines)
        get = promotion["get_quantity"]
        due = pieces // (promotion["buy_quantity"] + get) * get
        each = [left // line.quantity for left, line in zip(self._left(lines), lines, strict=True)]
        wanted, chosen = 0, []
        # Equals in the order of the cart.
        for number in sorted(range(len(lines)), key=lambda n: each[n]):
            count = min(due, lines[number].quantity)
            if count:
                chosen.append(lines[number])
                wanted += money.percent_of(each[number] * count, Decimal(promotion["percent"]))
                due -= count
        return wanted, chosen

    def _left(self, lines: Sequence[CartLine]) -> list[int]:
        """What each of these lines still costs."""
        wanted = [id(line) for line in lines]
        return [
            left
            for left, line in zip(self._goods.left, self._cart.lines, strict=True)
            if id(line) in wanted
        ]


def lines_for(promotion: Row, cart: CartContents, offers: Offers) -> Sequence[CartLine]:
    """The lines that a promotion is for, by product or category."""
    products, categories = set(promotion["product_ids"]), set(promotion["category_ids"])
    if not products and not categories:
        return cart.lines
    return [
        line
        for line in cart.lines
        if line.product_id in products
        or categories & offers.paths.get(line.category_id or "", set())
    ]


def _most(promotion: Row, amount: int) -> int:
    most = promotion.get("max_discount")
    return amount if most is None else min(amount, most)
