"""The nightly job: true counts, one generation at a time, nothing of those who refused."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from itertools import combinations
from math import sqrt
from typing import Any

import pytest
from hypothesis import given, strategies as st

from wrencos_commerce.models.learned import CoPurchase, Generation, ProfileCount
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.recommendations import learning
from wrencos_commerce.services.recommendations.learned import counts_of, learned_about
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_commerce.services.recommendations.pairs import Basket, neighbours
from wrencos_core.api import Platform, database, new_id, new_row, now
from wrencos_core.testing.threads import run_in_threads


def neighbours_of(product: str) -> dict[str, Any]:
    rows = learned_about([product]).neighbours.get(product, ())
    return {row["product_id"]: row for row in rows}


def counts(product: str) -> Any:
    generation = learned_about([]).generation
    return counts_of(generation, [product])[product].by_skin_type


def buyers(product: str) -> int:
    return counts_of(learned_about([]).generation, [product])[product].buyers


def test_what_is_bought_together_is_counted_by_customers_and_by_orders(past: Any) -> None:
    a, b, c = past.products(3)
    for _ in range(3):
        past.order(past.person(), a, b)
    at_two_times = past.person()
    past.order(at_two_times, a, days_ago=50)
    past.order(at_two_times, b, days_ago=20)
    past.order(past.person(), a, c)
    report = learn()
    assert (report.orders, report.customers, report.products) == (6, 5, 3)
    (link,) = neighbours_of(a).values()
    assert (link["product_id"], link["customers"], link["orders"]) == (b, 4, 3)
    assert link["score"] == pytest.approx(4 / sqrt(5 * 4) * 4 / 7)
    assert link["together"] == pytest.approx(3 / sqrt(5 * 4) * 3 / 6)
    # One customer alone may be chance.
    assert neighbours_of(c) == {}


def test_cancelled_and_old_orders_are_left_out(past: Any) -> None:
    a, b = past.products(2)
    for _ in range(2):
        past.order(past.person(), a, b, status="cancelled")
        past.order(past.person(), a, b, days_ago=366)
    assert learn().orders == 0
    assert neighbours_of(a) == {}


def test_pieces_sold_are_written_where_they_changed(past: Any) -> None:
    a, b, c = past.products(3)
    past.order(past.person(), a, b, quantity=3)
    past.order(past.person(), a)
    Product.raw().update_one({"_id": c}, {"$set": {"sold": 9}})
    before = {row["_id"]: row for row in Product.raw().find()}
    assert learn().sold_changed == 3
    after = {row["_id"]: row for row in Product.raw().find()}
    assert [after[id]["sold"] for id in (a, b, c)] == [4, 3, 0]
    for id in (a, b, c):
        assert {**after[id], "sold": 0} == {**before[id], "sold": 0}
    assert learn().sold_changed == 0


def test_people_of_a_skin_type_are_counted_once_each(past: Any) -> None:
    cream, soap = past.products(2)
    dry = past.rated_by(cream, [5, 4, 3], skin_type="dry")
    past.order(dry[0], cream, days_ago=9)
    past.order(dry[1], soap)
    past.rated_by(cream, [1], skin_type="oily")
    past.person(skin_type="oily")
    learn()
    assert counts(cream) == {
        "dry": {"bought": 3, "rated": 3, "high": 2},
        "oily": {"bought": 1, "rated": 1, "high": 0},
    }
    assert counts(soap) == {"dry": {"bought": 1, "rated": 0, "high": 0}}
    generation = learned_about([]).generation
    assert generation is not None
    assert generation["customers"] == 4
    assert generation["by_skin_type"] == {"dry": 3, "oily": 1}
    assert (generation["rated"], generation["rated_high"]) == (4, 2)


def test_who_did_not_agree_is_not_counted(past: Any) -> None:
    a, b = past.products(2)
    people = past.rated_by(a, [5, 5, 5], skin_type="dry")
    for person in people:
        past.order(person, b)
    learn()
    assert counts(a)["dry"]["high"] == 3
    assert neighbours_of(a)[b]["customers"] == 3
    past.profiles.save(people[0], {"skin_type": "dry", "use_for_recommendations": False})
    past.profiles.delete(people[1])
    learn()
    # The one who refused is in no count; one who never said anything is in those without profile.
    assert counts(a)["dry"] == {"bought": 1, "rated": 1, "high": 1}
    assert neighbours_of(a)[b]["customers"] == 2


def test_unpublished_reviews_do_not_count(past: Any) -> None:
    (cream,) = past.products(1)
    person = past.person(skin_type="dry")
    past.review(person, cream, 5, state="pending")
    learn()
    soap = past.product("Soap")
    past.order(person, soap)
    learn()
    assert counts(soap) == {"dry": {"bought": 1, "rated": 0, "high": 0}}
    assert counts_of(learned_about([]).generation, [cream]) == {}


def test_buyers_are_people_not_orders(past: Any) -> None:
    a, b = past.products(2)
    often = past.person()
    for days in (10, 20):
        past.order(often, a, a, quantity=9, days_ago=days)
    past.order(past.person(), a, b)
    past.order(past.person(), b, status="cancelled")
    learn()
    assert (buyers(a), buyers(b)) == (2, 1)
    assert counts(a) == {}


def test_run_twice_it_says_the_same_and_keeps_two_generations(past: Any, clock: Any) -> None:
    a, b = past.products(2)
    for _ in range(2):
        past.order(past.person(), a, b)
    first = learn()
    shown = neighbours_of(a)
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        last = learn()
    assert neighbours_of(a) == shown
    assert first.generation != last.generation
    assert learned_about([]).generation["_id"] == last.generation  # type: ignore[index]
    assert Generation.raw().count_documents({}) == 2
    assert CoPurchase.raw().count_documents({}) == 4


def test_a_run_that_dies_changes_nothing_and_is_cleaned_up(
    past: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = past.products(2)
    for _ in range(2):
        past.order(past.person(), a, b)
    good = learn().generation

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(learning, "_put_into_use", killed)
        with pytest.raises(KeyboardInterrupt):
            learn()
    assert learned_about([]).generation["_id"] == good  # type: ignore[index]
    assert CoPurchase.raw().count_documents({}) == 4
    clock.advance(timedelta(days=1, minutes=1))
    learn()
    assert Generation.raw().count_documents({"finished_at": {"$exists": False}}) == 0
    assert len(CoPurchase.raw().distinct("generation")) == 2


def test_two_runs_at_once_do_not_disturb_each_other(past: Any) -> None:
    a, b = past.products(2)
    for _ in range(3):
        past.order(past.person(skin_type="dry"), a, b)
    outcomes = run_in_threads(3, lambda number: learn())
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert neighbours_of(a)[b]["customers"] == 3
    assert counts(a)["dry"]["bought"] == 3
    assert Product.raw().find_one({"_id": a})["sold"] == 3


def test_the_job_runs_at_night_and_twice(platform: Platform, past: Any, run_jobs: Any) -> None:
    a, b = past.products(2)
    for _ in range(2):
        past.order(past.person(), a, b)
    (schedule,) = [s for s in platform.schedules if s.job == "commerce.learn_recommendations"]
    assert schedule.cron
    run_jobs()  # what the new products gave others to do
    for _ in range(2):
        platform.jobs.enqueue("commerce.learn_recommendations")
        assert run_jobs() == 1
    assert neighbours_of(a)[b]["orders"] == 2


def test_the_orders_are_read_along_an_index(past: Any, commands_of: Any, plans_of: Any) -> None:
    a, b = past.products(2)
    for _ in range(30):
        past.order(past.person(skin_type="dry"), a, b)
        past.order(past.person(), a, days_ago=800)
    learn()
    sent = [command for command in commands_of(learn) if "find" in command]
    read = [command for command in sent if command["find"] != "commerce_products"]
    assert read
    for command in read:
        for plan in plans_of(command):
            assert "COLLSCAN" not in plan["stages"], command
            assert "SORT" not in plan["stages"], command
            # None of the old orders is fetched.
            assert plan["documents"] <= 30, command


def brute_force(baskets: list[Basket]) -> dict[tuple[str, str], tuple[int, int]]:
    by_customer: Counter[tuple[str, str]] = Counter()
    by_order: Counter[tuple[str, str]] = Counter()
    for basket in baskets:
        by_customer.update(combinations(sorted(set(basket.products)), 2))
        for order in basket.orders:
            by_order.update(combinations(sorted(set(order)), 2))
    return {pair: (n, by_order[pair]) for pair, n in by_customer.items() if n >= 2}


products = st.sampled_from([f"prod_{letter}" for letter in "abcdefgh"])
baskets = st.lists(st.lists(st.lists(products, max_size=5), max_size=3), max_size=12)


@given(baskets, st.integers(1, 40))
def test_pairs_are_counted_exactly_however_little_memory_there_is(
    orders: list[list[list[str]]], most_pairs: int
) -> None:
    given_baskets = [
        Basket(list(dict.fromkeys(p for order in one for p in order)), one) for one in orders
    ]
    expected = brute_force(given_baskets)
    found = {
        tuple(sorted((product, row["product_id"]))): (row["customers"], row["orders"])
        for product, rows in neighbours(lambda: given_baskets, most_pairs)
        for row in rows
    }
    assert found == expected
    for _, rows in neighbours(lambda: given_baskets, most_pairs):
        assert all(0 < row["score"] <= 1 and 0 <= row["together"] <= 1 for row in rows)


def test_only_the_strongest_neighbours_are_kept() -> None:
    rng = random.Random(3)
    everything = [f"prod_{number:03}" for number in range(90)]
    given_baskets = [
        Basket(chosen, [chosen]) for chosen in (rng.sample(everything, 45) for _ in range(40))
    ]
    rows = dict(neighbours(lambda: given_baskets))
    assert {len(found) for found in rows.values()} == {50}
    for found in rows.values():
        scores = [row["score"] for row in found]
        assert scores == sorted(scores, reverse=True)


def test_many_customers_are_read_in_batches(past: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "_BATCH", 2)
    monkeypatch.setattr("wrencos_commerce.services.recommendations.profile_counts._BATCH", 2)
    a, b, c = past.products(3)
    for number in range(5):
        past.order(past.person(skin_type="dry"), a, b, *([c] if number % 2 else []))
    learn()
    assert counts(a)["dry"]["bought"] == 5
    assert neighbours_of(a)[b]["customers"] == 5
    assert neighbours_of(a)[c]["customers"] == 2
    assert [Product.raw().find_one({"_id": id})["sold"] for id in (a, b, c)] == [5, 5, 2]
    assert ProfileCount.raw().count_documents({}) == 3


def test_what_was_learned_is_looked_up_by_an_index(past: Any, commands_of: Any) -> None:
    a, b, *_ = past.products(40)
    for number, other in enumerate(past.products(40)):
        for _ in range(2):
            past.order(past.person(), other, b if number % 2 else a)
    learn()
    (sent,) = commands_of(lambda: learned_about([a]))
    explained = database().command({"explain": dict(sent), "verbosity": "executionStats"})
    (lookup,) = [stage for stage in explained["stages"] if "$lookup" in stage]
    assert lookup["indexesUsed"] == ["product"]
    assert lookup["collectionScans"] == 0
    assert lookup["totalDocsExamined"] == 1


def test_an_unfinished_generation_is_never_read(platform: Platform) -> None:
    Generation.raw().insert_one(new_row(new_id("learned"), since=now()))
    assert learned_about(["prod_x"]).generation is None
