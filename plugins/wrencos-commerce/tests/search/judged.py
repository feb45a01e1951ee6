"""Queries with their right answers, and how well the search finds those.

quality.csv was written from demo_data/products.csv: each query with the products that a shop
assistant would bring, by SKU or by a rule on the product's own data. A rule is alternatives (`|`
with spaces) of conditions (`&` with spaces) that a product must meet: `category=`, `brand=`,
`skin=` and `concern=` compare what the file says, `ingredient=` is a part of a listed ingredient,
`name~` a regular expression for the name, `not name~` its opposite, `sku=` lists SKUs. Products
that are not for sale are never right.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter

Product = Mapping[str, str]

CUT = 5


@dataclass(frozen=True)
class Judged:
    """A query, of what class it is, and the SKUs that are right."""

    kind: str
    query: str
    right: frozenset[str]


@dataclass(frozen=True)
class Quality:
    """Recall is of the first five, of at most five that are right; `p95_ms` of one query."""

    recall: float
    by_class: Mapping[str, float]
    mrr: float
    p95_ms: float
    missed: Sequence[str]


def judgements(products: Sequence[Product]) -> list[Judged]:
    """Every query of quality.csv. Raises ValueError for one without any right product."""
    source = Path(__file__).with_name("quality.csv").read_text("utf-8")
    judged = []
    for row in csv.DictReader(source.splitlines(), strict=True):
        right = frozenset(p["sku"] for p in products if _is_right(p, row["relevant"]))
        if not right:
            raise ValueError(f"no product is right for {row['query']}: {row['relevant']}")
        judged.append(Judged(row["class"], row["query"], right))
    return judged


def measure(judged: Sequence[Judged], search: Callable[[str], Sequence[str]]) -> Quality:
    """Ask each query of `search`, which gives SKUs, the best first."""
    recalls: dict[str, list[float]] = defaultdict(list)
    ranks, times, missed = [], [], []
    for one in judged:
        start = perf_counter()
        found = list(search(one.query))
        times.append((perf_counter() - start) * 1000)
        hits = sum(sku in one.right for sku in found[:CUT])
        recall = hits / min(CUT, len(one.right))
        recalls[one.kind].append(recall)
        first = next((n for n, sku in enumerate(found, 1) if sku in one.right), None)
        ranks.append(1 / first if first else 0.0)
        if recall < 1:
            missed.append(f"{recall:.2f} {one.query}: {found[:CUT]}, right: {sorted(one.right)}")
    every = [recall for of_class in recalls.values() for recall in of_class]
    return Quality(
        recall=fmean(every),
        by_class={kind: fmean(values) for kind, values in sorted(recalls.items())},
        mrr=fmean(ranks),
        p95_ms=sorted(times)[int(len(times) * 0.95)],
        missed=missed,
    )


def _is_right(product: Product, rule: str) -> bool:
    if product["isActive"] != "true":
        return False
    return any(
        all(_meets(product, part.strip()) for part in _conditions(way)) for way in rule.split(" | ")
    )


def _conditions(way: str) -> list[str]:
    # A brand may have an `&` in its name: a condition begins with its field.
    return re.split(r" & (?=not |\w+[=~])", way)


def _meets(product: Product, condition: str) -> bool:
    if condition.startswith("not "):
        return not _meets(product, condition.removeprefix("not "))
    field, operator, value = re.split(r"([=~])", condition, maxsplit=1)
    if operator == "~":
        return bool(re.search(value, product[field], re.IGNORECASE))
    if field == "sku":
        return product["sku"] in value.split()
    if field == "ingredient":
        listed = product["ingredients"].lower()
        return any(part.lower() in listed for part in value.split("|"))
    several = {"skin": "skinTypes", "concern": "concerns"}
    if field in several:
        return value in product[several[field]].split("; ")
    return product[field] == value
