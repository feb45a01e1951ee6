"""Spreading discounts over what they are for, so that no unit is lost and nothing costs less
than zero."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from wrencos_core.api import money
from wrencos_core.contracts.commerce import Adjustment


class Discounts:
    """What lines cost, and what is left of that after each discount; in minor units."""

    def __init__(self, costs: Sequence[int], variant_ids: Sequence[str]) -> None:
        self.left = list(costs)
        self._costs = tuple(costs)
        self._variant_ids = tuple(variant_ids)

    def take(self, amount: int, variant_ids: Collection[str] = ()) -> int:
        """Take up to `amount` off the lines of these variants (of all, when none is named).

        Each bears a share of it by what it still costs. Returns how much it was.
        """
        lines = [
            number
            for number, id in enumerate(self._variant_ids)
            if not variant_ids or id in variant_ids
        ]
        weights = [self.left[number] for number in lines]
        taken = min(amount, sum(weights))
        for number, share in zip(lines, money.split(taken, weights), strict=True):
            self.left[number] -= share
        return taken

    def left_of(self, variant_ids: Collection[str] = ()) -> int:
        """What these variants still cost together (all, when none is named)."""
        return sum(
            left
            for left, id in zip(self.left, self._variant_ids, strict=True)
            if not variant_ids or id in variant_ids
        )

    @property
    def taken(self) -> list[int]:
        """The discount of each line so far."""
        return [cost - left for cost, left in zip(self._costs, self.left, strict=True)]


def in_order(adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """The adjustments as they are applied, one after the other."""
    return sorted(adjustments, key=lambda a: (a.order, a.code))


def is_of_goods(adjustment: Adjustment) -> bool:
    """Whether it is a discount on goods, rather than one on shipping, or a fee."""
    return adjustment.amount < 0 and adjustment.applies_to == "goods"


def is_of_shipping(adjustment: Adjustment) -> bool:
    """Whether it is a discount on shipping."""
    return adjustment.amount < 0 and adjustment.applies_to == "shipping"


def take_off_goods(goods: Discounts, asked: Iterable[Adjustment]) -> list[Adjustment]:
    """Take the discounts on goods off; `asked` with each cut to what its lines still cost."""
    return [
        _cut(adjustment, goods.take(-adjustment.amount, adjustment.variant_ids))
        if is_of_goods(adjustment)
        else adjustment
        for adjustment in asked
    ]


def take_off_shipping(cost: int, asked: Iterable[Adjustment]) -> tuple[list[Adjustment], int]:
    """`asked` with each discount on shipping cut to what that still costs, and their sum."""
    left, cut = cost, []
    for adjustment in asked:
        if is_of_shipping(adjustment):
            taken = min(-adjustment.amount, left)
            left -= taken
            cut.append(_cut(adjustment, taken))
        else:
            cut.append(adjustment)
    return cut, cost - left


def _cut(adjustment: Adjustment, taken: int) -> Adjustment:
    return msgspec.structs.replace(adjustment, amount=-taken)
