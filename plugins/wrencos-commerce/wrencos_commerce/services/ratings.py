"""The rating of a product, kept in step with its published reviews."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import Review, ReviewState
from wrencos_core.api import NotFound, bump, transaction

Row = Mapping[str, Any]

STARS = (1, 2, 3, 4, 5)
_FIELDS = {"rating": 1, "rating_sum": 1, "rating_count": 1, "is_active": 1, "name": 1}
_BATCH = 500


class Rating(NamedTuple):
    """The stars of all reviews together, how many reviews, and the mean; None without any."""

    stars: int
    reviews: int
    mean: float | None


class Difference(NamedTuple):
    """A product whose `stored` rating is not what its reviews give."""

    product_id: str
    stored: Rating
    counted: Rating


def rating_of(stars: int, reviews: int) -> Rating:
    """The mean is rounded half up to two places, in whole numbers."""
    mean = (200 * stars + reviews) // (2 * reviews) / 100 if reviews else None
    return Rating(stars, reviews, mean)


def lock(product_id: str) -> Row:
    """The product, written to, so that of two changes of its reviews one waits for the other.

    The first thing in a transaction that may change its rating. Raises NotFound.
    """
    row = lock_if_there(product_id)
    if row is None:
        raise NotFound(f"There is no product {product_id}.")
    return row


def lock_if_there(product_id: str) -> Row | None:
    """As `lock`, but None when the product is gone: its reviews can still be deleted."""
    row: Row | None = Product.raw().find_one_and_update(
        {"_id": product_id}, {"$inc": {"version": 1}}, _FIELDS, return_document=True
    )
    return row


def count_in(product: Row | None, before: Row | None, after: Row | None) -> None:
    """Take a review's change into the rating of its locked product; a None review is none."""
    old, new = _share(before), _share(after)
    if product is None or old == new:
        return
    stored = _stored(product)
    stars, reviews = stored.stars + new[0] - old[0], stored.reviews + new[1] - old[1]
    _write(product["_id"], rating_of(stars, reviews))


def recount(*, fix: bool = False) -> Iterator[Difference]:
    """Every product whose rating differs from its published reviews; with `fix`, made right.

    Products are repaired one by one, each in a transaction, so the shop may go on meanwhile.
    """
    after = ""
    while True:
        rows = Product.raw().find({"_id": {"$gt": after}}, _FIELDS).sort("_id", 1).limit(_BATCH)
        products = {row["_id"]: row for row in rows}
        if not products:
            return
        counted = _counted(list(products))
        for id, row in products.items():
            found = counted.get(id, rating_of(0, 0))
            if _stored(row) != found:
                if fix:
                    transaction(partial(_repair, id))
                yield Difference(id, _stored(row), found)
        after = max(products)


def distribution(product_id: str) -> dict[int, int]:
    """How many published reviews gave each number of stars; read from an index alone."""
    pipeline = [
        {"$match": {"product_id": product_id, "state": ReviewState.PUBLISHED.value}},
        {"$group": {"_id": "$rating", "count": {"$sum": 1}}},
    ]
    found = {row["_id"]: row["count"] for row in Review.raw().aggregate(pipeline)}
    return {stars: found.get(stars, 0) for stars in STARS}


def _share(review: Row | None) -> tuple[int, int]:
    if review is None or review["state"] != ReviewState.PUBLISHED:
        return 0, 0
    return review["rating"], 1


def _stored(product: Row) -> Rating:
    return Rating(
        product.get("rating_sum", 0), product.get("rating_count", 0), product.get("rating")
    )


def _write(product_id: str, rating: Rating) -> None:
    values = {"rating_sum": rating.stars, "rating_count": rating.reviews, "rating": rating.mean}
    Product.raw().update_one({"_id": product_id}, bump({"$set": values}))


def _repair(product_id: str) -> None:
    lock(product_id)
    _write(product_id, _counted([product_id]).get(product_id, rating_of(0, 0)))


def _counted(product_ids: list[str]) -> dict[str, Rating]:
    published = {"product_id": {"$in": product_ids}, "state": ReviewState.PUBLISHED.value}
    group = {"_id": "$product_id", "sum": {"$sum": "$rating"}, "count": {"$sum": 1}}
    rows = Review.raw().aggregate([{"$match": published}, {"$group": group}])
    return {row["_id"]: rating_of(row["sum"], row["count"]) for row in rows}
