"""/api/ingredients and /api/products/ingredient-check"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.schemas import ingredients as schemas
from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.ingredients.gathering import CheckRequest, IngredientGuard
from wrencos_commerce.views.ingredients import (
    IngredientCheckView,
    IngredientDetail,
    IngredientPage,
    check_view,
    dictionary_entry,
)
from wrencos_core.api import NotFound
from wrencos_core.web import (
    PUBLIC,
    Blueprint,
    Paging,
    current_identity,
    service,
)

blp = Blueprint(
    "ingredients", __name__, url_prefix="/ingredients", description="The ingredient dictionary."
)
checks = Blueprint(
    "ingredient_checks", __name__, url_prefix="/products", description="Ingredients together."
)

_LONGEST_NAME = 300


@checks.post("/ingredient-check", access=PUBLIC, limit="60 per minute")
@checks.arguments(schemas.IngredientCheckBody)
@checks.response(200, IngredientCheckView)
def check_ingredients(body: dict[str, Any]) -> IngredientCheckView:
    """Check products and ingredients together.

    Warns of ingredients that do not go well together, that call for care, or that are on the
    list to avoid; each warning names its source. `ingredients` is a list as on a pack, in one
    text or an array. A logged-in caller's stored list to avoid always counts, and
    `includeCart` and `includePastPurchases` (of 180 days) add those products. Texts are in
    `locale` (`vi` or `en`), else in the language that the caller prefers. This is information, no
    medical advice.
    """
    wanted = CheckRequest(
        product_ids=body["product_ids"],
        ingredients=body["ingredients"],
        avoid=body["avoid"],
        with_cart=body["include_cart"],
        with_purchases=body["include_past_purchases"],
    )
    locale = body.get("locale") or wanted_locale()
    return check_view(service(IngredientGuard).check(current_identity(), wanted, locale), locale)


@blp.get("", access=PUBLIC, etag=True)
@blp.arguments(schemas.IngredientListQuery, location="query")
@blp.response(200, IngredientPage)
def list_ingredients(args: dict[str, Any]) -> IngredientPage:
    """List the known ingredients by name.

    `search` finds those with the text in any of their names, accents optional; `group` is the id
    of a group such as `retinoid`.
    """
    paging = Paging.of(args)
    words = dictionary()
    found = words.search(args.get("search", ""))
    if group := args.get("group"):
        found = [one for one in found if group in one.groups]
    locale = wanted_locale()
    shown = found[paging.skip : paging.skip + paging.limit]
    return IngredientPage(
        ingredients=[dictionary_entry(one, locale) for one in shown],
        total_count=len(found),
        page=paging.page,
        total_pages=paging.total_pages(len(found)),
    )


@blp.get("/<name>", access=PUBLIC, etag=True)
@blp.arguments(LocaleQuery, location="query")
@blp.response(200, IngredientDetail)
def get_ingredient(_: dict[str, Any], name: str) -> IngredientDetail:
    """Tell what is known of an ingredient.

    `name` is its INCI name, a synonym or its key, with hyphens for what a path can't hold:
    `caprylic-capric-triglyceride`. 404 when the dictionary lacks it.
    """
    found = dictionary().find(name) if len(name) <= _LONGEST_NAME else None
    if found is None:
        raise NotFound("The dictionary has no such ingredient.")
    return IngredientDetail(ingredient=dictionary_entry(found, wanted_locale()))
