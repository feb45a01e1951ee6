"""What customers search for, and what they do not find. Kept by the day for half a year.

Only words are kept. Of a query that found something these are words of the shop, for all of them
fit a product. One that found nothing may say anything, so a long text, most of which the shop does
not know, is not kept; a short one may still hold a name, which only readers of the report see.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import structlog
from pymongo.errors import DuplicateKeyError, PyMongoError

from wrencos_commerce.models.search import KEPT_DAYS, SearchCount
from wrencos_commerce.services.search import postings, vocabulary
from wrencos_commerce.services.search.query import Query, parse
from wrencos_commerce.services.search.words import words
from wrencos_core.api import now

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]

# A longer one is a pasted text.
_LONGEST = 80
# Rows that a suggestion looks at.
_LOOKED_AT = 500
# Different queries of one day; after that only those known already are counted.
_MOST_A_DAY = 20_000
# Seven digits or more, however they are separated: phone numbers, ids, cards.
_NUMBER = re.compile(r"(?:\d[\s().+/-]*){7,}")
_ADDRESS = re.compile(
    r"@|[(\[]\s*(?:a|at)\s*[)\]]|://|\bwww\.|\b[\w-]+\s*\.\s*(?:com|net|org|vn|io)\b"
    r"|\b(?:gmail|yahoo|hotmail|outlook|icloud)\b",
    re.IGNORECASE,
)
# Of a query that found nothing, words with such a number are not kept.
_DIGITS = re.compile(r"\d{3}")
# A query that found nothing and has more words that the shop does not know is about something else.
_MOST_UNKNOWN = 3
# The fewest different clients on one day that make a query a suggestion to others.
_SHARED_FROM = 3


class SearchReport:
    """Counts searches and reports them."""

    def record(
        self, typed: str, results: int, client: str | None = None, corrected: str | None = None
    ) -> None:
        """Count one search that found so many without filters; 0 when no product fits all words.

        `client` is who searched, as a keyed hash: only whether it is another one is kept. A query
        that was `corrected` is kept so. Never raises: the customer waits for products, not for it.
        """
        query = parse(corrected or typed)
        if query is None or is_private(typed):
            return
        try:
            pairs = list(zip(query.words, query.written, strict=True))
            if not results:
                pairs = _impersonal(query)
            if pairs:
                key, shown = (" ".join(part) for part in zip(*pairs, strict=True))
                self._count(key, shown, results, client)
        except PyMongoError as error:
            log.warning("search.not_counted", error=str(error))

    @staticmethod
    def _count(query: str, shown: str, results: int, client: str | None) -> None:
        moment = now()
        day = moment.date().isoformat()
        expires = moment + timedelta(days=KEPT_DAYS)
        # How it was written first: nobody changes what others are shown.
        first = {"day": day, "query": query, "shown": shown, "expires_at": expires}
        change = {
            "$inc": {"count": 1},
            "$set": {"results": results, "last_at": moment},
            "$setOnInsert": first,
        }
        collection = SearchCount.raw()
        key = {"_id": f"{day}/{query}"}
        if collection.update_one(key, {k: change[k] for k in ("$inc", "$set")}).matched_count:
            _note_client(key["_id"], client)
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
        _note_client(key["_id"], client)

    def page(
        self, days: int, skip: int, limit: int, *, only_without_results: bool = False
    ) -> tuple[list[Row], int]:
        """Queries of the last days, the most frequent first, and how many there are.

        Rows have `query` as written first on the last day, `count`, `results` of the last time, and
        `last_at`.
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
        """Queries that begin so and found something the last time, the most frequent first.

        Only those that three different clients made on one day: one person's words are nobody's
        business, and nobody alone decides what others are shown.
        """
        folded = " ".join(words(typed))
        if not folded:
            return []
        query = {"query": {"$gte": folded, "$lt": folded + "\uffff"}}
        fields = ("query", "shown", "count", "results", "clients")
        rows = SearchCount.raw().find(query, dict.fromkeys(fields, 1))
        made: Counter[str] = Counter()
        shared: dict[str, str] = {}
        found: dict[str, bool] = {}
        for row in rows.sort([("query", 1), ("day", 1)]).limit(_LOOKED_AT):
            made[row["query"]] += row["count"]
            found[row["query"]] = bool(row["results"])
            if len(row.get("clients", ())) >= _SHARED_FROM:
                shared[row["query"]] = row["shown"]
        best = sorted((query for query in shared if found[query]), key=lambda q: (-made[q], q))
        return [shared[query] for query in best[:limit]]


def is_private(typed: str) -> bool:
    """Whether a query may be about a person: an address, a long number, or a pasted text."""
    long = len(typed) > _LONGEST
    return long or bool(_NUMBER.search(typed)) or bool(_ADDRESS.search(typed))


def _impersonal(query: Query) -> list[tuple[str, str]]:
    """The words to keep, folded and as written, of a query that found nothing; none of some."""
    pairs = zip(query.words, query.written, strict=True)
    kept = [pair for pair in pairs if not _DIGITS.search(pair[0])]
    if len(kept) <= _MOST_UNKNOWN:
        return kept
    state = postings.state()
    known = vocabulary.known(state.generation, query.words) if state else set()
    unknown = [word for word in query.telling if word not in known]
    return kept if len(unknown) <= _MOST_UNKNOWN else []


def _note_client(id: str, client: str | None) -> None:
    """Remember up to three different clients, for this query of this day alone."""
    if client is None:
        return
    mark = blake2b(f"{id}/{client}".encode(), digest_size=8).hexdigest()
    few = {"_id": id, f"clients.{_SHARED_FROM - 1}": {"$exists": False}}
    SearchCount.raw().update_one(few, {"$addToSet": {"clients": mark}})
