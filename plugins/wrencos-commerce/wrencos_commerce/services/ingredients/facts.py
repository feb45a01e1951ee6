"""What a list of ingredients tells about a product."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from wrencos_commerce.services.ingredients.dictionary import Claim, dictionary
from wrencos_commerce.services.ingredients.parsing import ListedIngredient, parse


class IngredientFacts(msgspec.Struct, frozen=True):
    """The facts of one list, each in a stable order and without repetition.

    `keys` are of the ingredients (unknown ones too), `groups` of the known ones. `allergens` are
    the fragrance allergens of EU law by their name on labels. `free_from` are claims of
    claims.toml. `unknown` are the names that the dictionary lacks.
    """

    listed: tuple[ListedIngredient, ...] = ()
    keys: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    allergens: tuple[str, ...] = ()
    free_from: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def facts(ingredients: Sequence[str]) -> IngredientFacts:
    """The facts of a list of ingredients, one text for each or whole lines.

    What a product may contain counts as contained. Claims are given with care: none without a
    list, and an ingredient that the dictionary lacks ends each claim that its name could hide.
    """
    listed = parse(ingredients)
    words = dictionary()
    keys = tuple(dict.fromkeys(one.key for one in listed))
    known = [words.ingredients[key] for key in keys if key in words.ingredients]
    groups = words.groups_of(keys)
    unknown = tuple(dict.fromkeys(one.name for one in listed if one.inci_name is None))
    unknown_keys = [key for key in keys if key not in words.ingredients]
    return IngredientFacts(
        listed=listed,
        keys=keys,
        groups=groups,
        functions=tuple(sorted({function for one in known for function in one.functions})),
        allergens=tuple(dict.fromkeys(one.allergen.label for one in known if one.allergen)),
        free_from=tuple(
            claim.id
            for claim in words.claims.values()
            if listed and _holds(claim, groups, unknown_keys)
        ),
        unknown=unknown,
    )


@lru_cache(maxsize=2048)
def facts_of_product(ingredients: tuple[str, ...]) -> IngredientFacts:
    """As `facts`, kept in memory: for the lists of stored products, never for what people type."""
    return facts(ingredients)


def _holds(claim: Claim, groups: Sequence[str], unknown: Sequence[str]) -> bool:
    if not set(claim.broken_by).isdisjoint(groups):
        return False
    return not any(dictionary().may_be_of(claim.broken_by, key) for key in unknown)
