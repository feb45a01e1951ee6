"""Which products are bought together: exact counts in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import Any
from zlib import crc32

# A pair that one customer made may be chance.
MIN_CUSTOMERS = 2
MOST_NEIGHBOURS = 50
# So many pairs are counted at a time; each takes about 250 bytes.
MOST_PAIRS = 400_000
# Added to the count below the line: two customers in common say less than twenty.
_DAMPING = 3


@dataclass(frozen=True)
class Basket:
    """What one customer bought: the products of each order, and all of them once."""

    products: Sequence[str]
    orders: Sequence[Sequence[str]]


Baskets = Callable[[], Iterable[Basket]]


class _TooMany(Exception):
    """More pairs than may be held; take fewer products at a time."""


@dataclass
class _Totals:
    customers: Counter[str]
    orders: Counter[str]


def neighbours(
    baskets: Baskets, most_pairs: int = MOST_PAIRS
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """For each product its neighbours, as rows of models.learned.Neighbour, the strongest first.

    `baskets()` is gone through once to count the products, and once or more for the pairs: when
    there are too many to hold, for half of the products at a time, and so on.

    With n customers who bought a and b, the score is n / sqrt(n_a * n_b), their cosine, times
    n / (n + 3); `together` is the same by orders.
    """
    totals = _Totals(Counter(), Counter())
    for basket in baskets():
        totals.customers.update(set(basket.products))
        totals.orders.update(product for order in basket.orders for product in set(order))
    yield from _part(baskets, totals, 0, 1, most_pairs)


def _part(
    baskets: Baskets, totals: _Totals, part: int, parts: int, most_pairs: int
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    owned = {product for product in totals.customers if crc32(product.encode()) % parts == part}
    try:
        counted = _count(baskets, owned, most_pairs)
    except _TooMany:
        if len(owned) > 1:
            for half in (part, part + parts):
                yield from _part(baskets, totals, half, parts * 2, most_pairs)
            return
        # One product alone can have no more pairs than there are products.
        counted = _count(baskets, owned, len(totals.customers))
    for product in sorted(counted):
        if rows := _strongest(product, counted[product], totals):
            yield product, rows


def _count(
    baskets: Baskets, owned: set[str], most_pairs: int
) -> Mapping[str, Mapping[str, list[int]]]:
    """owner -> other -> [customers, orders]; raises _TooMany."""
    counted: dict[str, dict[str, list[int]]] = {}
    held = 0

    def add(products: Iterable[str], place: int) -> None:
        nonlocal held
        for pair in combinations(sorted(set(products)), 2):
            for owner, other in (pair, pair[::-1]):
                if owner in owned:
                    others = counted.setdefault(owner, {})
                    if other not in others:
                        others[other] = [0, 0]
                        held += 1
                    others[other][place] += 1

    for basket in baskets():
        add(basket.products, 0)
        for order in basket.orders:
            add(order, 1)
        if held > most_pairs:
            raise _TooMany
    return counted


def _strongest(
    product: str, others: Mapping[str, Sequence[int]], totals: _Totals
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "product_id": other,
            "customers": customers,
            "orders": orders,
            "score": _link(customers, totals.customers, product, other),
            "together": _link(orders, totals.orders, product, other),
        }
        for other, (customers, orders) in others.items()
        if customers >= MIN_CUSTOMERS
    ]
    rows.sort(key=lambda row: (-row["score"], row["product_id"]))
    return rows[:MOST_NEIGHBOURS]


def _link(count: int, totals: Mapping[str, int], one: str, other: str) -> float:
    if not count:
        return 0.0
    return count / sqrt(totals[one] * totals[other]) * count / (count + _DAMPING)
