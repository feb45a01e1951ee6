"""What the dictionary of ingredients knows a phrase of a query as: `vitamin c` is Ascorbic Acid."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.search.words import INGREDIENT, INGREDIENT_GROUP

# Nearly everything contains it.
_EVERYWHERE = {"aqua"}
_GROUP = INGREDIENT_GROUP.removeprefix(INGREDIENT)


@lru_cache(maxsize=4096)
def ingredient_keys(phrase: Sequence[str]) -> tuple[str, ...]:
    """The ends of the keys of the index for an ingredient, or a group of them, of this name."""
    name = " ".join(phrase)
    known = dictionary().find(name)
    keys = [known.key] if known and known.key not in _EVERYWHERE else []
    return (*keys, *(_GROUP + group for group in dictionary().groups_named(name)))
