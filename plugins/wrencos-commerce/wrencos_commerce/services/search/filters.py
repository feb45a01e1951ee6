"""What a search is limited to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor

from wrencos_core.api import money

# Above every price; a larger bound would only overflow.
_BEYOND = Decimal(10**12)


@dataclass(frozen=True, kw_only=True)
class SearchFilter:
    """Within a field any of the values fits; all fields must fit.

    `categories` are ids or slugs and include what is below; `brands` are slugs. Prices are minor
    units, bounds included. `min_rating` is a mean; products without a rating are left out by it.
    """

    categories: Sequence[str] = ()
    brands: Sequence[str] = ()
    skin_types: Sequence[str] = ()
    concerns: Sequence[str] = ()
    free_from: Sequence[str] = ()
    min_price: int | None = None
    max_price: int | None = None
    min_rating: float | None = None
    in_stock: bool = False


def minor_bounds(
    least: Decimal | None, most: Decimal | None, currency: str
) -> tuple[int | None, int | None]:
    """Bounds of prices in minor units, rounded inwards: at least 9.999 USD begins with 10.00."""
    precision = money.precision(currency)
    return (
        None if least is None else ceil(min(least, _BEYOND).scaleb(precision)),
        None if most is None else floor(min(most, _BEYOND).scaleb(precision)),
    )
