"""What a shipping method would cost where."""

from __future__ import annotations

from typing import Any

import pytest

from wrencos_commerce.services.shipping.quotes import (
    Parcel,
    chosen,
    price_of,
    quotes_for,
    rate_for,
)
from wrencos_commerce.services.taxes import region_key

LIGHT = Parcel(country="VN", regions=("Hà Nội",), weight=500, goods_total=100_000)


def rate(**fields: Any) -> dict[str, Any]:
    row = {
        "country": "VN",
        "regions": [],
        "priced_by": "flat",
        "price": 100,
        "steps": [],
        "free_from": None,
        "min_days": 1,
        "max_days": 3,
        **fields,
    }
    return {**row, "region_keys": [region_key(region) for region in row["regions"]]}


def steps(*pairs: tuple[int | None, int]) -> list[dict[str, Any]]:
    return [{"up_to": up_to, "price": price} for up_to, price in pairs]


def parcel(**fields: Any) -> Parcel:
    return Parcel(**{"country": "VN", "weight": 0, "goods_total": 0, **fields})


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        (parcel(regions=("Hà Nội",)), "city"),
        (parcel(regions=("ha noi",)), "city"),
        (parcel(regions=("Ba Dinh", "Hanoi")), "country"),
        (parcel(regions=("Miền Bắc", "Hà Nội")), "city"),
        (parcel(regions=("Miền Bắc", "Hải Phòng")), "state"),
        (parcel(), "country"),
        (parcel(country="LA"), "elsewhere"),
        (parcel(country="LA", regions=("Hà Nội",)), "elsewhere"),
    ],
)
def test_the_smallest_zone_counts(place: Parcel, zone: str) -> None:
    zones = {
        "elsewhere": rate(country=None, regions=[]),
        "country": rate(),
        "state": rate(regions=["Miền Bắc"]),
        "city": rate(regions=["Đà Nẵng", "Hà Nội"]),
    }
    assert rate_for(list(zones.values()), place) is zones[zone]


def test_a_method_does_not_go_where_it_has_no_rate() -> None:
    assert rate_for([rate(regions=["Hà Nội"])], parcel(regions=("Huế",))) is None
    assert rate_for([rate()], parcel(country="LA")) is None


@pytest.mark.parametrize(
    ("weight", "price"), [(0, 10), (500, 10), (501, 20), (1000, 20), (1001, None)]
)
def test_the_price_by_weight(weight: int, price: int | None) -> None:
    by_weight = rate(priced_by="weight", price=None, steps=steps((500, 10), (1000, 20)))
    assert price_of(by_weight, parcel(weight=weight)) == price


@pytest.mark.parametrize(("total", "price"), [(0, 30), (999, 30), (1000, 30), (1001, 5)])
def test_the_price_by_total(total: int, price: int) -> None:
    by_total = rate(priced_by="total", price=None, steps=steps((1000, 30), (None, 5)))
    assert price_of(by_total, parcel(goods_total=total)) == price


def test_free_from_a_total_on_but_never_too_heavy() -> None:
    free = rate(priced_by="weight", price=None, steps=steps((1000, 20)), free_from=500)
    assert price_of(free, parcel(weight=10, goods_total=499)) == 20
    assert price_of(free, parcel(weight=10, goods_total=500)) == 0
    assert price_of(free, parcel(weight=1001, goods_total=500)) is None


def test_the_cheapest_is_taken_unless_one_is_chosen() -> None:
    methods = [
        {"_id": "ship_express", "name": "Express", "rates": [rate(price=300)]},
        {"_id": "ship_post", "name": "Post", "rates": [rate(price=100)]},
        {"_id": "ship_bike", "name": "Bike", "rates": [rate(price=100)]},
        {"_id": "ship_laos", "name": "Laos", "rates": [rate(country="LA", price=1)]},
    ]
    quotes = quotes_for(methods, LIGHT)
    assert [quote.method_id for quote in quotes] == ["ship_express", "ship_post", "ship_bike"]

    def taken(method_id: str | None) -> str | None:
        quote = chosen(quotes, method_id)
        return quote.method_id if quote else None

    assert taken(None) == "ship_post"
    assert taken("ship_express") == "ship_express"
    assert taken("ship_laos") is None
    assert chosen([], None) is None
