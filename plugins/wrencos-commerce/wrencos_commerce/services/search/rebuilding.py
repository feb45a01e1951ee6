"""Builds a generation of the index from all products for sale."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyroaring import BitMap

from wrencos_commerce.models.product import ANY, Product
from wrencos_commerce.models.search import SearchEntry, SearchPosting, SearchWord
from wrencos_commerce.services.search import vocabulary
from wrencos_commerce.services.search.entries import INDEXED, entry
from wrencos_commerce.services.search.postings import posting
from wrencos_commerce.services.search.words import with_beginnings

Row = Mapping[str, Any]
# Called with how many products are done, and of how many.
Progress = Callable[[int, int], None]

_BATCH = 500
_COLLECTIONS = (SearchEntry, SearchPosting, SearchWord)


def build(generation: str, progress: Progress) -> int:
    """Write every row of a new generation and return how many products it has.

    It holds an integer of four bytes for each product and key in memory until it writes them.
    """
    ids = _by_popularity()
    under: dict[str, array[int]] = {}
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        _fill(generation, batch, start, under)
        progress(min(start + _BATCH, len(ids)), len(ids))
    counts = {key: len(ordinals) for key, ordinals in under.items()}
    _insert(SearchPosting, _postings(generation, under))
    _insert(SearchWord, iter(vocabulary.word_rows(generation, counts)))
    return len(ids)


def drop_other_generations(kept: str) -> None:
    """Delete what belongs to any other generation; a query that still reads it finds less."""
    for model in _COLLECTIONS:
        for others in ({"$lt": f"{kept}/"}, {"$gte": f"{kept}0"}):  # "0" comes after "/"
            model.raw().delete_many({"_id": others})


def _by_popularity() -> list[str]:
    """The products for sale: the most sold first, then the best rated, then the newest."""
    shown = {"sold": 1, "rating": 1, "created_at": 1}
    rows = Product.raw().find({"is_active": True, "facets": ANY}, shown).batch_size(5000)
    known = sorted(
        ((r.get("sold", 0), r.get("rating") or 0.0, r["created_at"], r["_id"]) for r in rows),
        reverse=True,
    )
    return [id for *_, id in known]


def _fill(generation: str, ids: Sequence[str], first: int, under: dict[str, array[int]]) -> None:
    rows = {row["_id"]: row for row in Product.raw().find({"_id": {"$in": list(ids)}}, INDEXED)}
    entries = []
    for ordinal, id in enumerate(ids, start=first):
        if id not in rows:
            continue
        values, keys = entry(generation, rows[id], ordinal)
        entries.append(values)
        for key in with_beginnings(keys):
            if (ordinals := under.get(key)) is None:
                ordinals = under[key] = array("I")
            ordinals.append(ordinal)
    if entries:
        SearchEntry.raw().insert_many(entries, ordered=False)


def _postings(generation: str, under: Mapping[str, array[int]]) -> Iterator[dict[str, Any]]:
    for key, ordinals in under.items():
        yield {"_id": f"{generation}/{key}", **posting(BitMap(ordinals), 0)}


def _insert(model: Any, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= 1000:
            model.raw().insert_many(batch, ordered=False)
            batch = []
    if batch:
        model.raw().insert_many(batch, ordered=False)
