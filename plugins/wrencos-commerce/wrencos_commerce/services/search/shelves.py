"""The tree of categories as the search reads it: what is below what, and by which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from wrencos_commerce.models.category import Category
from wrencos_commerce.services.search.words import words

Row = Mapping[str, Any]

# A page may show a category's old name for so long.
_SECONDS = 2.0
# Shorter beginnings of words fit too many categories.
_SHORTEST_BEGINNING = 3


class Shelves:
    """All categories at one moment."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = sorted(rows, key=lambda row: (row["name"], row["_id"]))
        self._ids = {row["slug"]: row["_id"] for row in rows} | {r["_id"]: r["_id"] for r in rows}
        self._below: dict[str, list[str]] = defaultdict(list)
        self._words = {row["_id"]: words(f"{row['name']} {row['slug']}") for row in rows}
        for row in rows:
            for id in [*row["ancestors"], row["_id"]]:
                self._below[id].append(row["_id"])

    def below(self, id_or_slug: str) -> list[str]:
        """The ids of the category and of all below it; none for an unknown one."""
        return self._below.get(self._ids.get(id_or_slug, ""), [])

    def named(self, word: str) -> list[str]:
        """The ids of the categories with this word in their name, and of all below them.

        From three letters on, also those with a word that begins so.
        """
        begins = len(word) >= _SHORTEST_BEGINNING
        found = [
            id
            for id, names in self._words.items()
            if word in names or (begins and any(name.startswith(word) for name in names))
        ]
        return sorted({id for top in found for id in self._below[top]})

    def beginning_with(self, typed: Sequence[str]) -> list[Row]:
        """The categories with, for each of the words, one in their name that begins with it."""
        return [
            row
            for row in self.rows
            if all(any(name.startswith(w) for name in self._words[row["_id"]]) for w in typed)
        ]


class ShelfReader:
    """Reads the categories, and again after two seconds."""

    def __init__(self) -> None:
        self._read: tuple[str, float, Shelves] | None = None

    def shelves(self, generation: str) -> Shelves:
        """The categories as they were at most two seconds ago, in any case since the rebuild."""
        moment, read = monotonic(), self._read
        if read is None or read[0] != generation or moment - read[1] > _SECONDS:
            shown = {"name": 1, "slug": 1, "ancestors": 1}
            rows = list(Category.raw().find({"slug": {"$gt": ""}}, shown).hint("slug"))
            read = self._read = generation, moment, Shelves(rows)
        return read[2]
