"""The nightly job: counts the year's orders into a new generation and puts that into use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any

from pymongo import UpdateOne

from wrencos_commerce.models.learned import CoPurchase, Generation, ProfileCount
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.skin_profile import SkinProfile
from wrencos_commerce.services.recommendations.pairs import Basket, neighbours
from wrencos_commerce.services.recommendations.profile_counts import ProfileCounts, count_profiles
from wrencos_core.api import new_id, new_row, now

Row = Mapping[str, Any]

WINDOW = timedelta(days=365)
# The newest different products of one customer that are paired; a wholesaler's hundreds say little.
MOST_PRODUCTS = 50
# A run that has not finished by then was killed.
_ABANDONED = timedelta(days=1)
# The one in use, and the one before it: a reader may just have begun with that.
_KEPT = 2
_BATCH = 500
_NOT_CANCELLED = {"$ne": OrderStatus.CANCELLED.value}


@dataclass(frozen=True)
class LearnReport:
    """What a run counted and changed."""

    generation: str
    orders: int
    customers: int
    products: int
    with_neighbours: int
    with_counts: int
    sold_changed: int


@dataclass
class _Tally:
    orders: int = 0
    customers: int = 0
    sold: Counter[str] = field(default_factory=Counter)
    buyers: Counter[str] = field(default_factory=Counter)


def learn() -> LearnReport:
    """Count the orders of the last 365 days that were not cancelled, in a generation of its own.

    It comes into use at the end, in one write; a run that dies changes nothing that is read, and
    two at once do not disturb each other.
    """
    since = now() - WINDOW
    generation = new_id(Generation.id_prefix)
    Generation.raw().insert_one(new_row(generation, since=since))
    tally = _tally(since)
    counts = count_profiles(since)
    _store(ProfileCount, generation, _count_rows(tally, counts))
    pairs = neighbours(lambda: _baskets(since))
    with_neighbours = _store(CoPurchase, generation, _pair_rows(pairs))
    _put_into_use(generation, tally, counts)
    changed = _update_sold(tally.sold)
    _tidy()
    return LearnReport(
        generation=generation,
        orders=tally.orders,
        customers=tally.customers,
        products=len(tally.sold),
        with_neighbours=with_neighbours,
        with_counts=len(counts.products),
        sold_changed=changed,
    )


def _orders(since: datetime) -> Iterator[Row]:
    """The orders, customer by customer, the newest first: a walk along one index."""
    # Without a condition on its first field an index takes no bounds for the second.
    query = {"user_id": {"$gt": ""}, "created_at": {"$gte": since}, "status": _NOT_CANCELLED}
    fields = {"user_id": 1, "lines.product_id": 1, "lines.quantity": 1}
    order = [("user_id", 1), ("created_at", -1), ("_id", -1)]
    with Order.raw().find(query, fields).sort(order).hint("by_user") as rows:
        yield from rows


def _tally(since: datetime) -> _Tally:
    tally = _Tally()
    for _, rows in groupby(_orders(since), key=lambda row: str(row["user_id"])):
        tally.customers += 1
        bought = set()
        for row in rows:
            tally.orders += 1
            for line in row["lines"]:
                tally.sold[line["product_id"]] += line["quantity"]
                bought.add(line["product_id"])
        tally.buyers.update(bought)
    return tally


def _baskets(since: datetime) -> Iterator[Basket]:
    """Every customer's basket, but of those who refused to be counted."""
    by_user = groupby(_orders(since), key=lambda row: str(row["user_id"]))
    baskets = ((user_id, _basket(rows)) for user_id, rows in by_user)
    while batch := list(islice(baskets, _BATCH)):
        refusing = _refusing([user_id for user_id, _ in batch])
        yield from (basket for user_id, basket in batch if user_id not in refusing)


def _basket(rows: Iterable[Row]) -> Basket:
    orders = [
        list(dict.fromkeys(line["product_id"] for line in row["lines"]))[:MOST_PRODUCTS]
        for row in rows
    ]
    products = list(dict.fromkeys(product for order in orders for product in order))
    products = products[:MOST_PRODUCTS]
    kept = set(products)
    return Basket(products, [[p for p in order if p in kept] for order in orders])


def _refusing(user_ids: Sequence[str]) -> set[str]:
    query = {"user_id": {"$in": list(user_ids)}, "use_for_recommendations": False}
    return {row["user_id"] for row in SkinProfile.raw().find(query, {"user_id": 1})}


def _count_rows(tally: _Tally, counts: ProfileCounts) -> Iterator[Row]:
    for id in sorted({*tally.buyers, *counts.products}):
        by_skin_type = counts.products.get(id, {})
        yield {"product_id": id, "buyers": tally.buyers[id], "by_skin_type": by_skin_type}


def _pair_rows(pairs: Iterable[tuple[str, list[dict[str, Any]]]]) -> Iterator[Row]:
    for product_id, rows in pairs:
        yield {"product_id": product_id, "neighbours": rows}


def _store(
    model: type[CoPurchase] | type[ProfileCount], generation: str, rows: Iterator[Row]
) -> int:
    stored = 0
    while batch := list(islice(rows, _BATCH)):
        model.raw().insert_many(
            [new_row(new_id(model.id_prefix), generation=generation, **row) for row in batch]
        )
        stored += len(batch)
    return stored


def _put_into_use(generation: str, tally: _Tally, counts: ProfileCounts) -> None:
    finished = {
        "finished_at": now(),
        "updated_at": now(),
        "orders": tally.orders,
        "products": len(tally.sold),
        "most_sold": max(tally.sold.values(), default=0),
        "customers": counts.customers,
        "by_skin_type": counts.by_skin_type,
        "rated": counts.rated,
        "rated_high": counts.rated_high,
    }
    Generation.raw().update_one({"_id": generation}, {"$set": finished})


def _update_sold(sold: Mapping[str, int]) -> int:
    """Write the pieces sold where they differ; how many did.

    Neither `version` nor `updated_at` move: it is a count, not somebody's change of the product,
    and must not refuse an edit that is under way or have the search read the product anew.
    """
    changes = (
        UpdateOne({"_id": row["_id"]}, {"$set": {"sold": sold.get(row["_id"], 0)}})
        for row in Product.raw().find({}, {"sold": 1})
        if row.get("sold") != sold.get(row["_id"], 0)
    )
    changed = 0
    while batch := list(islice(changes, _BATCH)):
        Product.raw().bulk_write(batch, ordered=False)
        changed += len(batch)
    return changed


def _tidy() -> None:
    """Delete the generations before the last two, and those of runs that died."""
    finished = Generation.raw().find({"finished_at": {"$exists": True}}, {"_id": 1})
    old = [row["_id"] for row in finished.sort("finished_at", -1).skip(_KEPT)]
    dead = {"finished_at": {"$exists": False}, "created_at": {"$lt": now() - _ABANDONED}}
    old += [row["_id"] for row in Generation.raw().find(dead, {"_id": 1})]
    for model in (CoPurchase, ProfileCount):
        model.raw().delete_many({"generation": {"$in": old}})
    Generation.raw().delete_many({"_id": {"$in": old}})
