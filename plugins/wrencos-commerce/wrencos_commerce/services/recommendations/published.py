"""The recommender as other plugins see it."""

from __future__ import annotations

from collections.abc import Sequence

from wrencos_commerce.models.product import fold_tag
from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.recommendations.advice import Advisor, Wanted
from wrencos_commerce.services.recommendations.likeness import similar
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import NotFound
from wrencos_core.contracts.commerce import ProductInfo, Recommendation


class PublishedRecommender:
    """Provides contracts.commerce.Recommender."""

    def __init__(self, advisor: Advisor, products: ProductQueries, profiles: SkinProfiles) -> None:
        self._advisor = advisor
        self._products = products
        self._profiles = profiles

    def recommend(
        self, user_id: str | None, limit: int, locale: str = "vi", concerns: Sequence[str] = ()
    ) -> list[Recommendation]:
        """The best first; never one that contains what the customer avoids."""
        wanted = Wanted(
            user_id=user_id,
            limit=limit,
            locale=locale,
            concerns=[fold_tag(concern) for concern in concerns],
        )
        suggested = self._advisor.advise(wanted).suggested
        found = self._products.products([item.scored.row["_id"] for item in suggested])
        return [
            Recommendation(
                product=found[item.scored.row["_id"]],
                relevance=item.scored.relevance,
                reason=item.reason,
            )
            for item in suggested
            if item.scored.row["_id"] in found
        ]

    def similar(self, product_id: str, limit: int, user_id: str | None = None) -> list[ProductInfo]:
        """Products for sale like this one, the most alike first; none for an unknown one.

        Never one that contains what the user avoids.
        """
        try:
            product = self._products.get(product_id, with_inactive=True)
        except NotFound:
            return []
        avoiding = Avoiding.of(self._profiles.avoided(user_id) if user_id else ())
        ids = [item.row["_id"] for item in similar(product, avoiding, limit)]
        found = self._products.products(ids)
        return [found[id] for id in ids if id in found]
