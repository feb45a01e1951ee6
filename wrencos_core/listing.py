"""Pages of a collection with their total, in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import MinKey

from wrencos_core.clock import now

Row = Mapping[str, Any]

# Counting walks along the index: 10,000 rows took 16 ms, where a page takes less than one.
LARGE = 1000
REMEMBER = timedelta(seconds=10)
_MOST_KEPT = 500
# Every document too, but counted by its key and not read.
_ALL = {"_id": {"$gte": MinKey()}}
# No field of a document is called so.
_TOTAL = "__total"


class Listing:
    """Lists rows of a collection. A total of 1000 or more may be ten seconds old.

    `collection` gives the pymongo collection when it is needed: `Product.raw`.
    """

    def __init__(self, collection: Callable[[], Any]) -> None:
        self._collection = collection
        self._totals: dict[str, tuple[int, datetime]] = {}

    def page(
        self,
        query: Row,
        *,
        sort: Sequence[tuple[str, int]],
        skip: int,
        limit: int,
        fields: Mapping[str, int] | None = None,
    ) -> tuple[list[Row], int]:
        """The rows that fit `query` from `skip` on, at most `limit`, and how many fit in all.

        `fields` is a projection. Both the page and the total need an index that serves them.
        """
        key, moment = repr(query), now()
        total, until = self._totals.get(key, (0, moment))
        if until > moment:
            cursor = self._collection().find(query, fields)
            return list(cursor.sort(list(sort)).skip(skip).limit(limit)), total
        rows, total = self._together(query, sort, skip, limit, fields)
        if total >= LARGE:
            if len(self._totals) >= _MOST_KEPT:
                self._totals.clear()
            self._totals[key] = total, moment + REMEMBER
        return rows, total

    def _together(
        self,
        query: Row,
        sort: Sequence[tuple[str, int]],
        skip: int,
        limit: int,
        fields: Mapping[str, int] | None,
    ) -> tuple[list[Row], int]:
        """One pipeline for both: it costs the client hardly more than the page alone."""
        collection = self._collection()
        count = [{"$match": query or _ALL}, {"$count": _TOTAL}]
        pipeline: list[dict[str, Any]] = [{"$match": query}, {"$sort": dict(sort)}]
        if skip:
            pipeline.append({"$skip": skip})
        pipeline.append({"$limit": limit})
        if fields:
            pipeline.append({"$project": fields})
        pipeline.append({"$unionWith": {"coll": collection.name, "pipeline": count}})
        rows = list(collection.aggregate(pipeline))
        # The total comes last, and not at all when nothing fits.
        total = rows.pop()[_TOTAL] if rows and _TOTAL in rows[-1] else 0
        return rows, total
