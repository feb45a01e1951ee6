"""What a customer wants to avoid, and which ingredients of a product are that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from wrencos_commerce.services.ingredients.dictionary import Dictionary, dictionary
from wrencos_commerce.services.ingredients.facts import IngredientFacts
from wrencos_commerce.services.ingredients.names import slug
from wrencos_commerce.services.ingredients.parsing import parse

# A shorter word is in too many names.
_SHORTEST = 3


class Avoided(msgspec.Struct, frozen=True):
    """One thing to avoid, as it was typed; `is_known` unless the dictionary has nothing like it."""

    text: str
    key: str
    keys: frozenset[str]
    groups: frozenset[str]
    is_known: bool


class AvoidHit(msgspec.Struct, frozen=True):
    """An ingredient that is avoided: what was typed, the key of the ingredient, and its name."""

    text: str
    key: str
    name: str


class AvoidList(msgspec.Struct, frozen=True):
    """A customer's list, read; `hits` tells what of it a product contains."""

    items: tuple[Avoided, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all single ingredients on it."""
        return frozenset(key for item in self.items for key in item.keys)

    @property
    def groups(self) -> frozenset[str]:
        """The groups on it."""
        return frozenset(group for item in self.items for group in item.groups)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What the dictionary does not know, as typed; it hits an ingredient with its words."""
        return tuple(item.text for item in self.items if not item.is_known)

    def hits(self, product: IngredientFacts | Iterable[str]) -> tuple[AvoidHit, ...]:
        """What in a product is avoided, in the order of its list. Takes facts or stored keys."""
        if isinstance(product, IngredientFacts):
            names = {one.key: one.inci_name or one.name for one in reversed(product.listed)}
            keys: Iterable[str] = product.keys
        else:
            names, keys = {}, product
        words = dictionary()
        return tuple(
            AvoidHit(item.text, key, names.get(key) or words.name_of(key))
            for key in keys
            for item in self.items
            if _is_avoided(words, item, key)
        )


def avoid_keys(texts: Sequence[str]) -> AvoidList:
    """Read what a customer types: ingredients in any spelling, or groups such as `sulfates`.

    A text may hold several, separated as in a list. A word that is no name by itself stands for
    every known ingredient that has it in a name: `lavender`.
    """
    found: dict[str, Avoided] = {}
    for text in texts:
        for item in _read(text):
            found.setdefault(item.key, item)
    return AvoidList(tuple(found.values()))


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Avoided, ...]:
    words = dictionary()
    if words.groups_named(text) or words.find(text):
        return (_avoided(words, text.strip()),)
    # By its INCI name where it has one: the parser also reads `Aqua (Water)`.
    names = dict.fromkeys(one.inci_name or one.name for one in parse(text))
    return tuple(_avoided(words, name) for name in names)


def _avoided(words: Dictionary, text: str) -> Avoided:
    key = slug(text)
    groups = frozenset(words.groups_named(text))
    if known := words.find(text):
        return Avoided(text, key, frozenset({known.key}), groups, is_known=True)
    if groups:
        return Avoided(text, key, frozenset({key}), groups, is_known=True)
    alike = _alike(words, key)
    return Avoided(text, key, frozenset({key, *alike}), groups, is_known=bool(alike))


def _alike(words: Dictionary, key: str) -> set[str]:
    """The known ingredients with these words in a name; of a plural, with the singular."""
    if len(key) < _SHORTEST:
        return set()
    return words.with_words(key) or (words.with_words(key[:-1]) if key.endswith("s") else set())


def _is_avoided(words: Dictionary, item: Avoided, key: str) -> bool:
    if key in item.keys:
        return True
    if known := words.ingredients.get(key):
        return not item.groups.isdisjoint(known.groups)
    # An unknown one, `Encapsulated Retinol`: by the words of a name, next to each other.
    return any(f"-{name}-" in f"-{key}-" for name in _all_names(item))


@lru_cache(maxsize=4096)
def _all_names(item: Avoided) -> frozenset[str]:
    """The slugs of all that the item stands for, without those that are too short to tell."""
    words = dictionary()
    names = {item.key, *item.keys}
    for one in words.ingredients.values():
        if one.key in item.keys or not item.groups.isdisjoint(one.groups):
            names.update(words.slugs[one.key])
    return frozenset(name for name in names if len(name) >= _SHORTEST)
