"""What variants have cost, and the lowest price of thirty days, beside which one is stated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.models.price_change import PriceChange
from wrencos_commerce.models.product import Product
from wrencos_commerce.services import price_history
from wrencos_commerce.services.price_history import KEPT, PriceHistory
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM, Platform, clock as clocks, transaction
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index

MakeProduct = Callable[..., str]

START = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
MS, DAY = timedelta(milliseconds=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _start(clock: Any) -> None:
    clock.move_to(START)


@pytest.fixture
def prices(platform: Platform) -> PriceHistory:
    return platform.services.require(PriceHistory)


@pytest.fixture
def set_price(platform: Platform) -> Callable[[str, str], None]:
    def set_price(id: str, price: str) -> None:
        products = platform.services.require(Products)
        products.update(id, {"price": Decimal(price)}, SYSTEM)

    return set_price


def shown(client: FlaskClient, id: str) -> float:
    (variant,) = client.get(f"/api/products/{id}").get_json()["product"]["variants"]
    return float(variant["lowestPrice30Days"])


def test_the_product_tells_the_lowest_price_of_thirty_days(
    client: FlaskClient,
    clock: Any,
    make_product: MakeProduct,
    set_price: Callable[[str, str], None],
) -> None:
    id = make_product(price=Decimal(20))
    clock.move_to(START + 40 * DAY)
    assert shown(client, id) == 20
    set_price(id, "15")
    clock.advance(DAY)
    set_price(id, "30")
    assert shown(client, id) == 15
    # The reduced price ended exactly thirty days ago, then a moment longer.
    clock.advance(30 * DAY - MS)
    assert shown(client, id) == 15
    clock.advance(MS)
    assert shown(client, id) == 30


def test_beside_a_reduction_stands_the_lowest_price_before_it(
    client: FlaskClient,
    clock: Any,
    make_product: MakeProduct,
    set_price: Callable[[str, str], None],
) -> None:
    id = make_product(price=Decimal(18))
    clock.move_to(START + 10 * DAY)
    set_price(id, "25")
    # The 18.00 ended exactly thirty days before the reduction, then a moment later than that.
    clock.move_to(START + 40 * DAY)
    set_price(id, "15")
    assert shown(client, id) == 25
    PriceChange.raw().update_one({"price": 1500}, {"$set": {"at": START + 40 * DAY - MS}})
    assert shown(client, id) == 18
    # It stays so while the reduction does, however long.
    clock.advance(200 * DAY)
    assert shown(client, id) == 18
    # A further reduction is one of its own.
    set_price(id, "12")
    assert shown(client, id) == 15
    # A reduction that ended counts as what it cost.
    clock.advance(DAY)
    set_price(id, "20")
    assert shown(client, id) == 12
    set_price(id, "19")
    assert shown(client, id) == 12


def test_the_price_in_force_when_the_days_began_counts(
    prices: PriceHistory,
    clock: Any,
    make_product: MakeProduct,
    variant_of: Callable[[str], str],
    set_price: Callable[[str, str], None],
) -> None:
    id = make_product(price=Decimal(10))
    variant = variant_of(id)
    clock.move_to(START + 100 * DAY)
    assert prices.lowest([variant]) == {}
    set_price(id, "12")
    clock.advance(29 * DAY)
    assert prices.lowest([variant, "var_unknown"]) == {variant: 1000}
    assert prices.lowest([variant], days=7) == {}
    assert prices.lowest([]) == {}


def test_what_did_not_change_is_not_noted(
    admin: Caller, make_product: MakeProduct, prices: PriceHistory
) -> None:
    id = make_product(price=Decimal("29.99"))
    admin.put(f"/api/products/{id}", json={"name": "Other", "price": 29.99})
    assert PriceChange.raw().count_documents({}) == 1
    transaction(lambda: prices.record(id, [], SYSTEM))
    assert PriceChange.raw().count_documents({}) == 1


def test_staff_see_the_history(
    client: FlaskClient, clock: Any, login: Any, make_product: MakeProduct
) -> None:
    id = make_product(variants=[{"shade": "Rose"}, {"shade": "Plum"}], price=Decimal(20))
    make_product()
    rose, plum = (v["id"] for v in Product.raw().find_one({"_id": id})["variants"])
    clock.advance(DAY)
    admin: Caller = login("admin")
    answer = admin.put(f"/api/products/{id}/variants/{plum}", json={"price": 18.5})
    assert answer.status_code == 200
    path = f"/api/products/{id}/price-history"
    page = admin.get(f"{path}?limit=2").get_json()
    assert (page["totalCount"], page["totalPages"]) == (3, 2)
    newest = page["changes"][0]
    assert datetime.fromisoformat(newest.pop("at")) == START + DAY
    assert newest == {
        "variantId": plum,
        "price": 18.5,
        "previous": 20,
        "currency": "USD",
        "actor": admin.user_id,
    }
    (only,) = admin.get(f"{path}?variantId={rose}").get_json()["changes"]
    assert (only["variantId"], only["previous"]) == (rose, None)
    slug = Product.raw().find_one({"_id": id})["slug"]
    assert admin.get(f"/api/products/{slug}/price-history").get_json()["totalCount"] == 3
    assert client.get(path).status_code == 401
    assert login("customer").get(path).status_code == 403
    assert admin.get("/api/products/prod_none/price-history").status_code == 404
    assert admin.get(f"{path}?limit=0").status_code == 422


def test_reads_are_on_indexes(platform: Platform) -> None:
    newest = [("at", -1), ("_id", -1)]
    raw = PriceChange.raw()
    assert_uses_index(raw.find({"product_id": "p"}).sort(newest))
    assert_uses_index(raw.find({"variant_id": "v", "product_id": "p"}).sort(newest))
    assert_uses_index(raw.find({"at": {"$lt": START}}))


def test_two_queries_on_an_index_find_the_lowest_prices_of_all_variants(
    prices: PriceHistory, clock: Any, commands_of: Any, plans_of: Any
) -> None:
    variants = [f"var_{number}" for number in range(6)]
    for turn in range(50):
        clock.move_to(START + 10 * turn * DAY)
        # Half of them at a moment of their own; the last price is lower for half of them.
        for number, id in enumerate(variants):
            clock.advance(MS if number < 3 else 0 * MS)
            price = 1000 + (turn if number % 2 else -turn)
            previous = None if turn == 0 else price + (-1 if number % 2 else 1)
            change = {"variant_id": id, "previous": previous, "price": price}
            transaction(lambda change=change: prices.record("prod_a", [change], SYSTEM))  # type: ignore[misc]
    found: dict[str, int] = {}
    sent = commands_of(lambda: found.update(prices.lowest(variants)))
    assert found == {id: 1046 if n % 2 else 952 for n, id in enumerate(variants)}
    assert len(sent) == 2
    for plan in [plan for command in sent for plan in plans_of(command)]:
        assert not {"COLLSCAN", "SORT"} & set(plan["stages"]), plan
        # Six variants with two changes in their thirty days; not the fifty of each.
        assert plan["keys"] <= 40, plan
    # Without a change in the days there is nothing to look up a second time.
    clock.advance(60 * DAY)
    assert len(commands_of(lambda: prices.lowest([variants[1]]))) == 1


def test_old_prices_go_but_for_what_is_still_stated(
    prices: PriceHistory,
    clock: Any,
    make_product: MakeProduct,
    variant_of: Callable[[str], str],
    set_price: Callable[[str, str], None],
) -> None:
    id, other = make_product(price=Decimal(1)), make_product(price=Decimal(7))
    for price in ("2", "3", "4"):
        clock.advance(DAY)
        set_price(id, price)
    clock.advance(29 * DAY)
    set_price(id, "2.5")
    clock.move_to(START + 32 * DAY + MS + KEPT)
    assert prices.prune() == 2
    assert prices.prune() == 0
    kept = PriceChange.raw().find({"variant_id": variant_of(id)}).sort("at", 1)
    # That of 3.00 began 30 days before the last one.
    assert [row["price"] for row in kept] == [300, 400, 250]
    assert prices.lowest([variant_of(id)]) == {variant_of(id): 300}
    assert PriceChange.raw().count_documents({"variant_id": variant_of(other)}) == 1


# Hours from the first moment on, each with the price that begins then.
timelines = st.dictionaries(st.integers(0, 100 * 24), st.integers(1, 50), min_size=1, max_size=12)
HOURS = 30 * 24


@given(timeline=timelines, after=st.integers(0, 80 * 24), pruned=st.booleans())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_lowest_is_that_of_a_naive_timeline(
    prices: PriceHistory,
    monkeypatch: pytest.MonkeyPatch,
    timeline: dict[int, int],
    after: int,
    pruned: bool,
) -> None:
    # As short as it can be, so that there is something to prune.
    monkeypatch.setattr(price_history, "KEPT", 30 * DAY)
    PriceChange.raw().delete_many({})
    hour, clock, current = timedelta(hours=1), clocks.ManualClock(START), None
    changes: list[tuple[int, int]] = []
    with clocks.use(clock):
        for at, price in sorted(timeline.items()):
            clock.move_to(START + at * hour)
            if price != current:
                change = {"variant_id": "var_a", "previous": current, "price": price}
                transaction(lambda change=change: prices.record("prod_a", [change], SYSTEM))  # type: ignore[misc]
                changes.append((at, price))
            current = price
        end = max(timeline) + after
        clock.move_to(START + end * hour)
        if pruned:
            prices.prune()
        found = prices.lowest(["var_a"])

    def in_force(hours: int) -> int:
        return next(price for at, price in reversed(changes) if at <= hours)

    first, last = changes[0][0], changes[-1][0]
    if len(changes) > 1 and changes[-1][1] < changes[-2][1]:
        looked_at = range(max(last - HOURS, first), last)
    else:
        looked_at = range(max(end - HOURS, first), end + 1)
    assert found.get("var_a", current) == min(map(in_force, looked_at))
