"""Writing a review with all that follows from it, in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.review import MAX_HISTORY, Review, ReviewState, facets
from wrencos_commerce.models.review_feedback import ReviewReport, ReviewVote
from wrencos_commerce.services import ratings
from wrencos_core.api import Platform, bump, now
from wrencos_core.contracts.commerce import ReviewPosted

Row = Mapping[str, Any]


class ReviewWriter:
    """Keeps the product's rating, the review's history and the event in step with a review."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def insert(self, product: Row, row: dict[str, Any]) -> None:
        """Store a new review of the locked `product`; its state becomes its first history."""
        row["facets"] = facets(row)
        row["history"] = [_entry(row["state"], row["user_id"])]
        if row["state"] == ReviewState.PUBLISHED:
            row["published_at"] = row["created_at"]
            self._publish(row)
        Review.raw().insert_one(row)
        ratings.count_in(product, None, row)

    def change(
        self,
        before: Row,
        fields: Row,
        *,
        state: ReviewState | None = None,
        actor: str = "",
        reason: str | None = None,
    ) -> Row:
        """Set `fields` of a review that this transaction has read; the changed row.

        A new `state` is entered in the history. The first time that it is published is told.
        """
        product = ratings.lock_if_there(before["product_id"])
        values = dict(fields)
        update: dict[str, Any] = {"$set": values}
        first = False
        if state is not None and state != before["state"]:
            values["state"] = state.value
            entry = _entry(state.value, actor, reason)
            update["$push"] = {"history": {"$each": [entry], "$slice": -MAX_HISTORY}}
            first = state is ReviewState.PUBLISHED and not before.get("published_at")
            if first:
                values["published_at"] = entry["at"]
        values["facets"] = facets({**before, **values})
        row: Row = Review.raw().find_one_and_update(
            {"_id": before["_id"]}, bump(update), return_document=True
        )
        ratings.count_in(product, before, row)
        if first:
            self._publish(row)
        return row

    def delete(self, row: Row) -> None:
        """Delete a review with its votes and reports, and let its photos go."""
        self._platform.images.release([photo["id"] for photo in row["photos"]], row["_id"])
        delete_rows(row)

    def _publish(self, row: Row) -> None:
        self._platform.outbox.publish(
            ReviewPosted(
                id=f"{row['_id']}:posted",
                occurred_at=now(),
                review_id=row["_id"],
                product_id=row["product_id"],
                user_id=row["user_id"],
                rating=row["rating"],
                is_verified=row["is_verified"],
            )
        )


def delete_rows(row: Row) -> None:
    """Delete a review, its votes and its reports; its photos are left to the caller."""
    product = ratings.lock_if_there(row["product_id"])
    Review.raw().delete_one({"_id": row["_id"]})
    ReviewVote.raw().delete_many({"review_id": row["_id"]})
    ReviewReport.raw().delete_many({"review_id": row["_id"]})
    ratings.count_in(product, row, None)


def _entry(state: str, actor: str, reason: str | None = None) -> dict[str, Any]:
    entry = {"state": state, "at": now(), "actor": actor}
    return {**entry, "reason": reason} if reason else entry
