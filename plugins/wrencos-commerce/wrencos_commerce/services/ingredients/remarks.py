"""Tells remarks from ingredients: in brackets behind a name, and in footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wrencos_commerce.services.ingredients.dictionary import Ingredient, dictionary
from wrencos_commerce.services.ingredients.names import slug

# Words of footnotes that are no ingredients by themselves.
_REMARKS = re.compile(
    r"\b(?:organic|farming|agriculture|natural(?:ly)?|certified|fair-?trade|nguon-goc|huu-co"
    r"|tu-nhien|biologique|origin|essential-oils?|fragrance-components?|allergens?)\b"
)
# Words that say how or from where an ingredient is, and hide none.
_HARMLESS = frozenset(
    [
        "natural", "naturally", "occurring", "organic", "vegan", "vegetable", "plant", "origin",
        "derived", "from", "of", "based", "grade", "cosmetic", "pharmaceutical", "usp", "bp", "ph",
        "eur", "certified", "pure", "purified", "refined", "unrefined", "preservative", "emollient",
        "humectant", "emulsifier", "solvent", "colorant", "antioxidant", "surfactant", "thickener",
        "thuc", "vat", "thien", "nhien", "huu", "co", "nguon", "goc", "chat", "bao", "quan",
    ]
)  # fmt: skip
_DENIALS = frozenset(["no", "not", "non", "without", "free", "sans", "khong", "zero"])
_LONGEST_NAME = 6
_SHORTEST_NAME = 4


def says_the_same(text: str, found: Ingredient | None, known: Ingredient, *, is_last: bool) -> bool:
    """Whether brackets with `text` in them only name `known` again, as `(Shea)` in Shea Butter.

    `found` is the ingredient of this name. In the middle of the name of a plant also the name of
    another part of it says no more.
    """
    if found == known:
        return True
    if found and is_last:
        return False
    words = set(slug(text).split("-"))
    return words <= _HARMLESS | dictionary().words_of_kind(known)


def is_remark(text: str) -> bool:
    """Whether a footnote is about ingredients: `*from organic farming`."""
    return bool(_REMARKS.search(slug(text)))


def mentions(text: str) -> list[str]:
    """The ingredients, and the words of groups of them, that stand in a remark, in its order."""
    words = slug(text).split("-")
    found, start = [], 0
    while start < len(words):
        for end in range(min(start + _LONGEST_NAME, len(words)), start, -1):
            name = " ".join(words[start:end])
            if _is_name(name):
                found.append(name)
                start = end - 1
                break
        else:
            # Better an ingredient that nobody knows than to lose one of a kind that is avoided.
            if _is_of_a_kind(words[start]) and not _is_denied(words, start):
                found.append(words[start])
        start += 1
    return found


def _is_of_a_kind(word: str) -> bool:
    """Whether names of a group of ingredients have a part of this word in common."""
    groups = dictionary().groups.values()
    return any(part in f"{word} " for group in groups for part in group.telling)


def _is_denied(words: Sequence[str], place: int) -> bool:
    """Whether a remark says that there is none: `no parabens`, `paraben free`."""
    return not _DENIALS.isdisjoint([*words[max(place - 2, 0) : place], *words[place + 1 :][:1]])


def _is_name(name: str) -> bool:
    known = dictionary()
    if slug(name) in known.group_words:
        return True
    return len(name) >= _SHORTEST_NAME and known.find(name) is not None
