from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from wrencos_core.money import (
    MAX_MINOR,
    Money,
    format_money,
    is_currency,
    percent_of,
    precision,
    round_half_up,
    split,
    to_major,
    to_minor,
)

AMOUNTS = st.integers(min_value=-MAX_MINOR, max_value=MAX_MINOR)
CURRENCIES = st.sampled_from(["VND", "JPY", "USD", "EUR", "KWD"])


@pytest.mark.parametrize(
    ("code", "decimals"), [("VND", 0), ("JPY", 0), ("KRW", 0), ("USD", 2), ("EUR", 2), ("KWD", 3)]
)
def test_decimals_of_currencies(code, decimals):
    assert precision(code) == decimals


@pytest.mark.parametrize("code", ["", "vnd", "XX", "DOLLARS"])
def test_what_is_no_currency(code):
    assert not is_currency(code)
    with pytest.raises(ValueError, match="not a currency"):
        precision(code)


@given(AMOUNTS, CURRENCIES)
def test_minor_units_survive_the_way_through_major_units(amount, currency):
    major = to_major(amount, currency)
    assert to_minor(major, currency) == amount
    assert to_minor(str(major), currency) == amount
    assert Money.parse(major, currency) == Money(amount, currency)


@given(AMOUNTS, CURRENCIES)
def test_major_units_survive_a_client_that_reads_doubles(amount, currency):
    major = to_major(amount, currency)
    assert Decimal(repr(float(major))) == major


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("29.995", "USD"),
        ("0.5", "VND"),
        ("1.0001", "KWD"),
        ("NaN", "USD"),
        ("sNaN", "USD"),
        ("Infinity", "USD"),
        ("-Infinity", "USD"),
        ("1e400", "USD"),
        ("1e999999", "USD"),
        ("1e-999999", "USD"),
        ("1e-999999999", "USD"),
        ("1e999999999", "USD"),
        ("29.9900000000000000000000000000000001", "USD"),
        ("0." + "0" * 200 + "1", "USD"),
        ("9" * 200, "VND"),
        (MAX_MINOR + 1, "VND"),
        ("", "USD"),
        ("abc", "USD"),
        ("1,5", "EUR"),
    ],
)
def test_what_is_no_exact_amount_is_refused(value, currency):
    with pytest.raises(ValueError, match=r"not an amount|out of range|decimals"):
        to_minor(value, currency)


@pytest.mark.parametrize(
    ("value", "minor"),
    [("29.99", 2999), ("29.99" + "0" * 90, 2999), ("1e2", 10000), (Decimal("0.10"), 10), (5, 500)],
)
def test_exact_amounts(value, minor):
    assert to_minor(value, "USD") == minor


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-2.5", -3), ("2.4999", 2)],
)
def test_halves_round_away_from_zero(value, rounded):
    assert round_half_up(Decimal(value)) == rounded


@pytest.mark.parametrize(
    ("amount", "percent", "part"),
    [
        (1000, "10", 100),
        (1005, "10", 101),
        (1004, "10", 100),
        (999, "33.3", 333),
        (-1005, "10", -101),
    ],
)
def test_percentages(amount, percent, part):
    assert percent_of(amount, Decimal(percent)) == part


@given(AMOUNTS, st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=20))
def test_a_split_loses_nothing_and_is_fair(amount, weights):
    total = sum(weights)
    if total == 0 and amount != 0:
        with pytest.raises(ValueError, match="weights"):
            split(amount, weights)
        return
    parts = split(amount, weights)
    assert sum(parts) == amount
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert weight or part == 0
        # No part is off its exact share by a whole unit.
        assert abs(part * total - amount * weight) < max(total, 1)


def test_a_split_gives_the_odd_units_to_the_largest_remainders_then_to_the_first():
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [5, 3, 2]) == [5, 3, 2]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(0, []) == []


def test_a_split_by_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="weights"):
        split(10, [2, -1])


def test_sums_are_of_one_currency():
    assert Money(100, "USD") + Money(50, "USD") - Money(1, "USD") == Money(149, "USD")
    assert Money(100, "VND") * 3 == Money(300, "VND")
    with pytest.raises(ValueError, match="USD and VND do not add up"):
        Money(100, "USD") + Money(100, "VND")
    with pytest.raises(ValueError, match="VND and USD do not add up"):
        Money(100, "VND") - Money(100, "USD")


def test_money_is_shown_in_the_readers_language():
    assert format_money(Money(2999, "USD"), "en") == "$29.99"
    assert format_money(Money(2999000, "VND"), "vi") == "2.999.000\xa0₫"
