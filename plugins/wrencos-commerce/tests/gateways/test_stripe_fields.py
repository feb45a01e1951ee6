"""How Stripe counts money."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.gateways.stripe_fields import from_stripe, to_stripe

CURRENCIES = ["VND", "JPY", "USD", "EUR", "KWD", "ISK", "UGX", "CLP", "HUF", "TWD", "IDR", "RSD"]


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (250_000, "VND", 250_000),
        (500, "JPY", 500),
        (2_999, "USD", 2_999),
        (1_230, "KWD", 1_230),
        # Whole krónur and shillings, which Stripe writes with two decimals all the same.
        (500, "ISK", 50_000),
        (500, "UGX", 50_000),
    ],
)
def test_known_amounts(amount: int, currency: str, written: int) -> None:
    assert to_stripe(amount, currency) == written
    assert from_stripe(written, currency) == amount


@settings(deadline=None)
@given(st.integers(0, 10**12).map(lambda amount: amount * 10), st.sampled_from(CURRENCIES))
def test_amounts_come_back(amount: int, currency: str) -> None:
    assert from_stripe(to_stripe(amount, currency), currency) == amount


@pytest.mark.parametrize(("amount", "currency"), [(1_234, "KWD"), (1, "GOLD")])
def test_what_stripe_can_not_charge(amount: int, currency: str) -> None:
    with pytest.raises(ValueError, match=currency):
        to_stripe(amount, currency)


def test_what_has_no_minor_units_of_ours() -> None:
    with pytest.raises(ValueError, match="whole"):
        from_stripe(50_050, "ISK")
