"""What customers search for, and what they do not find. Kept by the day for half a year.

Nobody is named, and a query that looks like a person's address or number is not kept at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from pymongo.errors import DuplicateKeyError, PyMongoError

from wrencos_commerce.models.search import KEPT_DAYS, SearchCount
from wrencos_commerce.services.search.words import words
from wrencos_core.api import now

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]

# A longer one is a pasted text.
_LONGEST = 80
# Different queries of one day; after that only those known already are counted.
_MOST_A_DAY = 20_000
# Seven digits or more, however they are separated: phone numbers, ids, cards.
_NUMBER = re.compile(r"(?:\d[\s().+/-]*){7,}")
_ADDRESS = re.compile(r"@|://|\bwww\.|\b[\w-]+\s*\.\s*(?:com|net|org|vn|io)\b", re.IGNORECASE)
# The fewest searches of a query that others are shown it for.
_SHARED_FROM = 3


class SearchReport:
    """Counts searches and reports them."""

    def record(self, typed: str, results: int) -> None:
        """Count one search. Never raises: the customer waits for products, not for this."""
        query = " ".join(words(typed))
        if not query or is_private(typed):
            return
        try:
            self._count(query, " ".join(typed.split()), results)
        except PyMongoError as error:
            log.warning("search.not_counted", error=str(error))

    @staticmethod
    def _count(query: str, shown: str, results: int) -> None:
        moment = now()
        day = moment.date().isoformat()
        expires = moment + timedelta(days=KEPT_DAYS)
        change = {
            "$inc": {"count": 1},
            "$set": {"results": results, "last_at": moment, "shown": shown},
            "$setOnInsert": {"day": day, "query": query, "expires_at": expires},
        }
        collection = SearchCount.raw()
        key = {"_id": f"{day}/{query}"}
        if collection.update_one(key, {k: change[k] for k in ("$inc", "$set")}).matched_count:
            return
        try:
            collection.update_one(
                {"_id": f"{day}/", "rows": {"$lt": _MOST_A_DAY}},
                {"$inc": {"rows": 1}, "$setOnInsert": {"expires_at": expires}},
                upsert=True,
            )
        except DuplicateKeyError:
            return  # the day is full
        collection.update_one(key, change, upsert=True)

    def page(
        self, days: int, skip: int, limit: int, *, only_without_results: bool = False
    ) -> tuple[list[Row], int]:
        """Queries of the last days, the most frequent first, and how many there are.

        Rows have `query` as last typed, `count`, `results` of the last time, and `last_at`.
        """
        first = (now() - timedelta(days=days - 1)).date().isoformat()
        group = {
            "_id": "$query",
            "count": {"$sum": "$count"},
            "query": {"$last": "$shown"},
            "results": {"$last": "$results"},
            "last_at": {"$max": "$last_at"},
        }
        pipeline: list[dict[str, Any]] = [
            {"$match": {"day": {"$gte": first}}},
            {"$sort": {"day": 1, "query": 1}},
            {"$group": group},
        ]
        if only_without_results:
            pipeline.append({"$match": {"results": 0}})
        page = [{"$sort": {"count": -1, "_id": 1}}, {"$skip": skip}, {"$limit": limit}]
        both = {"rows": page, "total": [{"$count": "count"}]}
        answer = next(iter(SearchCount.raw().aggregate([*pipeline, {"$facet": both}])))
        return answer["rows"], answer["total"][0]["count"] if answer["total"] else 0

    def beginning_with(self, typed: str, limit: int) -> list[str]:
        """Queries that found something and begin so, as others typed them, frequent first.

        Only those that were made three times or more: one person's words are nobody's business.
        """
        folded = " ".join(words(typed))
        if not folded:
            return []
        query = {"query": {"$gte": folded, "$lt": folded + "\uffff"}}
        rows = SearchCount.raw().find(query, {"query": 1, "shown": 1, "count": 1, "results": 1})
        counts: dict[str, tuple[int, str]] = {}
        for row in rows.sort([("query", 1), ("day", 1)]).limit(500):
            if row["results"]:
                made = counts.get(row["query"], (0, ""))[0]
                counts[row["query"]] = made + row["count"], row["shown"]
        best = sorted(counts.values(), key=lambda pair: (-pair[0], pair[1]))
        return [shown for made, shown in best if made >= _SHARED_FROM][:limit]


def is_private(typed: str) -> bool:
    """Whether a query may be about a person: an address, a long number, or a pasted text."""
    long = len(typed) > _LONGEST
    return long or bool(_NUMBER.search(typed)) or bool(_ADDRESS.search(typed))
