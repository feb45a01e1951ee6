"""/api/reviews for the shop's staff"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.models.review import ReviewState
from wrencos_commerce.permissions import MODERATE_REVIEWS
from wrencos_commerce.schemas import reviews as schemas
from wrencos_commerce.services.review_moderation import ReviewModeration
from wrencos_commerce.services.review_queries import ReviewQueries
from wrencos_commerce.views.base import Row
from wrencos_commerce.views.reviews import (
    Beside,
    ModeratedReviews,
    ReviewModerated,
    ReviewReports,
    moderated_review,
    review_report,
)
from wrencos_core.web import Blueprint, PageQuery, Paging, current_identity, service

blp = Blueprint(
    "review_moderation", __name__, url_prefix="/reviews", description="Reviews, for moderators."
)


@blp.get("", access=MODERATE_REVIEWS)
@blp.arguments(schemas.ReviewQueueQuery, location="query")
@blp.response(200, ModeratedReviews)
def list_reviews(args: dict[str, Any]) -> ModeratedReviews:
    """List everybody's reviews, the newest first.

    `status=pending` is the queue of those to be checked; `reported` those with open reports, the
    most reported first.
    """
    paging, queries = Paging.of(args), service(ReviewQueries)
    state = ReviewState(args["status"]) if "status" in args else None
    rows, total = queries.queue(state, args["reported"], paging.skip, paging.limit)
    beside = Beside(queries.authors(rows), queries.product_names(rows))
    return ModeratedReviews(
        reviews=[moderated_review(row, beside) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.put("/<review_id>/status", access=MODERATE_REVIEWS)
@blp.arguments(schemas.ReviewStatusBody)
@blp.response(200, ReviewModerated)
def set_status(body: dict[str, Any], review_id: str) -> ReviewModerated:
    """Publish, hide or reject a review.

    From `pending` to `published` or `rejected`, from `published` to `hidden`, from `hidden` to
    `published` or `rejected`, from `rejected` to `published`. To hide or reject takes a `reason`,
    which the author gets to read. It settles the review's reports. 409
    `review-transition-refused` lists what is allowed.
    """
    state = ReviewState(body["status"])
    row = service(ReviewModeration).set_state(
        review_id, state, current_identity(), body.get("reason")
    )
    return _moderated("Review status updated", row)


@blp.put("/<review_id>/reply", access=MODERATE_REVIEWS)
@blp.arguments(schemas.ReviewReplyBody)
@blp.response(200, ReviewModerated)
def reply(body: dict[str, Any], review_id: str) -> ReviewModerated:
    """Answer a review in the shop's name; it replaces an earlier answer."""
    row = service(ReviewModeration).reply(review_id, body["text"], current_identity())
    return _moderated("Reply saved", row)


@blp.delete("/<review_id>/reply", access=MODERATE_REVIEWS)
@blp.response(200, ReviewModerated)
def remove_reply(review_id: str) -> ReviewModerated:
    """Take the shop's answer back."""
    row = service(ReviewModeration).remove_reply(review_id, current_identity())
    return _moderated("Reply removed", row)


@blp.get("/<review_id>/reports", access=MODERATE_REVIEWS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ReviewReports)
def list_reports(args: dict[str, Any], review_id: str) -> ReviewReports:
    """List what customers have reported of a review, the newest first."""
    paging = Paging.of(args)
    rows, total = service(ReviewQueries).reports(review_id, paging.skip, paging.limit)
    return ReviewReports(
        reports=[review_report(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.delete("/<review_id>/reports", access=MODERATE_REVIEWS)
@blp.response(200, ReviewModerated)
def dismiss_reports(review_id: str) -> ReviewModerated:
    """Leave a reported review as it is; its reports are settled."""
    row = service(ReviewModeration).dismiss_reports(review_id, current_identity())
    return _moderated("Reports dismissed", row)


def _moderated(message: str, row: Row) -> ReviewModerated:
    queries = service(ReviewQueries)
    beside = Beside(queries.authors([row]), queries.product_names([row]))
    return ReviewModerated(message=message, updated_review=moderated_review(row, beside))
