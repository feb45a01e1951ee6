"""Recommendations as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from wrencos_commerce.services.recommendations.advice import Advice, Suggested
from wrencos_commerce.services.recommendations.exclusions import Exclusion, explained
from wrencos_commerce.services.recommendations.likeness import Alike, BoughtWith
from wrencos_commerce.services.recommendations.reasons import shown_name
from wrencos_commerce.services.recommendations.scoring import WEIGHTS
from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class SuggestedProduct(View, kw_only=True):
    """What is shown of a product that is suggested; `name` in the caller's language."""

    product_id: str
    slug: str | None
    name: str
    price: Decimal
    currency: str
    image_url: str | None
    rating: float | None
    rating_count: int


class RecommendedProduct(SuggestedProduct, kw_only=True):
    """`relevanceScore` is from 0 to 1. Only when explained: `parts` of it (each from 0 to 1) and
    the factor `variety` for further products of a category.
    """

    relevance_score: float
    reason: str
    parts: Mapping[str, float] | msgspec.UnsetType = msgspec.UNSET
    variety: float | msgspec.UnsetType = msgspec.UNSET


class ExcludedIngredient(View, kw_only=True):
    """An ingredient as the product lists it, and what of the customer's list it is."""

    ingredient: str
    avoided: str


class ExcludedProduct(View, kw_only=True):
    """`kind` is `contains-avoided`, `ingredients-unknown`, `out-of-stock` or `still-in-use`; `why`
    says it in words.
    """

    product_id: str
    name: str
    kind: str
    why: str
    ingredients: list[ExcludedIngredient]


class Recommendations(View, kw_only=True):
    """The best first. `unknownAvoids` are those of what is avoided that the dictionary of
    ingredients does not know: they are looked for word for word. Only when explained: what was left
    out of what came into question, the number of each kind, and the weights of the parts.
    """

    recommendations: list[RecommendedProduct]
    unknown_avoids: list[str]
    excluded: list[ExcludedProduct] | msgspec.UnsetType = msgspec.UNSET
    counts: Mapping[str, int] | msgspec.UnsetType = msgspec.UNSET
    weights: Mapping[str, float] | msgspec.UnsetType = msgspec.UNSET


class SimilarProduct(SuggestedProduct, kw_only=True):
    """`similarity` is from 0 to 1."""

    similarity: float


class SimilarProducts(View, kw_only=True):
    products: list[SimilarProduct]


class BoughtTogetherProduct(SuggestedProduct, kw_only=True):
    """`orders` had both products in the 365 days before the last count, of all customers but
    those who asked not to be counted; `customers` bought both, at once or not.
    """

    orders: int
    customers: int


class BoughtTogether(View, kw_only=True):
    products: list[BoughtTogetherProduct]


def recommendations_view(advice: Advice, locale: str, explain: bool) -> Recommendations:
    shown = [_recommended(item, locale, explain) for item in advice.suggested]
    unknown = list(advice.unknown_avoids)
    if not explain:
        return Recommendations(recommendations=shown, unknown_avoids=unknown)
    return Recommendations(
        recommendations=shown,
        unknown_avoids=unknown,
        excluded=[_excluded(item, locale) for item in advice.excluded],
        counts=advice.counts,
        weights=WEIGHTS,
    )


def similar_view(found: list[Alike], locale: str) -> SimilarProducts:
    return SimilarProducts(
        products=[
            SimilarProduct(**_shown(item.row, locale), similarity=round(item.similarity, 4))
            for item in found
        ]
    )


def bought_together_view(found: list[BoughtWith], locale: str) -> BoughtTogether:
    return BoughtTogether(
        products=[
            BoughtTogetherProduct(
                **_shown(item.row, locale), orders=item.orders, customers=item.customers
            )
            for item in found
        ]
    )


def _recommended(item: Suggested, locale: str, explain: bool) -> RecommendedProduct:
    scored = item.scored
    shown = RecommendedProduct(
        **_shown(scored.row, locale),
        relevance_score=round(scored.relevance, 4),
        reason=item.reason,
    )
    if explain:
        shown.parts = {name: round(part, 4) for name, part in scored.parts.items()}
        shown.variety = round(scored.variety, 4)
    return shown


def _excluded(item: Exclusion, locale: str) -> ExcludedProduct:
    return ExcludedProduct(
        product_id=item.row["_id"],
        name=shown_name(item.row, locale),
        kind=item.why.value,
        why=explained(item, locale),
        ingredients=[
            ExcludedIngredient(ingredient=hit.ingredient, avoided=hit.avoided) for hit in item.hits
        ],
    )


def _shown(row: Row, locale: str) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "product_id": row["_id"],
        "slug": row.get("slug"),
        "name": shown_name(row, locale),
        "price": money.to_major(row["price"], currency),
        "currency": currency,
        "image_url": row.get("image_url"),
        "rating": row.get("rating"),
        "rating_count": row["rating_count"],
    }
