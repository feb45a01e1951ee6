"""The price of 100 ml or 100 g, worked out from a size as the shop writes it: "30 ml"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from wrencos_core.api import money

# How many ml or g a unit is.
_UNITS: Mapping[str, tuple[str, Decimal]] = {
    "ml": ("ml", Decimal(1)),
    "cl": ("ml", Decimal(10)),
    "l": ("ml", Decimal(1000)),
    "mg": ("g", Decimal("0.001")),
    "g": ("g", Decimal(1)),
    "gr": ("g", Decimal(1)),
    "kg": ("g", Decimal(1000)),
}
_SIZE = re.compile(
    r"(?<![\w.,])(?:(?P<pieces>\d{1,3})\s*[x\u00d7]\s*)?"
    r"(?P<number>\d{1,6}(?:[.,]\d{1,3})?)\s*(?P<unit>ml|cl|l|mg|g|gr|kg)\b",
    re.IGNORECASE,
)
_PER = 100


class UnitPrice(NamedTuple):
    """`amount` minor units for so many (100) `unit`s, which is `ml` or `g`."""

    amount: int
    per: int
    unit: str


def unit_price(price: int, size: str | None) -> UnitPrice | None:
    """What 100 ml or 100 g cost at `price` (minor units), rounded half up.

    None for a size that names no contents, or more than one: "One size", "30 ml + 50 ml".
    """
    found = list(_SIZE.finditer(size or ""))
    if len(found) != 1:
        return None
    unit, factor = _UNITS[found[0]["unit"].lower()]
    contents = Decimal(found[0]["number"].replace(",", ".")) * factor
    contents *= int(found[0]["pieces"] or 1)
    if not contents:
        return None
    return UnitPrice(money.round_half_up(Decimal(price) * _PER / contents), _PER, unit)
