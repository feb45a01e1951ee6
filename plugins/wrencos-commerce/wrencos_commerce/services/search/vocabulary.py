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
    rows: dict[str, dict[str, Any]] = {}
    forms = _forms(counts)
    for key, count in counts.items():
        field = _FIELDS.get(key[:2])
        if field is None:
            continue
        word = key[2:]
        row = rows.get(word)
        if row is None:
            row = rows[word] = {
                "_id": f"{generation}/{word}",
                "generation": generation,
                "word": word,
                "written": forms.get(word, word),
                "name": 0,
                "tag": 0,
                "rest": 0,
                "deletes": deletes(word),
            }
        row[field] = count
    return list(rows.values())


def _forms(counts: Mapping[str, int]) -> dict[str, str]:
    """How each word is mostly written, from the counts of the written forms."""
    best: dict[str, tuple[int, str]] = {}
    for key, count in counts.items():
        if key.startswith(WRITTEN):
            form = key[2:]
            word = text.fold(form)
            best[word] = max(best.get(word, (0, "")), (count, form))
    return {word: form for word, (_, form) in best.items()}


def update(generation: str, counts: Mapping[str, int]) -> None:
    """Bring the vocabulary in step with the changed counts of keys, within the transaction."""
    writes = []
    forms = _forms(counts)
    for row in word_rows(generation, counts):
        word = row["word"]
        told = {
            field: counts[kind + word] for kind, field in _FIELDS.items() if kind + word in counts
        }
        fixed = {key: row[key] for key in ("generation", "word", "deletes")}
        if word not in forms:
            fixed["written"] = word
        else:
            told["written"] = forms[word]  # type: ignore[assignment]
        writes.append(
            UpdateOne({"_id": row["_id"]}, {"$set": told, "$setOnInsert": fixed}, upsert=True)
        )
    if writes:
        SearchWord.raw().bulk_write(writes, ordered=False)
