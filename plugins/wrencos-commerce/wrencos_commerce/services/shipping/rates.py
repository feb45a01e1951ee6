"""Checking the rates of a shipping method, from major units to what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from wrencos_commerce.models.shipping_method import MAX_RATES, MAX_STEPS, PricedBy
from wrencos_commerce.services.amounts import minor_amount
from wrencos_commerce.services.taxes import region_key
from wrencos_core.api import Invalid

Row = Mapping[str, Any]

MAX_GRAMS = 10**9


def stored_rates(rates: Sequence[Row], currency: str) -> list[dict[str, Any]]:
    """The rates as they are stored; raises Invalid for what is no rate, and for two of one zone."""
    if not 1 <= len(rates) <= MAX_RATES:
        raise Invalid(errors={"rates": [f"A method has 1 to {MAX_RATES} rates."]})
    stored = [_stored(rate, currency) for rate in rates]
    zones: set[tuple[str | None, str | None]] = set()
    for rate in stored:
        for zone in [(rate["country"], key) for key in rate["region_keys"] or [None]]:
            if zone in zones:
                where = " ".join(filter(None, zone)) or "everywhere else"
                raise Invalid(errors={"rates": [f"There are two rates for {where}."]})
            zones.add(zone)
    return stored


def _stored(rate: Row, currency: str) -> dict[str, Any]:
    country, regions = rate.get("country"), list(rate.get("regions") or ())
    if regions and not country:
        raise Invalid(errors={"rates": ["Regions are those of a country: tell which."]})
    if rate["min_days"] > rate["max_days"]:
        raise Invalid(errors={"rates": ["minDays is more than maxDays."]})
    priced_by, free_from = rate["priced_by"], rate.get("free_from")
    row: dict[str, Any] = {
        "country": country or None,
        "regions": regions,
        "region_keys": list(dict.fromkeys(region_key(region) for region in regions)),
        "priced_by": str(priced_by),
        "min_days": rate["min_days"],
        "max_days": rate["max_days"],
        "free_from": None if free_from is None else minor_amount(free_from, "freeFrom", currency),
    }
    if priced_by == PricedBy.FLAT:
        if rate.get("price") is None or rate.get("steps"):
            raise Invalid(errors={"rates": ["A flat rate has a price, and no steps."]})
        return {**row, "price": minor_amount(rate["price"], "price", currency), "steps": []}
    if rate.get("price") is not None:
        raise Invalid(errors={"rates": ["A rate by weight or total has steps, and no price."]})
    return {**row, "price": None, "steps": _steps(rate.get("steps") or (), priced_by, currency)}


def _steps(steps: Sequence[Row], priced_by: str, currency: str) -> list[dict[str, Any]]:
    """The steps in their order: each up to more than the one before, only the last without end."""
    if not 1 <= len(steps) <= MAX_STEPS:
        raise Invalid(errors={"rates": [f"A rate by weight or total has 1 to {MAX_STEPS} steps."]})
    stored: list[dict[str, Any]] = []
    for step in steps:
        if stored and stored[-1]["up_to"] is None:
            raise Invalid(errors={"rates": ["Only the last step may be without upTo."]})
        up_to = _up_to(step.get("up_to"), priced_by, currency)
        if stored and up_to is not None and up_to <= stored[-1]["up_to"]:
            raise Invalid(errors={"rates": ["Each step goes up to more than the one before."]})
        stored.append({"up_to": up_to, "price": minor_amount(step["price"], "price", currency)})
    return stored


def _up_to(told: Decimal | None, priced_by: str, currency: str) -> int | None:
    if told is None:
        return None
    if priced_by == PricedBy.TOTAL:
        return minor_amount(told, "upTo", currency)
    if told != told.to_integral_value() or told > MAX_GRAMS:
        raise Invalid(errors={"rates": ["upTo is whole grams for a rate by weight."]})
    return int(told)
