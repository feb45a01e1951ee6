"""What variants have cost, so that a reduction can be stated beside the lowest price before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from wrencos_commerce.models.price_change import PriceChange
from wrencos_core.api import Identity, Listing, Platform, new_id, new_row, now

Row = Mapping[str, Any]

# How long prices can be looked up.
KEPT = timedelta(days=2 * 365)
# So long before a reduction its lowest price is sought.
BEFORE = timedelta(days=30)
_NEWEST = [("at", -1), ("_id", -1)]


class PriceHistory:
    """Keeps and reads prices, in minor units of the shop's currency."""

    def __init__(self, platform: Platform) -> None:
        self._currency = platform.settings.currency
        self._listing = Listing(PriceChange.raw)

    def record(self, product_id: str, changes: Sequence[Row], identity: Identity) -> None:
        """Note prices that are new; to be called in the transaction that stores them.

        Each change has `variant_id`, `price` and `previous` (None for a new variant).
        """
        self.record_all({product_id: changes}, identity)

    def record_all(self, changes: Mapping[str, Sequence[Row]], identity: Identity) -> None:
        """As `record`, the changes of several products by their ids."""
        at = now()
        rows = [
            new_row(
                new_id(PriceChange.id_prefix),
                product_id=product_id,
                variant_id=change["variant_id"],
                price=change["price"],
                previous=change["previous"],
                currency=self._currency,
                at=at,
                actor=identity.actor,
            )
            for product_id, news in changes.items()
            for change in news
        ]
        if rows:
            PriceChange.raw().insert_many(rows)

    def lowest(self, variant_ids: Sequence[str], days: int = 30) -> dict[str, int]:
        """The price of each variant to state beside the present one (Directive 98/6/EC, art. 6a).

        Where the present price is lower than the one it replaced, that is the lowest in force in
        the `days` days before it came into force, which it is not part of itself. A reduction of
        what was reduced already is one of its own: art. 6a(5) is left to the shop. A reduction
        counts until the price changes again.

        Else, where the price rose, it is the lowest in force at any moment of the last `days` days
        until now. A variant whose price did not change in that time is left out: it is its present
        price. A price that ended at the very moment when the days began does not count.

        Two queries at the most, however many variants.
        """
        lowest: dict[str, int] = {}
        windows: dict[tuple[datetime, datetime], list[str]] = {}
        moment, span = now(), timedelta(days=days)
        for row in _last_changes(variant_ids):
            at, previous = row["at"], row["previous"]
            if previous is None:  # it has had no other price
                continue
            since = (at if row["price"] < previous else moment) - span
            if at > since:
                # What was in force when days begin is what the first change in them replaced.
                lowest[row["_id"]] = previous
                windows.setdefault((since, at), []).append(row["_id"])
        for row in _changes_in(windows):
            prices = [row["price"]] if row["previous"] is None else [row["price"], row["previous"]]
            lowest[row["variant_id"]] = min(lowest[row["variant_id"]], *prices)
        return lowest

    def history(
        self, product_id: str, skip: int, limit: int, variant_id: str | None = None
    ) -> tuple[list[Row], int]:
        """The changes of a product's prices, or of one of its variants', newest first; how many."""
        query = {"product_id": product_id}
        if variant_id is not None:
            query = {"variant_id": variant_id, **query}
        return self._listing.page(query, sort=_NEWEST, skip=skip, limit=limit)

    def prune(self) -> int:
        """Delete what is older than two years, but not what `lowest` may need; how many.

        That is the price in force two years ago, and those of the 30 days before it.
        """
        cutoff, collection = now() - KEPT, PriceChange.raw()
        groups = collection.aggregate(
            [
                {"$match": {"at": {"$lt": cutoff}}},
                {"$group": {"_id": "$variant_id", "last": {"$max": "$at"}, "count": {"$sum": 1}}},
                {"$match": {"count": {"$gt": 1}}},
            ]
        )
        deleted = 0
        for group in groups:
            old = {"variant_id": group["_id"], "at": {"$lt": group["last"] - BEFORE}}
            deleted += collection.delete_many(old).deleted_count
        return deleted


def _last_changes(variant_ids: Sequence[str]) -> Iterable[Row]:
    """What brought each variant its present price: the variant as `_id`, and the change."""
    if not variant_ids:
        return ()
    fields = ("at", "price", "previous")
    found: Iterable[Row] = PriceChange.raw().aggregate(
        [
            {"$match": {"variant_id": {"$in": list(variant_ids)}}},
            {"$sort": {"variant_id": 1, **dict(_NEWEST)}},
            {"$group": {"_id": "$variant_id", **{n: {"$first": f"${n}"} for n in fields}}},
        ]
    )
    return found


def _changes_in(windows: Mapping[tuple[datetime, datetime], list[str]]) -> Iterable[Row]:
    """The changes of variants between two moments, neither of them included."""
    if not windows:
        return ()
    parts = [
        {"variant_id": {"$in": ids}, "at": {"$gt": since, "$lt": until}}
        for (since, until), ids in windows.items()
    ]
    fields = {"variant_id": 1, "price": 1, "previous": 1}
    found: Iterable[Row] = PriceChange.raw().find({"$or": parts}, fields)
    return found
