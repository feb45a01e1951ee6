"""What a customer avoids, held against the rows of products: in queries, and once more after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wrencos_commerce.services.ingredients.avoiding import AvoidHit, AvoidList, avoid_keys
from wrencos_commerce.services.ingredients.facts import facts_of_product

Row = Mapping[str, Any]

_LISTS_SOMETHING = "ingredient_keys.0"


@dataclass(frozen=True)
class Hit:
    """An ingredient by its name on the product's list, and what of the customer's list it is."""

    ingredient: str
    avoided: str


@dataclass(frozen=True)
class Avoiding:
    """A list of what is avoided; one that is empty allows everything.

    A product without a list of ingredients can't be known to be free of anything: with any entry,
    it is not allowed. Nor is one with an ingredient that the dictionary lacks, when that may be of
    an avoided group.
    """

    items: AvoidList
    _hits: dict[tuple[str, str], tuple[AvoidHit, ...]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Avoiding:
        """Read from what the customer typed."""
        return cls(avoid_keys(list(texts)))

    def __bool__(self) -> bool:
        return bool(self.items.items)

    @property
    def keys(self) -> Sequence[str]:
        return sorted(self.items.keys)

    @property
    def groups(self) -> Sequence[str]:
        return sorted(self.items.groups)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What the dictionary does not know; it is looked for word for word."""
        return self.items.unknown

    def query(self) -> dict[str, Any]:
        """The condition of a query for products that are allowed, as far as a query can tell.

        Entries that the dictionary does not know, and ingredients that it lacks, are left to
        `hits`, `doubts` and `allows`.
        """
        if not self:
            return {}
        return {
            _LISTS_SOMETHING: {"$exists": True},
            "ingredient_keys": {"$nin": self.keys},
            "ingredient_groups": {"$nin": self.groups},
        }

    def refusals(self) -> list[dict[str, Any]]:
        """Conditions for products of which each is a reason not to allow them."""
        if not self:
            return []
        return [
            {_LISTS_SOMETHING: {"$exists": False}},
            {"ingredient_keys": {"$in": self.keys}},
            {"ingredient_groups": {"$in": self.groups}},
        ]

    def hits(self, row: Row) -> tuple[Hit, ...]:
        """What of it the product contains or may contain, by its stored ingredients."""
        if not self:
            return ()
        found = {
            (hit.text, key): Hit(name or hit.name, hit.text)
            for key, name in reversed(_listed(row))
            for hit in reversed(self._hits_of(key, name))
        }
        return tuple(reversed(found.values()))

    def doubts(self, row: Row) -> tuple[str, ...]:
        """The names of its ingredients that are not known and may be something avoided."""
        if not self:
            return ()
        doubtful = set(self.items.doubts(row["ingredient_keys"]))
        if not doubtful:
            return ()
        names = {key: name or key.replace("-", " ") for key, name in reversed(_listed(row))}
        return tuple(names[key] for key in row["ingredient_keys"] if key in doubtful)

    def allows(self, row: Row) -> bool:
        """The last word on a product that is about to be suggested.

        Its list of ingredients is read anew: what is stored of it may be older than the dictionary.
        """
        if not self:
            return True
        known = facts_of_product(tuple(row["ingredients"]))
        if not known.keys or not row["ingredient_keys"]:
            return False
        if self.items.hits(known) or self.items.doubts(known):
            return False
        return not self.hits(row) and not self.doubts(row)

    def _hits_of(self, key: str, name: str) -> tuple[AvoidHit, ...]:
        if (key, name) not in self._hits:
            self._hits[key, name] = self.items.hits_of(key, name)
        return self._hits[key, name]


def _listed(row: Row) -> list[tuple[str, str]]:
    """The stored keys in their order, each with every name that the list has for it."""
    names: dict[str, list[str]] = {}
    for one in row.get("inci", ()):
        names.setdefault(one["key"], []).append(one["name"])
    return [(key, name) for key in row["ingredient_keys"] for name in names.get(key, [""])]
