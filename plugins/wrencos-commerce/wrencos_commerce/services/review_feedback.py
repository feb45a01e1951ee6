"""What customers make of others' reviews: votes and reports, one each, counted exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import AlreadyReported
from wrencos_commerce.models.review import Review, ReviewState
from wrencos_commerce.models.review_feedback import ReportReason, ReviewReport, ReviewVote
from wrencos_commerce.services.reviews import require_customer
from wrencos_core.api import (
    Identity,
    NotFound,
    PermissionDenied,
    bump,
    new_id,
    new_row,
    transactional,
)

Row = Mapping[str, Any]


class ReviewFeedback:
    """Takes votes and reports on published reviews of others."""

    @transactional
    def vote(self, id: str, is_helpful: bool, identity: Identity) -> Row:
        """Say whether a review helped, or change one's mind; the review's row.

        Raises PermissionDenied for one's own and for staff, and NotFound.
        """
        user_id = require_customer(identity)
        _judged(id, user_id)
        mine = {"review_id": id, "user_id": user_id}
        before = ReviewVote.raw().find_one(mine)
        if before is None:
            row = new_row(new_id(ReviewVote.id_prefix), **mine, is_helpful=is_helpful)
            ReviewVote.raw().insert_one(row)
        elif before["is_helpful"] is not is_helpful:
            change = bump({"$set": {"is_helpful": is_helpful}})
            ReviewVote.raw().update_one({"_id": before["_id"]}, change)
        return _counted(id, before["is_helpful"] if before else None, is_helpful)

    @transactional
    def withdraw_vote(self, id: str, identity: Identity) -> Row:
        """Take one's vote back; fine when there is none. The review's row. Raises as `vote`."""
        user_id = require_customer(identity)
        _judged(id, user_id)
        before = ReviewVote.raw().find_one_and_delete({"review_id": id, "user_id": user_id})
        return _counted(id, before["is_helpful"] if before else None, None)

    @transactional
    def report(self, id: str, reason: ReportReason, note: str | None, identity: Identity) -> str:
        """Tell the moderators of a review; the id of the report.

        Raises PermissionDenied for one's own and for staff, NotFound, and AlreadyReported.
        """
        user_id = require_customer(identity)
        _judged(id, user_id)
        mine = {"review_id": id, "user_id": user_id}
        if ReviewReport.raw().find_one(mine, {"_id": 1}):
            raise AlreadyReported("You have reported this review; the shop will look at it.")
        row = new_row(new_id(ReviewReport.id_prefix), **mine, reason=reason.value)
        if note:
            row["note"] = note
        ReviewReport.raw().insert_one(row)
        Review.raw().update_one({"_id": id}, bump({"$inc": {"open_reports": 1}}))
        return str(row["_id"])


def take_back(user_id: str) -> dict[str, int]:
    """Delete all votes and reports of a user and count them out; how many of each there were."""
    votes = list(ReviewVote.raw().find({"user_id": user_id}).sort("review_id", 1))
    for vote in votes:
        _counted(vote["review_id"], vote["is_helpful"], None)
    ReviewVote.raw().delete_many({"user_id": user_id})
    reports = list(ReviewReport.raw().find({"user_id": user_id}).sort("review_id", 1))
    for report in reports:
        if report.get("resolved_at") is None:
            change = bump({"$inc": {"open_reports": -1}})
            Review.raw().update_one({"_id": report["review_id"]}, change)
    ReviewReport.raw().delete_many({"user_id": user_id})
    return {"reviewVotes": len(votes), "reviewReports": len(reports)}


def _judged(id: str, user_id: str) -> None:
    """Write to the review first: of two votes at once, one waits for the other."""
    row = Review.raw().find_one_and_update(
        {"_id": id, "state": ReviewState.PUBLISHED.value}, {"$inc": {"version": 1}}
    )
    if row is None:
        raise NotFound(f"There is no review {id}.")
    if row["user_id"] == user_id:
        raise PermissionDenied("This review is your own.")


def _counted(id: str, before: bool | None, after: bool | None) -> Row:
    changes = {
        field: (after is value) - (before is value)
        for field, value in (("helpful", True), ("unhelpful", False))
    }
    row: Row = Review.raw().find_one_and_update(
        {"_id": id}, bump({"$inc": changes}), return_document=True
    )
    return row
