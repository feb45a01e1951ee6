"""The stored bitmaps of one generation of the index: reading and changing them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne
from pyroaring import BitMap

from wrencos_commerce.models.search import SearchPosting, SearchState
from wrencos_commerce.services.search.words import FACET

Row = Mapping[str, Any]

STATE = "index"
# Above every key of a kind: U+FFFF is no character.
END = "\uffff"


@dataclass(frozen=True)
class State:
    """Which generation is read, and how often it was changed."""

    generation: str
    revision: int
    synonyms: str


def state() -> State | None:
    """The state of the index, or None before there is one."""
    row = SearchState.raw().find_one({"_id": STATE})
    if row is None or not row.get("generation"):
        return None
    return State(row["generation"], row.get("revision", 0), row.get("synonyms", ""))


def read(generation: str, keys: Iterable[str]) -> dict[str, BitMap]:
    """The bitmaps of those keys that any product is under."""
    ids = [f"{generation}/{key}" for key in sorted(set(keys))]
    if not ids:
        return {}
    rows = SearchPosting.raw().find({"_id": {"$in": ids}}, {"bitmap": 1})
    start = len(generation) + 1
    return {row["_id"][start:]: BitMap.deserialize(row["bitmap"]) for row in rows}


def read_facets(generation: str, after: int) -> dict[str, BitMap]:
    """The bitmaps of facets that were changed after the revision `after`."""
    first = f"{generation}/{FACET}"
    query = {"_id": {"$gte": first, "$lt": first + END}, "revision": {"$gt": after}}
    start = len(generation) + 1
    rows = SearchPosting.raw().find(query, {"bitmap": 1})
    return {row["_id"][start:]: BitMap.deserialize(row["bitmap"]) for row in rows}


def change(
    generation: str,
    revision: int,
    gone: Mapping[str, Iterable[int]],
    come: Mapping[str, Iterable[int]],
) -> dict[str, int]:
    """Take ordinals out of bitmaps and put others in; the counts of the changed ones, by key.

    To be called in a transaction that has written the state: whoever else changes the index
    conflicts there and runs again.
    """
    keys = {*gone, *come}
    stored = read(generation, keys)
    writes, counts = [], {}
    for key in sorted(keys):
        bitmap = stored.get(key, BitMap())
        bitmap -= BitMap(gone.get(key, ()))
        bitmap |= BitMap(come.get(key, ()))
        counts[key] = len(bitmap)
        fields = posting(bitmap, revision)
        writes.append(UpdateOne({"_id": f"{generation}/{key}"}, {"$set": fields}, upsert=True))
    if writes:
        SearchPosting.raw().bulk_write(writes, ordered=False)
    return counts


def posting(bitmap: BitMap, revision: int) -> dict[str, Any]:
    """A bitmap as it is stored."""
    bitmap.run_optimize()
    return {"bitmap": bitmap.serialize(), "count": len(bitmap), "revision": revision}


def packed(keys: Iterable[str]) -> bytes:
    """The keys of an entry as they are stored: about a fifth of their length."""
    return zlib.compress("\n".join(sorted(keys)).encode(), 1)


def unpacked(stored: bytes) -> set[str]:
    """The keys of a stored entry."""
    joined = zlib.decompress(stored).decode()
    return set(joined.split("\n")) if joined else set()
