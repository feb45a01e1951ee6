"""Phrases that mean the same: the built-in ones of cosmetics, and those that the shop keeps."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from wrencos_commerce.models.search import SearchState, SearchSynonym
from wrencos_commerce.services.search.postings import STATE, State
from wrencos_commerce.services.search.words import distinct, words
from wrencos_core.api import (
    Identity,
    Invalid,
    NotFound,
    audit,
    bump,
    new_id,
    new_row,
    transactional,
)

Row = Mapping[str, Any]
Phrase = tuple[str, ...]

# Longer phrases are not looked for in a query.
LONGEST_PHRASE = 6
MOST_PHRASES = 20
_MOST_GROUPS = 2000


class Thesaurus:
    """What each phrase, as folded words, may be replaced by."""

    def __init__(self, groups: Iterable[tuple[Sequence[str], bool]]) -> None:
        """`groups` are phrases and whether only the first finds the others."""
        meanings: dict[Phrase, list[Phrase]] = defaultdict(list)
        for texts, one_way in groups:
            phrases = [phrase for value in texts if (phrase := tuple(words(value)))]
            for typed in phrases[:1] if one_way else phrases:
                meanings[typed] += [phrase for phrase in phrases if phrase != typed]
        self._meanings = {typed: tuple(dict.fromkeys(all)) for typed, all in meanings.items()}
        self.words = frozenset(word for phrase in self._meanings for word in phrase)

    def meanings(self, phrase: Phrase) -> tuple[Phrase, ...]:
        """The other phrases; none for an unknown one."""
        return self._meanings.get(phrase, ())

    def segments(
        self, typed: Sequence[str], is_known: Callable[[Phrase], bool] = lambda phrase: False
    ) -> list[Phrase]:
        """`typed` cut into phrases that are known here or elsewhere, long first, and words."""
        cut: list[Phrase] = []
        at = 0
        while at < len(typed):
            for length in range(min(LONGEST_PHRASE, len(typed) - at), 0, -1):
                phrase = tuple(typed[at : at + length])
                if length == 1 or phrase in self._meanings or is_known(phrase):
                    cut.append(phrase)
                    at += length
                    break
        return cut


@cache
def built_in() -> tuple[tuple[tuple[str, ...], bool], ...]:
    """The groups of search_data/synonyms.csv."""
    source = files("wrencos_commerce") / "search_data" / "synonyms.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return tuple(
        (tuple(part.strip() for part in row["phrases"].split(";")), row["way"] == "one")
        for row in rows
    )


class ThesaurusReader:
    """Keeps the synonyms until the shop changes its own."""

    def __init__(self, with_built_in: bool) -> None:
        self._built_in = built_in() if with_built_in else ()
        self._kept: tuple[str, Thesaurus] | None = None

    def thesaurus(self, state: State) -> Thesaurus:
        """The synonyms as the shop has them now."""
        if self._kept is None or self._kept[0] != state.synonyms:
            rows = SearchSynonym.raw().find({"_id": {"$gt": ""}}).limit(_MOST_GROUPS)
            own = [(row["phrases"], row["one_way"]) for row in rows]
            self._kept = state.synonyms, Thesaurus([*self._built_in, *own])
        return self._kept[1]


class Synonyms:
    """Keeps the shop's own synonyms; rows have the fields of SearchSynonym."""

    def page(self, skip: int, limit: int) -> tuple[list[Row], int]:
        """The groups, the oldest first, and how many there are."""
        query = {"_id": {"$gt": ""}}
        rows = SearchSynonym.raw().find(query).sort("_id", 1).skip(skip).limit(limit)
        return list(rows), SearchSynonym.raw().count_documents(query)

    def get(self, id: str) -> Row:
        """The group with this id; raises NotFound."""
        row: Row | None = SearchSynonym.raw().find_one({"_id": id})
        if row is None:
            raise NotFound(f"There are no synonyms {id}.")
        return row

    @transactional
    def create(self, phrases: Sequence[str], one_way: bool, identity: Identity) -> str:
        """A new group; its id. Raises Invalid, also for fewer than two different phrases."""
        values = {"phrases": _checked(phrases), "one_way": one_way}
        row = new_row(new_id(SearchSynonym.id_prefix), **values)
        self._changed()
        if SearchSynonym.raw().count_documents({"_id": {"$gt": ""}}) >= _MOST_GROUPS:
            raise Invalid(errors={"phrases": [f"There are {_MOST_GROUPS} groups already."]})
        SearchSynonym.raw().insert_one(row)
        audit.record(identity, "commerce.synonyms.create", row["_id"], values)
        return str(row["_id"])

    @transactional
    def update(self, id: str, changes: Row, identity: Identity) -> Row:
        """Change `phrases` or `one_way`; the changed row. Raises NotFound or Invalid."""
        self.get(id)
        changes = dict(changes)
        if "phrases" in changes:
            changes["phrases"] = _checked(changes["phrases"])
        self._changed()
        row: Row = SearchSynonym.raw().find_one_and_update(
            {"_id": id}, bump({"$set": changes}), return_document=True
        )
        audit.record(identity, "commerce.synonyms.update", id, changes)
        return row

    @transactional
    def delete(self, id: str, identity: Identity) -> None:
        """Forget a group; raises NotFound."""
        row = self.get(id)
        self._changed()
        SearchSynonym.raw().delete_one({"_id": id})
        audit.record(identity, "commerce.synonyms.delete", id, {"phrases": row["phrases"]})

    @staticmethod
    def _changed() -> None:
        """Every process reads them again with its next search."""
        SearchState.raw().update_one(
            {"_id": STATE}, {"$set": {"synonyms": new_id("set")}}, upsert=True
        )


def _checked(phrases: Sequence[str]) -> list[str]:
    kept = distinct([" ".join(phrase.split()) for phrase in phrases])
    folded = [words(phrase) for phrase in kept]
    if not all(folded):
        raise Invalid(errors={"phrases": ["Each needs a letter or digit."]})
    if any(len(phrase) > LONGEST_PHRASE for phrase in folded):
        raise Invalid(errors={"phrases": [f"A phrase has at most {LONGEST_PHRASE} words."]})
    if not len({tuple(phrase) for phrase in folded}) >= 2 or len(kept) > MOST_PHRASES:
        raise Invalid(errors={"phrases": [f"2 to {MOST_PHRASES} different phrases are needed."]})
    return kept
