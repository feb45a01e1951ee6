"""Amounts as people type them, in minor units."""

from __future__ import annotations

from decimal import Decimal

from wrencos_core.api import Invalid, money

# With 99 pieces of each of 100 products, a total stays exact in a client that reads doubles.
MAX_AMOUNT = 10**11


def minor_amount(value: Decimal, field: str, currency: str) -> int:
    """Major units as minor units; raises Invalid, about the `field`, for what is no price."""
    try:
        amount = money.to_minor(value, currency)
    except ValueError as error:
        raise Invalid(errors={field: [f"Is no amount of {currency}: {error}."]}) from error
    if not 0 <= amount <= MAX_AMOUNT:
        raise Invalid(errors={field: ["Is out of range."]})
    return amount
