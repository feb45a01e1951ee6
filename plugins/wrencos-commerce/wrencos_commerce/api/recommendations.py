"""/api/recommendations, and what goes with a product"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.schemas import skin_profiles as schemas
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.recommendations.advice import Advisor, Wanted
from wrencos_commerce.services.recommendations.likeness import bought_together, similar
from wrencos_commerce.views.recommendations import (
    BoughtTogether,
    Recommendations,
    SimilarProducts,
    bought_together_view,
    recommendations_view,
    similar_view,
)
from wrencos_core.web import PUBLIC, Blueprint, current_identity, service

blp = Blueprint(
    "recommendations",
    __name__,
    url_prefix="/recommendations",
    description="Products for a customer, with the reasons.",
)
of_products = Blueprint(
    "product-recommendations",
    __name__,
    url_prefix="/products",
    description="Products that go with a product.",
)


@blp.get("", access=PUBLIC, limit="60 per minute")
@blp.arguments(schemas.RecommendationQuery, location="query")
@blp.response(200, Recommendations)
def recommend(args: dict[str, Any]) -> Recommendations:
    """Get product recommendations.

    Logged in, by your skin profile and by what you bought, wished for and viewed, if you agreed to
    that there; `skinType` and `concerns` go before the profile's, and are all that a guest is known
    by. Nothing that contains what you avoid (your profile's list, and `avoid`) is ever suggested,
    nor a product whose ingredients are not known while you avoid any; `unknownAvoids` are words of
    these that the shop's dictionary does not know and that can only be looked for as they stand.
    `reason` quotes counts of at least three people, you not among them as far as your purchases are
    used. With `explain=1` come the parts of each score and what was left out, why.
    """
    locale = wanted_locale()
    wanted = Wanted(
        user_id=current_identity().user_id,
        limit=args["limit"],
        locale=locale,
        skin_type=args.get("skin_type"),
        concerns=args["concerns"],
        avoid=args["avoid"],
        explain=args["explain"],
    )
    return recommendations_view(service(Advisor).advise(wanted), locale, args["explain"])


@of_products.get("/<product_id>/similar", access=PUBLIC)
@of_products.arguments(schemas.AlikeQuery, location="query")
@of_products.response(200, SimilarProducts)
def list_similar(args: dict[str, Any], product_id: str) -> SimilarProducts:
    """List products like this one.

    By category, concerns, ingredients, skin types and price; in stock, and for a logged-in caller
    none with what they avoid.
    """
    product = service(ProductQueries).get(product_id)
    avoiding = service(Advisor).avoiding(current_identity().user_id)
    return similar_view(similar(product, avoiding, args["limit"]), wanted_locale())


@of_products.get("/<product_id>/bought-together", access=PUBLIC)
@of_products.arguments(schemas.AlikeQuery, location="query")
@of_products.response(200, BoughtTogether)
def list_bought_together(args: dict[str, Any], product_id: str) -> BoughtTogether:
    """List products that were ordered together with this one, by two orders or more.

    Counted every night over 365 days. In stock, and for a logged-in caller none with what they
    avoid.
    """
    service(ProductQueries).get(product_id)
    avoiding = service(Advisor).avoiding(current_identity().user_id)
    found = bought_together(product_id, avoiding, args["limit"])
    return bought_together_view(found, wanted_locale())
