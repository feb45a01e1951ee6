"""What a customer avoids, held against the rows of products: in queries, and once more after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wrencos_commerce.services.ingredients.avoiding import AvoidHit, AvoidList, avoid_keys
from wrencos_commerce.services.ingredients.facts import facts

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
    it is not allowed.
    """

    items: AvoidList
    _hits: dict[str, tuple[AvoidHit, ...]] = field(default_factory=dict, compare=False)

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

        Entries that the dictionary does not know are left to `hits` and `allows`.
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
        named = {one["key"]: one["name"] for one in row.get("inci", ())}
        return tuple(
            Hit(named.get(hit.key, hit.name), hit.text)
            for key in row["ingredient_keys"]
            for hit in self._hits_of(key)
        )

    def allows(self, row: Row) -> bool:
        """The last word on a product that is about to be suggested.

        Its list of ingredients is read anew: what is stored of it may be older than the dictionary.
        """
        if not self:
            return True
        known = facts(row["ingredients"])
        if not known.keys or not row["ingredient_keys"]:
            return False
        return not self.items.hits(known) and not self.hits(row)

    def _hits_of(self, key: str) -> tuple[AvoidHit, ...]:
        if key not in self._hits:
            self._hits[key] = self.items.hits((key,))
        return self._hits[key]
