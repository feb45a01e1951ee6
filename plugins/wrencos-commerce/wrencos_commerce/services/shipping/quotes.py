"""What each shipping method would cost for these goods to that place. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.models.shipping_method import PricedBy
from wrencos_commerce.services.priced import ShippingQuote
from wrencos_commerce.services.taxes import region_key

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is to be sent where: grams, and what the goods cost after discounts."""

    country: str
    regions: Sequence[str] = ()
    weight: int
    goods_total: int


def quotes_for(methods: Sequence[Row], parcel: Parcel) -> list[ShippingQuote]:
    """A quote of each method that takes the parcel, in the order of the methods."""
    quotes = []
    for method in methods:
        rate = rate_for(method["rates"], parcel)
        amount = price_of(rate, parcel) if rate is not None else None
        if rate is not None and amount is not None:
            quotes.append(
                ShippingQuote(
                    method_id=method["_id"],
                    name=method["name"],
                    amount=amount,
                    min_days=rate["min_days"],
                    max_days=rate["max_days"],
                )
            )
    return quotes


def chosen(quotes: Sequence[ShippingQuote], method_id: str | None) -> ShippingQuote | None:
    """The quote of this method, or the cheapest when none is named; None when there is none."""
    if method_id is None:
        return min(quotes, key=lambda quote: quote.amount, default=None)
    return next((quote for quote in quotes if quote.method_id == method_id), None)


def rate_for(rates: Sequence[Row], parcel: Parcel) -> Row | None:
    """The rate of the smallest zone that holds the place: the later region, the country, or
    everywhere else; None when the method does not go there."""
    keys = [region_key(region) for region in parcel.regions]
    for key in reversed(keys):
        for rate in rates:
            if rate.get("country") == parcel.country and key in rate["region_keys"]:
                return rate
    for country in (parcel.country, None):
        for rate in rates:
            if rate.get("country") == country and not rate["region_keys"]:
                return rate
    return None


def price_of(rate: Row, parcel: Parcel) -> int | None:
    """What the rate asks, or None for what is above its last step."""
    price, free_from = _flat_or_step(rate, parcel), rate.get("free_from")
    # Free or not, too heavy is too heavy.
    if price is not None and free_from is not None and parcel.goods_total >= free_from:
        return 0
    return price


def _flat_or_step(rate: Row, parcel: Parcel) -> int | None:
    if rate["priced_by"] == PricedBy.FLAT:
        return int(rate["price"])
    measure = parcel.weight if rate["priced_by"] == PricedBy.WEIGHT else parcel.goods_total
    for step in rate["steps"]:
        if step.get("up_to") is None or measure <= step["up_to"]:
            return int(step["price"])
    return None
