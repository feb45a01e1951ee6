"""Days, percentages and countries in words, by CLDR, for what is printed and mailed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_percent


def date_text(day: date, locale: str) -> str:
    """The day in words: `2 tháng 3, 2026`, `March 2, 2026`."""
    return str(format_date(day, format="long", locale=locale))


def percent_text(percent: Decimal, locale: str) -> str:
    """Such as `8%` or, in Vietnamese, `8,5%`; no digit is lost."""
    shown = format_percent(percent.normalize() / 100, locale=locale, decimal_quantization=False)
    return str(shown)


def country_name(code: str, locale: str) -> str:
    """The country of an ISO 3166-1 alpha-2 code: `Việt Nam`; the code itself when it is unknown."""
    return str(Locale.parse(locale).territories.get(code, code))
