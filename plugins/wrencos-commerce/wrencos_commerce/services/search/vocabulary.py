"""The words that the index knows: which begin so, which were meant, how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from wrencos_commerce.models.search import SearchWord
from wrencos_commerce.services.search.postings import END
from wrencos_commerce.services.search.spelling import SHORTEST, deletes, is_one_edit
from wrencos_commerce.services.search.words import NAME, REST, TAG, WRITTEN
from wrencos_core.api import text

Row = Mapping[str, Any]

_FIELDS = {NAME: "name", TAG: "tag", REST: "rest"}
# Words that begin with what was typed: more are not looked at, the most frequent are kept.
_LOOKED_AT, _KEPT = 1000, 128
_SHOWN = {"_id": 0, "word": 1, "name": 1, "tag": 1, "rest": 1}


@dataclass(frozen=True)
class Word:
    """A word and how many products have it: in the name, in what it is for, in the rest."""

    word: str
    name: int
    tag: int
    rest: int

    @property
    def weight(self) -> tuple[int, int, str]:
        """For sorting: words of names first, then what more products have."""
        return (-self.name, -(self.name + self.tag + self.rest), self.word)


def known(generation: str, words: Iterable[str]) -> set[str]:
    """Those of the words that some product has."""
    query = {"generation": generation, "word": {"$in": sorted(set(words))}}
    return {word.word for word in _words(query)}


def beginning_with(generation: str, prefix: str) -> list[str]:
    """The words that begin with `prefix`, which are longer: at most 128, the most frequent."""
    query = {"generation": generation, "word": {"$gt": prefix, "$lt": prefix + END}}
    found = _words(query, _LOOKED_AT)
    return [word.word for word in sorted(found, key=lambda word: word.weight)[:_KEPT]]


def meant_by(generation: str, typed: str) -> list[str]:
    """The words that are one edit from `typed`, the most frequent first."""
    if len(typed) < SHORTEST:
        return []
    query = {"generation": generation, "deletes": {"$in": deletes(typed)}}
    found = [word for word in _words(query) if is_one_edit(typed, word.word)]
    return [word.word for word in sorted(found, key=lambda word: word.weight)]


def written(generation: str, words: Sequence[str]) -> dict[str, str]:
    """How these words are mostly written in names, where they are."""
    ids = [f"{generation}/{word}" for word in words]
    rows = SearchWord.raw().find({"_id": {"$in": ids}}, {"word": 1, "written": 1})
    return {row["word"]: row["written"] for row in rows if row.get("written")}


def completions(generation: str, prefix: str, limit: int) -> list[str]:
    """Words of names that begin with `prefix`, as they are mostly written, frequent first."""
    query = {"generation": generation, "word": {"$gte": prefix, "$lt": prefix + END}}
    found = sorted(_words(query, _LOOKED_AT), key=lambda word: word.weight)
    best = [word.word for word in found if word.name][:limit]
    forms = written(generation, best)
    return [forms.get(word, word) for word in best]


def _words(query: Row, limit: int = 0) -> list[Word]:
    rows = SearchWord.raw().find(query, _SHOWN).limit(limit)
    # A covered index gives None for a field that is not there.
    every = [Word(r["word"], *(r.get(field) or 0 for field in _FIELDS.values())) for r in rows]
    return [word for word in every if word.name or word.tag or word.rest]


def word_rows(generation: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The rows of a whole vocabulary, from the counts of all keys."""
    forms = _forms(counts)
    rows = []
    for word, numbers in _numbers(counts).items():
        known = forms.get(word, {})
        row: dict[str, Any] = {field: numbers.get(field, 0) for field in _FIELDS.values()}
        row |= {"forms": known, "written": _mostly(word, known), **_fixed(generation, word)}
        rows.append({"_id": f"{generation}/{word}", **row})
    return rows


def update(generation: str, counts: Mapping[str, int]) -> None:
    """Bring the vocabulary in step with the changed counts of keys, within the transaction."""
    numbers, changed = _numbers(counts), _forms(counts)
    stored = _stored_forms(generation, changed)
    writes = []
    for word in sorted({*numbers, *changed}):
        told: dict[str, Any] = dict(numbers.get(word, {}))
        fixed = _fixed(generation, word)
        if word in changed:
            # Those which did not change have their say too.
            forms = {**stored.get(word, {}), **changed[word]}
            forms = {form: count for form, count in forms.items() if count}
            told |= {"forms": forms, "written": _mostly(word, forms)}
        else:
            fixed["written"] = word
        # A word in a name is counted there as well: one that is not has no row to be made.
        writes.append(
            UpdateOne(
                {"_id": f"{generation}/{word}"},
                {"$set": told, "$setOnInsert": fixed},
                upsert=word in numbers,
            )
        )
    if writes:
        SearchWord.raw().bulk_write(writes, ordered=False)


def _numbers(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """For each word, in how many products it is, by field."""
    numbers: dict[str, dict[str, int]] = {}
    for key, count in counts.items():
        if field := _FIELDS.get(key[:2]):
            numbers.setdefault(key[2:], {})[field] = count
    return numbers


def _forms(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """For each word, how many names have it in which written form."""
    forms: dict[str, dict[str, int]] = {}
    for key, count in counts.items():
        if key.startswith(WRITTEN):
            form = key.removeprefix(WRITTEN)
            forms.setdefault(text.fold(form), {})[form] = count
    return forms


def _stored_forms(generation: str, words: Iterable[str]) -> dict[str, dict[str, int]]:
    query = {"_id": {"$in": [f"{generation}/{word}" for word in sorted(words)]}}
    rows = SearchWord.raw().find(query, {"word": 1, "forms": 1})
    return {row["word"]: row.get("forms") or {} for row in rows}


def _mostly(word: str, forms: Mapping[str, int]) -> str:
    """The most frequent form; the word itself when no name has it."""
    return max(forms, key=lambda form: (forms[form], form), default=word)


def _fixed(generation: str, word: str) -> dict[str, Any]:
    return {"generation": generation, "word": word, "deletes": deletes(word)}
