"""Recommendations foretell purchases better than the best sellers do, in a small made-up shop."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import pytest

import wrencos_commerce.plugin
from benchmarks.latent_shop import make_shop
from benchmarks.recommendations import evaluate
from wrencos_core.platform import Platform


@pytest.fixture(scope="session")
def wrencos_plugins() -> Mapping[str, ModuleType]:
    return {"commerce": wrencos_commerce.plugin}


def test_the_same_shop_is_made_every_time() -> None:
    assert make_shop(20, 10, 5) == make_shop(20, 10, 5) != make_shop(20, 10, 6)


def test_recommendations_beat_the_best_sellers_and_chance(platform: Platform) -> None:
    shop = make_shop(products=150, customers=400, seed=11)
    ours, popular, chance = evaluate(platform, shop, seed=11, most=150)
    assert ours.precision > 1.3 * popular.precision > 0
    assert ours.recall > 1.3 * popular.recall
    assert popular.recall > chance.recall
    # Not the same ten for everybody.
    assert ours.coverage > 2 * popular.coverage
