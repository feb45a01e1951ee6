"""What PayPal charges: amounts as text, in a currency that it offers."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from wrencos_commerce.gateway_settings import PAYPAL_CURRENCIES
from wrencos_core.api import money

_NO_DECIMALS = frozenset({"HUF", "JPY", "TWD"})


class Charge(NamedTuple):
    """`amount` minor units of `currency`; `rate` is set where they are not the order's own."""

    amount: int
    currency: str
    rate: Decimal | None = None


class Exchange:
    """Charges what PayPal offers as it is, and the rest in one currency at a fixed rate."""

    def __init__(self, currency: str = "", rate: Decimal | None = None) -> None:
        self._currency = currency
        self._rate = rate

    def charge(self, amount: int, currency: str) -> Charge:
        """What to ask for; raises ValueError where PayPal can't charge it."""
        if currency in PAYPAL_CURRENCIES:
            charge = Charge(amount, currency)
        elif self._rate is None:
            raise ValueError(f"PayPal does not offer {currency}, and no exchange rate is set")
        else:
            major = money.to_major(amount, currency) / self._rate
            rounded = major.quantize(_smallest(self._currency), ROUND_HALF_UP)
            charge = Charge(money.to_minor(rounded, self._currency), self._currency, self._rate)
        if charge.amount <= 0:
            raise ValueError("nothing is left to charge")
        written(charge.amount, charge.currency)
        return charge


def written(amount: int, currency: str) -> str:
    """`amount` minor units as PayPal writes them; raises ValueError for too many decimals."""
    major = money.to_major(amount, currency)
    rounded = major.quantize(_smallest(currency))
    if rounded != major:
        raise ValueError(f"PayPal takes no decimals of {currency}")
    return f"{rounded:f}"


def read(value: str, currency: str) -> int:
    """Minor units; raises ValueError for what is no amount, or a negative one."""
    amount = money.to_minor(value, currency)
    if amount < 0:
        raise ValueError(f"a negative amount: {value}")
    return amount


def _smallest(currency: str) -> Decimal:
    return Decimal(1) if currency in _NO_DECIMALS else Decimal("0.01")
