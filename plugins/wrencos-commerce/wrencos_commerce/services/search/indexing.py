"""Keeps the index in step with the products: single changes, what was missed, and all anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from pymongo import DeleteOne, ReplaceOne, ReturnDocument

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.search import SearchEntry, SearchState
from wrencos_commerce.services.search import postings, vocabulary
from wrencos_commerce.services.search.entries import INDEXED, entry
from wrencos_commerce.services.search.postings import STATE
from wrencos_commerce.services.search.rebuilding import Progress, build, drop_other_generations
from wrencos_commerce.services.search.words import with_beginnings
from wrencos_core.api import Conflict, new_id, now, transaction

Row = Mapping[str, Any]

# A transaction stays small: each product is under some hundred keys.
_BATCH = 100
# From so many changed products on, all anew is quicker.
_REBUILD_FROM = 3000
# A change is stamped when its transaction begins, and may be committed a minute later.
_OVERLAP = timedelta(seconds=90)
# A query that began before the switch reads the old generation for so long at the most.
_READ_UNTIL = timedelta(minutes=1)
_STALE_STEP = 500
_BUILD_WITHIN = timedelta(minutes=15)


class SearchIndex:
    """Writes the search index. Any number of processes may do so at once."""

    def index(self, product_ids: Iterable[str]) -> int:
        """Index those of the products that have changed since they were; how many had.

        Run twice, or half, and again, it ends in the same state: each batch is one transaction.
        """
        state = postings.state()
        if state is None:
            return self._built()
        ids = iter(sorted(set(product_ids)))
        changed = 0
        while batch := list(islice(ids, _BATCH)):
            if _changed(state.generation, batch):
                changed += transaction(partial(self._index, batch))
        return changed

    def catch_up(self) -> int:
        """Index whatever changed since the last time and was missed; how many products."""
        stored = SearchState.raw().find_one({"_id": STATE})
        if stored is None or not stored.get("generation") or not stored.get("indexed_until"):
            return self._built()
        moment = now()
        stale = self._stale(stored["generation"], stored["indexed_until"] - _OVERLAP)
        if len(stale) >= _REBUILD_FROM:
            return self._built()
        changed = self.index(stale) if stale else 0
        SearchState.raw().update_one(
            {"_id": STATE, "generation": stored["generation"]},
            {"$max": {"indexed_until": moment}},
        )
        if stored.get("leftovers") and stored["built_at"] + _READ_UNTIL < moment:
            self._drop_leftovers()
        return changed

    def _built(self) -> int:
        """Build all, the first time or because of many changes; 0 while another process does."""
        try:
            return self.rebuild()
        except Conflict:
            return 0

    def _drop_leftovers(self) -> None:
        """Delete the generations that nobody reads, unless a new one is being built."""
        builder = new_id("build")
        if not self._begin(builder, now()):
            return
        try:
            if state := postings.state():
                drop_other_generations(state.generation)
                SearchState.raw().update_one({"_id": STATE}, {"$unset": {"leftovers": ""}})
        finally:
            self._end(builder)

    def rebuild(self, progress: Progress = lambda done, total: None) -> int:
        """Build the index anew beside the present one, then switch to it; how many products.

        Ordinals are given by popularity, so that ties rank by it from then on. Raises Conflict
        while another process does the same.
        """
        builder, moment = new_id("build"), now()
        if not self._begin(builder, moment):
            raise Conflict("The search index is being rebuilt already.")
        generation = f"g{builder.removeprefix('build_')}"
        try:
            done = build(generation, progress)
            self._switch(generation, builder, done, moment)
        finally:
            self._end(builder)
        # What changed while it was built went into the old one, which is deleted later: somebody
        # may be reading it just now.
        self.catch_up()
        self._sweep(generation)
        return done

    def _begin(self, builder: str, moment: datetime) -> bool:
        SearchState.raw().update_one(
            {"_id": STATE}, {"$setOnInsert": {"revision": 0, "next_ordinal": 0}}, upsert=True
        )
        free = {
            "_id": STATE,
            "$or": [{"builder_until": None}, {"builder_until": {"$lt": moment}}],
        }
        until = moment + _BUILD_WITHIN
        taken = {"$set": {"builder": builder, "builder_until": until, "leftovers": True}}
        return bool(SearchState.raw().update_one(free, taken).matched_count)

    @staticmethod
    def _end(builder: str) -> None:
        mine = {"_id": STATE, "builder": builder}
        SearchState.raw().update_one(mine, {"$unset": {"builder": "", "builder_until": ""}})

    @staticmethod
    def _switch(generation: str, builder: str, products: int, began: datetime) -> None:
        """Read the new generation from now on. Raises Conflict when it took too long."""
        fields = {
            "generation": generation,
            "next_ordinal": products,
            "indexed_until": began,
            "built_at": now(),
        }
        mine = {"_id": STATE, "builder": builder}
        change = {"$set": fields, "$inc": {"revision": 1}}
        if not SearchState.raw().update_one(mine, change).matched_count:
            raise Conflict("Another process rebuilt the search index meanwhile.")

    @staticmethod
    def _stale(generation: str, since: datetime) -> list[str]:
        """The products that changed since then and are not indexed as they are now."""
        shown = {"version": 1}
        rows = Product.raw().find({"updated_at": {"$gte": since}}, shown).hint("by_change")
        stale: list[str] = []
        while batch := list(islice(rows, _STALE_STEP)):
            stale += _stale_of(generation, batch)
        return stale

    def _sweep(self, generation: str) -> None:
        """Forget the products that were deleted while the generation was built."""
        shown = {"_id": 0, "product_id": 1}
        rows = SearchEntry.raw().find({"generation": generation}, shown).hint("by_ordinal")
        while batch := [row["product_id"] for row in islice(rows, _STALE_STEP)]:
            there = Product.raw().find({"_id": {"$in": batch}}, {"_id": 1})
            if deleted := set(batch) - {row["_id"] for row in there}:
                self.index(deleted)

    def _index(self, ids: Sequence[str]) -> int:
        """One batch, within a transaction."""
        # First, so that two who change the index conflict here and nowhere else.
        state = SearchState.raw().find_one_and_update(
            {"_id": STATE}, {"$inc": {"revision": 1}}, return_document=ReturnDocument.AFTER
        )
        generation, revision = state["generation"], state["revision"]
        stored = _entries(generation, ids)
        products = Product.raw().find({"_id": {"$in": list(ids)}}, INDEXED)
        there = {row["_id"]: row for row in products}
        rows = [
            row
            for id, row in there.items()
            if stored.get(id, {}).get("product_version") != row["version"]
        ]
        deleted = [lost for id, lost in stored.items() if id not in there]
        if not rows and not deleted:
            return 0
        gone: dict[str, list[int]] = defaultdict(list)
        come: dict[str, list[int]] = defaultdict(list)
        writes: list[ReplaceOne[Any] | DeleteOne] = []
        for lost in deleted:
            _note(gone, with_beginnings(postings.unpacked(lost["keys"])), lost["ordinal"])
            writes.append(DeleteOne({"_id": lost["_id"]}))
        free = state["next_ordinal"]
        for row in rows:
            old = stored.get(row["_id"])
            ordinal = old["ordinal"] if old else free
            free += 0 if old else 1
            values, under = entry(generation, row, ordinal)
            before = with_beginnings(postings.unpacked(old["keys"]) if old else ())
            after = with_beginnings(under)
            _note(gone, before - after, ordinal)
            _note(come, after - before, ordinal)
            writes.append(ReplaceOne({"_id": values["_id"]}, values, upsert=True))
        SearchEntry.raw().bulk_write(writes, ordered=False)
        vocabulary.update(generation, postings.change(generation, revision, gone, come))
        SearchState.raw().update_one({"_id": STATE}, {"$set": {"next_ordinal": free}})
        return len(rows) + len(deleted)


def _note(changes: dict[str, list[int]], keys: Iterable[str], ordinal: int) -> None:
    for key in keys:
        changes[key].append(ordinal)


def _entries(generation: str, ids: Sequence[str]) -> dict[str, Row]:
    query = {"_id": {"$in": [f"{generation}/{id}" for id in ids]}}
    shown = {"product_id": 1, "ordinal": 1, "product_version": 1, "keys": 1}
    return {row["product_id"]: row for row in SearchEntry.raw().find(query, shown)}


def _changed(generation: str, ids: Sequence[str]) -> bool:
    """Whether one is not indexed as it is, or is indexed and deleted."""
    rows = list(Product.raw().find({"_id": {"$in": list(ids)}}, {"version": 1}))
    if _stale_of(generation, rows):
        return True
    deleted = set(ids) - {row["_id"] for row in rows}
    query = {"_id": {"$in": [f"{generation}/{id}" for id in sorted(deleted)]}}
    return bool(deleted) and SearchEntry.raw().find_one(query, {"_id": 1}) is not None


def _stale_of(generation: str, products: Sequence[Row]) -> list[str]:
    query = {"_id": {"$in": [f"{generation}/{row['_id']}" for row in products]}}
    rows = SearchEntry.raw().find(query, {"product_id": 1, "product_version": 1})
    indexed = {row["product_id"]: row["product_version"] for row in rows}
    return [row["_id"] for row in products if indexed.get(row["_id"]) != row["version"]]
