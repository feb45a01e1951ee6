"""Days, percentages and countries in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from wrencos_core import localised


def test_a_day_in_words():
    day = date(2026, 3, 2)
    assert localised.date_text(day, "vi") == "2 tháng 3, 2026"
    assert localised.date_text(day, "en") == "March 2, 2026"


@pytest.mark.parametrize(
    ("percent", "vi", "en"),
    [("8", "8%", "8%"), ("10.0", "10%", "10%"), ("8.25", "8,25%", "8.25%"), ("0", "0%", "0%")],
)
def test_a_percentage_loses_no_digit(percent, vi, en):
    assert localised.percent_text(Decimal(percent), "vi") == vi
    assert localised.percent_text(Decimal(percent), "en") == en


def test_a_country_has_its_name():
    assert localised.country_name("VN", "vi") == "Việt Nam"
    assert localised.country_name("US", "en") == "United States"
    assert localised.country_name("XX", "en") == "XX"
