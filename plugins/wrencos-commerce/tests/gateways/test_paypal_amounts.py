"""What PayPal charges, in which currency, and how it is written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.gateway_settings import PAYPAL_CURRENCIES
from wrencos_commerce.services.gateways.paypal_amounts import Charge, Exchange, read, written

DONG = Exchange("USD", Decimal("25400"))


def test_what_paypal_offers_is_charged_as_it_is() -> None:
    assert DONG.charge(2_999, "EUR") == Charge(2_999, "EUR")


@pytest.mark.parametrize(
    ("dong", "cents"),
    # 250,000 / 25,400 = 9.8425…; halves are rounded up: 127 / 25,400 = 0.005.
    [(250_000, 984), (25_400, 100), (127, 1), (1_000_000_000, 3_937_008)],
)
def test_what_it_does_not_offer_is_converted(dong: int, cents: int) -> None:
    assert DONG.charge(dong, "VND") == Charge(cents, "USD", Decimal("25400"))


def test_a_currency_without_decimals() -> None:
    assert Exchange("JPY", Decimal("165.5")).charge(250_000, "VND").amount == 1_511
    # The forint has two decimals for everybody but PayPal.
    assert Exchange("HUF", Decimal("70")).charge(250_000, "VND").amount == 357_100


@pytest.mark.parametrize(
    ("exchange", "amount", "currency", "why"),
    [
        (Exchange(), 250_000, "VND", "no exchange rate"),
        (DONG, 126, "VND", "nothing is left"),
        (DONG, 0, "USD", "nothing is left"),
        (DONG, 150, "HUF", "no decimals of HUF"),
        (DONG, 1, "GOLD", "not a currency"),
    ],
)
def test_what_can_not_be_charged(exchange: Exchange, amount: int, currency: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        exchange.charge(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(984, "USD", "9.84"), (100, "USD", "1.00"), (500, "JPY", "500"), (35_700, "HUF", "357")],
)
def test_amounts_as_text(amount: int, currency: str, text: str) -> None:
    assert written(amount, currency) == text
    assert read(text, currency) == amount


@settings(deadline=None)
@given(st.integers(1, 10**10).map(lambda it: it * 100), st.sampled_from(sorted(PAYPAL_CURRENCIES)))
def test_amounts_come_back(amount: int, currency: str) -> None:
    assert read(written(amount, currency), currency) == amount


@settings(deadline=None)
@given(st.integers(1, 10**12), st.decimals("0.01", "50000", places=2))
def test_a_conversion_is_off_by_half_a_cent_at_most(amount: int, rate: Decimal) -> None:
    try:
        charge = Exchange("USD", rate).charge(amount, "VND")
    except ValueError:
        assert amount / rate < Decimal("0.005") or amount / rate > 10**12
        return
    assert abs(charge.amount - amount * 100 / rate) <= Decimal("0.5") + Decimal("1e-9")
