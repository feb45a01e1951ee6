"""`python -m benchmarks.recommendations`: how well purchases to come are foretold.

A synthetic shop (latent_shop.py) is stored in an empty database of its own, the nightly job learns
from the first 80 % of the year, and each method names ten products for every customer who bought
something new in the rest. docs/benchmarks.md says what the figures mean, and what they do not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import fmean
from typing import Any

from benchmarks.latent_shop import DAYS, LatentOrder, LatentProduct, LatentShop, make_shop
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.models.review import Review
from wrencos_commerce.models.skin_profile import SkinProfile
from wrencos_commerce.services.recommendations.advice import Advisor, Wanted
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_core import clock, database, logs, platform as platforms
from wrencos_core.documents import new_row
from wrencos_core.platform import Platform
from wrencos_core.settings import Sources

AT = 10
SPLIT = 0.8
START = datetime(2026, 1, 1, tzinfo=UTC)
_CUT = START + timedelta(days=DAYS * SPLIT)


@dataclass(frozen=True)
class Quality:
    """Means over the customers: of ten named products, the share that was bought later, and of what
    was bought later, the share that was named. `coverage`: products named to anybody, of all.
    """

    method: str
    precision: float
    recall: float
    coverage: float


@dataclass(frozen=True)
class Case:
    """A customer, what they bought before the cut, and what of it was new after."""

    user_id: str
    before: frozenset[str]
    later: frozenset[str]


def evaluate(platform: Platform, shop: LatentShop, seed: int, most: int) -> list[Quality]:
    """Store the shop in the platform's empty database, learn, and compare the methods."""
    with clock.use(clock.ManualClock(_CUT)):
        _store(shop)
        learn()
        cases = _cases(shop)
        Random(seed).shuffle(cases)
        cases = cases[:most]
        methods: Mapping[str, Callable[[Case], list[str]]] = {
            "recommendations": _recommender(platform),
            "what sells best": _popular(),
            "chance": _chance(shop, seed),
        }
        return [
            _quality(name, method, cases, len(shop.products)) for name, method in methods.items()
        ]


def _quality(
    name: str, method: Callable[[Case], list[str]], cases: Sequence[Case], products: int
) -> Quality:
    precisions, recalls, named = [], [], set()
    for case in cases:
        suggested = [id for id in method(case) if id not in case.before][:AT]
        hits = len(case.later.intersection(suggested))
        precisions.append(hits / AT)
        recalls.append(hits / len(case.later))
        named.update(suggested)
    return Quality(name, fmean(precisions), fmean(recalls), len(named) / products)


def _recommender(platform: Platform) -> Callable[[Case], list[str]]:
    advisor = platform.services.require(Advisor)

    def method(case: Case) -> list[str]:
        limit = AT + len(case.before)
        advice = advisor.advise(Wanted(user_id=case.user_id, limit=limit, locale="en"))
        return [item.scored.row["_id"] for item in advice.suggested]

    return method


def _popular() -> Callable[[Case], list[str]]:
    rows = list(Product.raw().find({}, {"sold": 1}).sort([("sold", -1), ("_id", 1)]))
    return lambda case: [row["_id"] for row in rows]


def _chance(shop: LatentShop, seed: int) -> Callable[[Case], list[str]]:
    random, ids = Random(seed), [_product_id(product.number) for product in shop.products]
    return lambda case: random.sample(ids, len(ids))


def _cases(shop: LatentShop) -> list[Case]:
    before: dict[int, set[str]] = {}
    later: dict[int, set[str]] = {}
    for order in shop.orders:
        side = before if _at(order) < _CUT else later
        side.setdefault(order.customer, set()).update(map(_product_id, order.products))
    cases = []
    for customer in sorted(before):
        new = later.get(customer, set()) - before[customer]
        if new:
            cases.append(Case(_user_id(customer), frozenset(before[customer]), frozenset(new)))
    return cases


def _store(shop: LatentShop) -> None:
    """What the shop knows at the cut: no hidden thing, and nothing that happens later."""
    known = [order for order in shop.orders if _at(order) < _CUT]
    ratings: dict[int, list[int]] = {}
    for order in known:
        for product, rating in order.ratings.items():
            ratings.setdefault(product, []).append(rating)
    Product.raw().insert_many([_product(p, ratings.get(p.number, [])) for p in shop.products])
    Order.raw().insert_many([_order(number, order) for number, order in enumerate(known)])
    profiles = [
        new_row(
            f"skin_{person.number}",
            user_id=_user_id(person.number),
            skin_type=person.told_skin_type,
            concerns=list(person.told_concerns),
            sensitivities=[],
            avoid=[],
            source="quiz",
            show_in_reviews=False,
            use_for_recommendations=True,
        )
        for person in shop.customers
    ]
    SkinProfile.raw().insert_many(profiles)
    reviews = {
        f"review_{order.customer}_{product}": new_row(
            f"review_{order.customer}_{product}",
            user_id=_user_id(order.customer),
            product_id=_product_id(product),
            rating=rating,
            state="published",
        )
        for order in known
        for product, rating in order.ratings.items()
    }
    Review.raw().insert_many(list(reviews.values()))


def _product(product: LatentProduct, ratings: Sequence[int]) -> dict[str, Any]:
    id = _product_id(product.number)
    variant = {"id": f"var_{product.number}", "sku": id, "price": product.price, "inventory": 99}
    fields: dict[str, Any] = {
        "name": id,
        "slug": id,
        "description": "",
        "brand": product.brand,
        "currency": "VND",
        "category_id": product.category,
        "variants": [variant],
        "is_active": True,
        "skin_types": list(product.skin_types),
        "concerns": list(product.concerns),
        "ingredients": [],
        "inci": [],
        "ingredient_keys": [],
        "ingredient_groups": [],
        "free_from": [],
        "sold": 0,
        "rating_count": len(ratings),
        "rating_sum": sum(ratings),
        "rating": fmean(ratings) if ratings else None,
        # What was bought is not asked for again below, so nobody's stock at home may matter.
        "period_after_opening": 1,
    }
    return new_row(id, **fields, **derived(fields, [product.category]))


def _order(number: int, order: LatentOrder) -> dict[str, Any]:
    lines = [
        {"product_id": _product_id(product), "name": _product_id(product), "quantity": 1}
        for product in order.products
    ]
    row = new_row(
        f"order_{number}", user_id=_user_id(order.customer), status="delivered", lines=lines
    )
    return {**row, "created_at": _at(order)}


def _at(order: LatentOrder) -> datetime:
    return clock.to_milliseconds(START + timedelta(days=order.day))


def _product_id(number: int) -> str:
    return f"prod_{number:04}"


def _user_id(number: int) -> str:
    return f"user_{number:05}"


def main() -> int:
    """Evaluate on several shops and print the means."""
    from benchmarks.server import databases

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recommendations", description=__doc__
    )
    parser.add_argument("--products", type=int, default=400, help="products in the shop")
    parser.add_argument("--customers", type=int, default=1500, help="its customers")
    parser.add_argument("--most", type=int, default=500, help="customers who are asked about")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="one shop each")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    runs: list[list[Quality]] = []
    for seed in options.seeds:
        with databases() as base, _connected(base.environ) as platform:
            shop = make_shop(options.products, options.customers, seed)
            runs.append(evaluate(platform, shop, seed, options.most))
    means = [_mean([run[place] for run in runs]) for place in range(len(runs[0]))]
    if options.json:
        print(json.dumps([asdict(quality) for quality in means], indent=2))
        return 0
    print(f"{'':18}precision@{AT}  recall@{AT}  coverage")
    for quality in means:
        print(
            f"{quality.method:18}{quality.precision:12.4f}{quality.recall:11.4f}"
            f"{quality.coverage:10.2f}"
        )
    return 0


@contextmanager
def _connected(environ: Mapping[str, str]) -> Iterator[Platform]:
    platform = platforms.start(sources=Sources(environ=environ))
    quiet = platform.settings.model_copy(update={"log_level": "WARNING"})
    logs.configure(quiet, force_text=True)
    platform.connect()
    try:
        platform.prepare()
        yield platform
    finally:
        platform.redis.close()
        database.disconnect()


def _mean(runs: Sequence[Quality]) -> Quality:
    return Quality(
        runs[0].method,
        fmean(run.precision for run in runs),
        fmean(run.recall for run in runs),
        fmean(run.coverage for run in runs),
    )


if __name__ == "__main__":
    sys.exit(main())
