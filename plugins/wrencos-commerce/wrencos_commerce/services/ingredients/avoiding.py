"""What a customer wants to avoid, and which ingredients of a product are that, or may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from wrencos_commerce.services.ingredients.dictionary import Dictionary, dictionary
from wrencos_commerce.services.ingredients.facts import IngredientFacts
from wrencos_commerce.services.ingredients.names import slug
from wrencos_commerce.services.ingredients.parsing import parse

# A shorter word is in too many names.
_SHORTEST = 3
# What people add to the name of a thing that they avoid: `nut allergy`, `không cồn`.
_ADDED = re.compile(
    r"^(?:no|without|avoid|free-(?:from|of)|allerg(?:ic|y)-to|khong(?:-co|-chua)?|tranh"
    r"|di-ung(?:-voi)?)-|-(?:allergy|allergies|intolerance|free)$"
)


class Avoided(msgspec.Struct, frozen=True):
    """One thing to avoid, as it was typed; `is_known` unless the dictionary has nothing like it.

    `words` are slugs: whatever name has one of them is it.
    """

    text: str
    key: str
    keys: frozenset[str]
    groups: frozenset[str]
    words: frozenset[str]
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
        if not isinstance(product, IngredientFacts):
            return tuple(hit for key in product for hit in self.hits_of(key))
        found = {
            (hit.text, hit.key): hit
            for one in product.listed
            for hit in self.hits_of(one.key, one.name)
        }
        return tuple(found.values())

    def hits_of(self, key: str, written: str = "") -> tuple[AvoidHit, ...]:
        """What of the list the ingredient of this key is, `written` so on the pack."""
        words = dictionary()
        known = words.ingredients.get(key)
        name = known.inci if known else written or words.name_of(key)
        slugs = (key, slug(written)) if written else (key,)
        return tuple(
            AvoidHit(item.text, key, name)
            for item in self.items
            if _is_avoided(words, item, key) or _is_written(item, slugs)
        )

    def doubts(self, product: IngredientFacts | Iterable[str]) -> tuple[str, ...]:
        """The keys that the dictionary lacks and that may be of an avoided group.

        Any ingredient can come from nuts or be a perfume; a paraben has it in its name.
        """
        keys = product.keys if isinstance(product, IngredientFacts) else product
        words = dictionary()
        groups = self.groups
        return tuple(
            key for key in keys if key not in words.ingredients and words.may_be_of(groups, key)
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
    meant = _meant(words, text)
    key = slug(meant)
    groups = set(words.groups_named(meant))
    keys: Iterable[str] = ()
    if known := words.find(meant):
        keys = (known.key,)
        groups.update(group for group in known.groups if words.groups[group].one_substance)
    elif not groups:
        keys = _alike(words, key)
    is_known = bool(known or groups or keys)
    same = {other for one in keys for other in words.same_as(one)}
    return Avoided(
        text=text,
        key=key,
        keys=frozenset(same if known else {key, *same}),
        groups=frozenset(groups),
        words=_words_of(words, groups) if known or groups else frozenset(_long((key,))),
        is_known=is_known,
    )


def _meant(words: Dictionary, text: str) -> str:
    """The text without what people add to a name, where a name is left."""
    if words.groups_named(text) or words.find(text):
        return text
    left = _ADDED.sub("", slug(text))
    return left if left and left != slug(text) else text


def _words_of(words: Dictionary, groups: Iterable[str]) -> frozenset[str]:
    """The words that show one of the groups, or a narrower one."""
    wanted = set(groups)
    return frozenset(
        word
        for group in words.groups.values()
        if group.id in wanted or not wanted.isdisjoint(group.implies)
        for word in group.words
    )


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
    told = [group for group in item.groups if words.groups[group].telling]
    if words.may_be_of(told, key):
        return True
    # Another unknown one, `Encapsulated Retinol`: by the words of a name, next to each other.
    return _has_words(key, _all_names(item))


def _is_written(item: Avoided, slugs: Iterable[str]) -> bool:
    return any(_has_words(name, item.words) for name in slugs)


def _has_words(name: str, wanted: Iterable[str]) -> bool:
    return any(f"-{words}-" in f"-{name}-" for words in wanted)


def _long(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if len(name) >= _SHORTEST)


@lru_cache(maxsize=4096)
def _all_names(item: Avoided) -> frozenset[str]:
    """The slugs of all that the item stands for, without those that are too short to tell."""
    words = dictionary()
    names = {item.key, *item.keys}
    for one in words.ingredients.values():
        if one.key in item.keys or not item.groups.isdisjoint(one.groups):
            names.update(words.slugs[one.key])
    return frozenset(_long(names))
