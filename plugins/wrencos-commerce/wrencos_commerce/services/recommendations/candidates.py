"""Which products come into question: few enough to score, each part by an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wrencos_commerce.models.product import (
    ANY,
    SORTS,
    Product,
    category_facet,
    concern_facet,
    skin_type_facet,
)
from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.recommendations.scoring import Taste

Row = Mapping[str, Any]
Pipeline = list[dict[str, Any]]

MOST = 300
MOST_NEIGHBOURS = 80
MOST_CONCERNS = 5
_OF_SKIN_TYPE, _OF_CONCERNS, _POPULAR, _RATED, _NEW = 50, 100, 40, 20, 10
MOST_REFUSED = 60

_SCORED = (
    *("name", "translations", "slug", "brand", "category_id", "price", "currency", "image_url"),
    *("skin_types", "concerns", "free_from", "sold", "rating", "rating_sum", "rating_count"),
    *("inventory", "period_after_opening", "created_at"),
)
_INGREDIENTS = ("ingredients", "inci", "ingredient_keys", "ingredient_groups")


def candidates(taste: Taste, neighbours: Sequence[str], avoiding: Avoiding) -> list[Row]:
    """At most 300 products for sale, in stock and free of what is avoided. One query.

    Those that go with the seeds, fit the skin type or a concern, sell best, are rated best, and
    the newest, so that these are seen at all.
    """
    fitting = {"is_active": True, "inventory": {"$gt": 0}, **avoiding.query()}
    parts = _parts(taste, fitting)
    parts.insert(0, _of_ids(neighbours[:MOST_NEIGHBOURS], fitting, MOST_NEIGHBOURS))
    return _together(parts, _fields(with_ingredients=bool(avoiding)))[:MOST]


def refused(taste: Taste, neighbours: Sequence[str], avoiding: Avoiding) -> list[Row]:
    """Of the first products of each way in, those that are sold out or may hold what is avoided.

    One query, which looks at no more products than are scored.
    """
    of_sale: Row = {"is_active": True}
    parts = _parts(taste, of_sale)
    parts.insert(0, _of_ids(neighbours[:MOST_NEIGHBOURS], of_sale, MOST_NEIGHBOURS))
    reasons = [{"inventory": {"$lte": 0}}, *avoiding.refusals()]
    parts = [[*part, {"$match": {"$or": reasons}}] for part in parts]
    return _together(parts, _fields(with_ingredients=True))[:MOST_REFUSED]


def like(product: Row, avoiding: Avoiding, most: int = 200) -> list[Row]:
    """Products for sale in its category, for its concerns or of its brand, itself left out."""
    fitting = {
        "is_active": True,
        "inventory": {"$gt": 0},
        "_id": {"$ne": product["_id"]},
        **avoiding.query(),
    }
    facets = [concern_facet(concern) for concern in product["concerns"][:MOST_CONCERNS]]
    if category := product.get("category_id"):
        facets.insert(0, category_facet(category))
    facets = facets or [ANY]
    parts = [_of_facet(facet, "popular", fitting, most // len(facets)) for facet in facets]
    return _together(parts, _fields(with_ingredients=True))


def by_ids(ids: Sequence[str], avoiding: Avoiding) -> dict[str, Row]:
    """Those of the products that are for sale, in stock and free of what is avoided."""
    fitting = {"is_active": True, "inventory": {"$gt": 0}, **avoiding.query()}
    query = {**fitting, "_id": {"$in": sorted(ids)}}
    rows = Product.raw().find(query, _fields(with_ingredients=True))
    return {row["_id"]: row for row in rows}


def _parts(taste: Taste, fitting: Row) -> list[Pipeline]:
    """A pipeline for each way in; their limits add up to MOST less MOST_NEIGHBOURS."""
    parts = []
    if taste.skin_type:
        facet = skin_type_facet(taste.skin_type)
        parts.append(_of_facet(facet, "popular", fitting, _OF_SKIN_TYPE))
    concerns = list(taste.concerns)[:MOST_CONCERNS]
    for concern in concerns:
        limit = _OF_CONCERNS // len(concerns)
        parts.append(_of_facet(concern_facet(concern), "popular", fitting, limit))
    for sort, count in (("popular", _POPULAR), ("rating", _RATED), ("newest", _NEW)):
        parts.append(_of_facet(ANY, sort, fitting, count))
    return parts


def _of_facet(facet: str, sort: str, fitting: Row, limit: int) -> Pipeline:
    return [
        {"$match": {"facets": facet, **fitting}},
        {"$sort": dict(SORTS[sort])},
        {"$limit": limit},
    ]


def _of_ids(ids: Sequence[str], fitting: Row, limit: int) -> Pipeline:
    return [{"$match": {"_id": {"$in": list(ids)}, **fitting}}, {"$limit": limit}]


def _together(parts: Sequence[Pipeline], fields: Mapping[str, int]) -> list[Row]:
    """The rows of all pipelines in one round trip, each product once, in the order found."""
    shown = {"$project": dict(fields)}
    pipeline: Pipeline = [*parts[0], shown]
    for part in parts[1:]:
        pipeline.append({"$unionWith": {"coll": Product.raw().name, "pipeline": [*part, shown]}})
    rows: dict[str, Row] = {}
    for row in Product.raw().aggregate(pipeline, batchSize=2 * MOST):
        rows.setdefault(row["_id"], row)
    return list(rows.values())


def _fields(*, with_ingredients: bool) -> dict[str, int]:
    names: Iterable[str] = (*_SCORED, *(_INGREDIENTS if with_ingredients else ()))
    return dict.fromkeys(names, 1)
