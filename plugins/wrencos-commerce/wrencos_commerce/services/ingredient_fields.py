"""What is stored of a product's list of ingredients, for its page, the facets and the filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrencos_commerce.services.ingredients.facts import facts
from wrencos_commerce.services.ingredients.parsing import ListedIngredient


def ingredient_fields(ingredients: Sequence[str]) -> dict[str, Any]:
    """The fields of Product that the dictionary reads out of `ingredients`."""
    found = facts(ingredients)
    return {
        "ingredients": list(ingredients),
        "inci": [_listed(one) for one in found.listed],
        "ingredient_keys": list(found.keys),
        "ingredient_groups": list(found.groups),
        "allergens": list(found.allergens),
        "free_from": list(found.free_from),
    }


def _listed(one: ListedIngredient) -> dict[str, Any]:
    row: dict[str, Any] = {"name": one.name, "key": one.key}
    if one.percent is not None:
        row["percent"] = f"{one.percent:f}"
    if one.may_contain:
        row["may_contain"] = True
    if one.nano:
        row["nano"] = True
    return row
