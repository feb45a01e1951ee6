"""What reviews hold of a user: exported whole, and deleted with them.

A review is deleted when its author is erased, and the product's rating counted anew. Kept without a
name it would still be in the author's own words, with photos perhaps, and its consents have no one
left who could withdraw them.
"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.models.review import RefusedReview, Review
from wrencos_commerce.models.review_feedback import LeftoverPhotos, ReviewReport, ReviewVote
from wrencos_commerce.models.review_request import ReviewOptOut, ReviewRequest
from wrencos_commerce.services.review_feedback import take_back
from wrencos_commerce.services.review_writer import delete_rows
from wrencos_core.api import Platform, new_id, new_row

Section = list[dict[str, Any]]


def stored_reviews(user_id: str) -> dict[str, Section]:
    """The user's reviews, of which products one was refused, votes, reports, and mails that ask."""
    mine = {"user_id": user_id}
    sections = {
        "refusedReviews": list(RefusedReview.raw().find(mine, _HIDDEN)),
        "reviews": [_shown(row) for row in Review.raw().find(mine).sort("created_at", 1)],
        "reviewVotes": list(ReviewVote.raw().find(mine, _HIDDEN)),
        "reviewReports": list(ReviewReport.raw().find(mine, _HIDDEN)),
        "reviewRequests": list(ReviewRequest.raw().find(mine, _HIDDEN)),
        "reviewOptOut": list(ReviewOptOut.raw().find(mine, _HIDDEN)),
    }
    return {name: rows for name, rows in sections.items() if rows}


def erase_reviews(user_id: str) -> dict[str, int]:
    """Delete all that there is, in the running transaction; how many of each thing.

    The photos' files go when the event that the user was erased is delivered.
    """
    mine = {"user_id": user_id}
    rows = list(Review.raw().find(mine).sort("product_id", 1))
    for row in rows:
        delete_rows(row)
        if photos := [photo["id"] for photo in row["photos"]]:
            left = new_row(new_id(LeftoverPhotos.id_prefix), review_id=row["_id"], image_ids=photos)
            LeftoverPhotos.raw().insert_one(left)
    requests = ReviewRequest.raw().delete_many(mine).deleted_count
    ReviewOptOut.raw().delete_many(mine)
    RefusedReview.raw().delete_many(mine)
    counts = {"reviews": len(rows), "reviewRequests": requests, **take_back(user_id)}
    return {name: count for name, count in counts.items() if count}


def release_photos(platform: Platform) -> None:
    """Let go of the photos of erased authors, after their reviews are gone for good."""
    for row in list(LeftoverPhotos.raw().find({})):
        platform.images.release(row["image_ids"], row["review_id"])
        LeftoverPhotos.raw().delete_one({"_id": row["_id"]})


_HIDDEN = {"version": 0, "user_id": 0}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A review without the ids of the staff who judged or answered it."""
    left_out = ("version", "user_id", "facets", "reply", "history")
    shown = {key: value for key, value in row.items() if key not in left_out}
    shown["history"] = [
        {key: value for key, value in entry.items() if key != "actor"} for entry in row["history"]
    ]
    if reply := row.get("reply"):
        shown["reply"] = {"text": reply["text"], "at": reply["at"]}
    return shown
