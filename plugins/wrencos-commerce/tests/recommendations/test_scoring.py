"""The formula: each part from 0 to 1, in the right direction, and the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st

from wrencos_commerce.services.recommendations.scoring import (
    VARIETY,
    WEIGHTS,
    Evidence,
    Scored,
    Taste,
    alike_part,
    content_part,
    popularity_part,
    rating_part,
    score,
    together_part,
    varied,
)

EMPTY = Evidence({}, {}, None)
GENERATION = {
    "most_sold": 100,
    "customers": 50,
    "by_skin_type": {"dry": 20, "oily": 30},
    "rated": 40,
    "rated_high": 20,
}


def product(**fields: Any) -> dict[str, Any]:
    return {
        "_id": "prod_a",
        "category_id": None,
        "skin_types": [],
        "concerns": [],
        "sold": 0,
        "free_from": [],
        "rating_sum": 0,
        "rating_count": 0,
        **fields,
    }


def test_the_weights_sum_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_a_product_for_my_skin_beats_one_for_all_beats_one_for_others() -> None:
    taste = Taste(skin_type="dry")
    parts = [content_part(product(skin_types=types), taste) for types in (["dry"], [], ["oily"])]
    assert parts == [1.0, 0.5, 0.0]


def test_more_and_more_urgent_concerns_count_more() -> None:
    taste = Taste(concerns=("acne", "redness", "dullness"))
    three = ["acne", "redness", "dullness"]
    wanted: list[list[str]] = [three, three[:2], ["acne"], ["dullness"], []]
    parts = [content_part(product(concerns=concerns), taste) for concerns in wanted]
    assert parts == sorted(parts, reverse=True)
    assert parts[0] == pytest.approx(1)
    assert parts[-1] == 0


def test_what_the_skin_does_not_like_counts() -> None:
    taste = Taste(sensitivities=("fragrance", "alcohol"))
    assert content_part(product(free_from=["fragrance"]), taste) == 0.5


def test_what_people_like_me_buy_and_like_counts() -> None:
    def part(**dry: int) -> float:
        return alike_part("dry", {"dry": dry, "oily": {"bought": 3}}, GENERATION)

    assert part(bought=10) > part(bought=2) > part()
    assert part(bought=2, rated=9, high=9) > part(bought=2, rated=2, high=2) > part(bought=2)
    assert part(bought=2) > part(bought=2, rated=5, high=0)
    nobody = alike_part("dry", {}, GENERATION)
    assert nobody == pytest.approx((0.5 + 0.5) / 2)


def test_more_sold_and_better_rated_is_better() -> None:
    assert [popularity_part(sold, 100) for sold in (0, 100, 500)] == [0, 1, 1]
    assert 0 < popularity_part(1, 100) < popularity_part(50, 100) < 1
    assert popularity_part(5, 0) == 0
    few, many = product(rating_count=1, rating_sum=5), product(rating_count=50, rating_sum=250)
    assert rating_part(many) > rating_part(few) > rating_part(product())


def test_links_add_up_and_stay_below_one() -> None:
    seeds = {"a": 1.0, "b": 0.4}
    assert together_part(seeds, {}) == 0
    weak, strong = together_part(seeds, {"b": 0.2}), together_part(seeds, {"a": 0.2})
    assert 0 < weak < strong < together_part(seeds, {"a": 0.2, "b": 0.2}) < 1


def test_parts_that_cannot_be_known_are_left_out_for_all() -> None:
    assert set(score(product(), Taste(), EMPTY).parts) == {"rating"}
    content = Taste(skin_type="dry")
    assert set(score(product(), content, EMPTY).parts) == {"content", "rating"}
    everything = Taste(skin_type="dry", seeds={"a": 1.0})
    parts = score(product(), everything, Evidence({}, {}, GENERATION)).parts
    assert list(parts) == list(WEIGHTS)
    of_no_known_type = Taste(skin_type="odd", seeds={"a": 1.0})
    parts = score(product(), of_no_known_type, Evidence({}, {}, GENERATION)).parts
    assert "alike" not in parts


shares = st.floats(0, 1)
counts = st.integers(0, 30)
tags = st.lists(st.sampled_from(["dry", "oily", "acne", "redness", "fragrance"]), max_size=4)


@st.composite
def like_counts(draw: st.DrawFn) -> Mapping[str, Mapping[str, int]]:
    found = {}
    for name in ("dry", "oily"):
        rated = draw(counts)
        high = draw(st.integers(0, rated))
        found[name] = {"bought": draw(st.integers(0, 20)), "rated": rated, "high": high}
    return found


@given(tags, tags, tags, st.integers(0, 200), st.integers(0, 20), like_counts(), shares, tags)
def test_relevance_is_always_from_0_to_1_and_the_weighted_mean(
    types: list[str],
    concerns: list[str],
    free: list[str],
    sold: int,
    rated: int,
    likes: Mapping[str, Mapping[str, int]],
    link: float,
    mine: list[str],
) -> None:
    row = product(
        skin_types=types,
        concerns=concerns,
        free_from=free,
        sold=sold,
        rating_count=rated,
        rating_sum=3 * rated,
    )
    concerns_once = tuple(dict.fromkeys(mine))
    taste = Taste("dry", concerns_once, concerns_once, {"seed": 1.0})
    scored = score(row, taste, Evidence({"seed": link}, likes, GENERATION))
    assert all(0 <= part <= 1 for part in scored.parts.values())
    expected = sum(WEIGHTS[name] * part for name, part in scored.parts.items())
    assert scored.relevance == pytest.approx(expected)


items = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["a", "b", None])), min_size=1, max_size=20
)


@given(items, st.integers(1, 25))
def test_variety_takes_the_best_at_each_place(
    given_items: list[tuple[float, str | None]], limit: int
) -> None:
    scored = [
        Scored(product(_id=f"prod_{number:02}", category_id=category), relevance, {})
        for number, (relevance, category) in enumerate(given_items)
    ]
    chosen = varied(scored, limit)
    assert [item.row["_id"] for item in chosen] == _by_hand(scored, limit)
    assert chosen == varied(list(reversed(scored)), limit)
    relevances = [item.relevance for item in chosen]
    assert relevances == sorted(relevances, reverse=True)


def _by_hand(scored: list[Scored], limit: int) -> list[str]:
    left, taken = list(scored), {"a": 0, "b": 0}
    chosen: list[str] = []
    while left and len(chosen) < limit:

        def worth(item: Scored) -> tuple[float, str]:
            category = item.row["category_id"]
            factor = VARIETY ** taken[category] if category else 1.0
            return -item.relevance * factor, item.row["_id"]

        best = min(left, key=worth)
        left.remove(best)
        if best.row["category_id"]:
            taken[best.row["category_id"]] += 1
        chosen.append(best.row["_id"])
    return chosen
