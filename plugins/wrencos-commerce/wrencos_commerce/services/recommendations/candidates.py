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
# A facet, an order of it, and how many are wanted.
Way = tuple[str, str, int]

MOST = 300
MOST_NEIGHBOURS = 80
MOST_CONCERNS = 5
# All ways in look at no more products than these, however few of them fit.
MOST_LOOKED_AT = 6000
# Without a list of what is avoided: only what is sold out does not fit.
_PER_WANTED = 5
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
    the newest, so that these are seen at all. Each way in ends after its share of MOST_LOOKED_AT:
    of a list that leaves next to nothing, what stands further behind is not found.
    """
    fitting = {"inventory": {"$gt": 0}, **avoiding.query()}
    parts = _parts(taste, fitting, is_strict=bool(avoiding))
    parts.insert(0, _of_ids(neighbours[:MOST_NEIGHBOURS], fitting, MOST_NEIGHBOURS))
    return _together(parts, _fields(with_ingredients=bool(avoiding)))[:MOST]


def refused(taste: Taste, neighbours: Sequence[str], avoiding: Avoiding) -> list[Row]:
    """Of the first products of each way in, those that are sold out or may hold what is avoided.

    One query, which looks at no more products than are scored.
    """
    parts = _parts(taste, {}, is_strict=False)
    parts.insert(0, _of_ids(neighbours[:MOST_NEIGHBOURS], {}, MOST_NEIGHBOURS))
    reasons = [{"inventory": {"$lte": 0}}, *avoiding.refusals()]
    parts = [[*part, {"$match": {"$or": reasons}}] for part in parts]
    return _together(parts, _fields(with_ingredients=True))[:MOST_REFUSED]


def like(product: Row, avoiding: Avoiding, most: int = 200) -> list[Row]:
    """Products for sale in its category or for its concerns, itself left out.

    Of the best sellers there, MOST_LOOKED_AT in all.
    """
    fitting = {"inventory": {"$gt": 0}, "_id": {"$ne": product["_id"]}, **avoiding.query()}
    facets = [concern_facet(concern) for concern in product["concerns"][:MOST_CONCERNS]]
    if category := product.get("category_id"):
        facets.insert(0, category_facet(category))
    facets = facets or [ANY]
    ways = [(facet, "popular", most // len(facets)) for facet in facets]
    parts = _of_facets(ways, fitting, is_strict=bool(avoiding))
    return _together(parts, _fields(with_ingredients=True))


def by_ids(ids: Sequence[str], avoiding: Avoiding) -> dict[str, Row]:
    """Those of the products that are for sale, in stock and free of what is avoided."""
    fitting = {"is_active": True, "inventory": {"$gt": 0}, **avoiding.query()}
    query = {**fitting, "_id": {"$in": sorted(ids)}}
    rows = Product.raw().find(query, _fields(with_ingredients=True))
    return {row["_id"]: row for row in rows}


def _parts(taste: Taste, fitting: Row, *, is_strict: bool) -> list[Pipeline]:
    """A pipeline for each way in; their limits add up to MOST less MOST_NEIGHBOURS."""
    ways: list[Way] = []
    if taste.skin_type:
        ways.append((skin_type_facet(taste.skin_type), "popular", _OF_SKIN_TYPE))
    concerns = list(taste.concerns)[:MOST_CONCERNS]
    ways += [(concern_facet(one), "popular", _OF_CONCERNS // len(concerns)) for one in concerns]
    ways += [(ANY, "popular", _POPULAR), (ANY, "rating", _RATED), (ANY, "newest", _NEW)]
    return _of_facets(ways, fitting, is_strict=is_strict)


def _of_facets(ways: Sequence[Way], fitting: Row, *, is_strict: bool) -> list[Pipeline]:
    """`is_strict` when much may not fit; else fewer products are looked at."""
    share = MOST_LOOKED_AT // len(ways)
    return [
        [
            {"$match": {"is_active": True, "facets": facet}},
            {"$sort": dict(SORTS[sort])},
            # What fits is in no index: a condition before this would walk the whole facet.
            {"$limit": share if is_strict else min(share, _PER_WANTED * limit)},
            {"$match": dict(fitting)},
            {"$limit": limit},
        ]
        for facet, sort, limit in ways
    ]


def _of_ids(ids: Sequence[str], fitting: Row, limit: int) -> Pipeline:
    query = {"_id": {"$in": list(ids)}, "is_active": True, **fitting}
    return [{"$match": query}, {"$limit": limit}]


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
