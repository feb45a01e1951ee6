"""Money: an integer of minor units and its ISO 4217 currency. No float anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
    Overflow,
    Underflow,
    localcontext,
)
from functools import cache

import msgspec
from babel.core import UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision, list_currencies

# A double holds any 15 digits: above this a JSON number in major units could lose its last digit.
MAX_MINOR = 10**15 - 1
# What is more exact than this context is refused by it, where the default one would round.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow, Underflow])


class Money(msgspec.Struct, frozen=True, order=True):
    """`amount` minor units (cents; whole đồng, as VND has no decimals) of `currency`."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.amount * quantity, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other

    @property
    def major(self) -> Decimal:
        """The amount in major units, as the API shows it: `Decimal('29.99')`."""
        return to_major(self.amount, self.currency)

    @staticmethod
    def parse(value: str | int | Decimal, currency: str) -> Money:
        """Money from major units; raises ValueError for what is no exact amount of `currency`."""
        return Money(to_minor(value, currency), currency)


@cache
def is_currency(code: str) -> bool:
    """Whether `code` is a currency that ISO 4217 and CLDR know."""
    try:
        return code in list_currencies()
    except UnknownLocaleError:  # pragma: no cover - CLDR data always ships with Babel
        return False


@cache
def precision(currency: str) -> int:
    """Decimals of `currency` by CLDR: VND and JPY 0, USD 2, KWD 3."""
    if not is_currency(currency):
        raise ValueError(f"not a currency: {currency!r}")
    return get_currency_precision(currency)


def to_major(amount: int, currency: str) -> Decimal:
    """Minor units as an exact Decimal of major units."""
    return Decimal(amount).scaleb(-precision(currency))


def to_minor(value: str | int | Decimal, currency: str) -> int:
    """Major units as minor units; raises ValueError for too many decimals, NaN or a huge value."""
    decimals = precision(currency)
    try:
        with localcontext(_EXACT):
            scaled = Decimal(value).scaleb(decimals)
            exact = scaled == scaled.to_integral_value()
            in_range = scaled.is_finite() and abs(scaled) <= MAX_MINOR
    except ArithmeticError as error:  # not a number, NaN, or what _EXACT can't hold
        raise ValueError(f"not an amount: {value!r}") from error
    if not in_range:
        raise ValueError(f"out of range: {value!r}")
    if not exact:
        raise ValueError(f"{currency} has {decimals} decimals, got {value}")
    return int(scaled)


def round_half_up(value: Decimal) -> int:
    """`value` (in minor units) to the nearest integer, halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def percent_of(amount: int, percent: Decimal) -> int:
    """`percent` % of `amount` minor units, rounded half up."""
    return round_half_up(Decimal(amount) * percent / 100)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` split by `weights` so that the parts sum to it exactly (largest remainder).

    Raises ValueError when a weight is negative, or all are zero while there is something to split.
    """
    total = sum(weights)
    if any(weight < 0 for weight in weights) or (total == 0 and amount != 0):
        raise ValueError("weights must be positive")
    if total == 0:
        return [0] * len(weights)
    sign = -1 if amount < 0 else 1
    shares = [divmod(abs(amount) * weight, total) for weight in weights]
    parts = [quotient for quotient, _ in shares]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))
    for index in by_remainder[: abs(amount) - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]


def format_money(money: Money, locale: str) -> str:
    """`money` for a person to read, in `locale` (a CLDR name such as `vi` or `en_US`)."""
    return format_currency(money.major, money.currency, locale=locale)
