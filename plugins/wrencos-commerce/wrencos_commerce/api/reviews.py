"""/api/reviews for customers and visitors"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrencos_commerce.models.review_feedback import ReportReason
from wrencos_commerce.schemas import reviews as schemas
from wrencos_commerce.services import ratings
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.review_feedback import ReviewFeedback
from wrencos_commerce.services.review_queries import ReviewFilter, ReviewQueries
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.views.base import Row
from wrencos_commerce.views.reviews import (
    Beside,
    OwnReviews,
    ProductReviews,
    ReviewCreated,
    ReviewDeleted,
    ReviewDetail,
    ReviewReported,
    ReviewUpdated,
    ReviewVoted,
    own_review,
    review_view,
)
from wrencos_core.api import NotAuthenticated
from wrencos_core.web import (
    LOGGED_IN,
    PUBLIC,
    Blueprint,
    PageQuery,
    Paging,
    current_identity,
    service,
)

blp = Blueprint("reviews", __name__, url_prefix="/reviews", description="Reviews of products.")


@blp.post("", access=LOGGED_IN, idempotent=True, limit="30 per hour")
@blp.arguments(schemas.ReviewCreate)
@blp.response(201, ReviewCreated)
def post_review(body: dict[str, Any]) -> ReviewCreated:
    """Submit a review of a product; customers only, one for each product.

    `rating` is 1 to 5 and `comment` plain text. `imageIds` are images that you uploaded with
    `POST /api/images`. `showName` shows your first name and an initial, `showSkinType` the skin
    type of your skin profile as it is now. 409 `already-reviewed` names the review that you have
    written.
    """
    row = service(Reviews).post(body["product_id"], body, current_identity())
    waits = row["state"] == "pending"
    return ReviewCreated(
        review_id=row["_id"],
        message="Review submitted and waiting to be checked" if waits else "Review submitted",
        status=row["state"],
    )


@blp.get("/product/<product_id>", access=PUBLIC, remembered=True)
@blp.arguments(schemas.ProductReviewsQuery, location="query")
@blp.response(200, ProductReviews)
def list_product_reviews(args: dict[str, Any], product_id: str) -> ProductReviews:
    """List the reviews of a product.

    All filters must fit: `rating`, `skinType`, `verified` and `withPhotos`. `sort` is `newest`,
    `helpful`, `highest` or `lowest`. With `likeMe`, for callers whose skin profile has a skin
    type: by people who show the same.
    """
    product = service(ProductQueries).get(product_id)
    wanted = ReviewFilter(
        product_id=product["_id"],
        rating=args.get("rating"),
        skin_type=args.get("skin_type"),
        verified=args["verified"],
        with_photos=args["with_photos"],
    )
    paging, queries = Paging.of(args), service(ReviewQueries)
    if args["like_me"]:
        user_id = current_identity().user_id
        if user_id is None:
            raise NotAuthenticated("Log in to find reviews by people like you.")
        rows, total = queries.page_like(user_id, wanted, args["sort"], paging.skip, paging.limit)
    else:
        rows, total = queries.page(wanted, args["sort"], paging.skip, paging.limit)
    beside = _beside(rows)
    counts = ratings.distribution(product["_id"])
    return ProductReviews(
        reviews=[review_view(row, beside) for row in rows],
        avg_rating=product.get("rating"),
        total_count=total,
        rating_counts={str(stars): count for stars, count in counts.items()},
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/mine", access=LOGGED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, OwnReviews)
def list_own_reviews(args: dict[str, Any]) -> OwnReviews:
    """List your own reviews, the newest first, with what became of them."""
    paging, queries = Paging.of(args), service(ReviewQueries)
    user_id = str(current_identity().user_id)
    rows, total = queries.by_author(user_id, paging.skip, paging.limit)
    beside = Beside(queries.authors(rows), queries.product_names(rows))
    return OwnReviews(
        reviews=[own_review(row, beside) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/<review_id>", access=PUBLIC)
@blp.response(200, ReviewDetail)
def get_review(review_id: str) -> ReviewDetail:
    """Get a published review, or one of your own; moderators get any."""
    row = service(ReviewQueries).visible_to(current_identity(), review_id)
    return ReviewDetail(review=review_view(row, _beside([row])))


@blp.put("/<review_id>", access=LOGGED_IN)
@blp.arguments(schemas.ReviewFields)
@blp.response(200, ReviewUpdated)
def update_review(body: dict[str, Any], review_id: str) -> ReviewUpdated:
    """Change the given fields of your review.

    `imageIds` names all photos that it shall have. `showSkinType: true` copies your skin type as it
    is now, `false` removes it. Other words, stars or photos may have to be checked again.
    """
    row = service(Reviews).edit(review_id, body, current_identity())
    queries = service(ReviewQueries)
    beside = Beside(queries.authors([row]), queries.product_names([row]))
    return ReviewUpdated(message="Review updated", updated_review=own_review(row, beside))


@blp.delete("/<review_id>", access=LOGGED_IN)
@blp.response(200, ReviewDeleted)
def delete_review(review_id: str) -> ReviewDeleted:
    """Delete your review and its photos."""
    service(Reviews).delete(review_id, current_identity())
    return ReviewDeleted(message="Review deleted")


@blp.put("/<review_id>/vote", access=LOGGED_IN, limit="120 per hour")
@blp.arguments(schemas.ReviewVoteBody)
@blp.response(200, ReviewVoted)
def vote(body: dict[str, Any], review_id: str) -> ReviewVoted:
    """Say whether somebody else's review helped you; a second vote replaces the first."""
    row = service(ReviewFeedback).vote(review_id, body["helpful"], current_identity())
    return _voted(row, body["helpful"])


@blp.delete("/<review_id>/vote", access=LOGGED_IN, limit="120 per hour")
@blp.response(200, ReviewVoted)
def withdraw_vote(review_id: str) -> ReviewVoted:
    """Take your vote back."""
    return _voted(service(ReviewFeedback).withdraw_vote(review_id, current_identity()), None)


@blp.post("/<review_id>/reports", access=LOGGED_IN, idempotent=True, limit="20 per hour")
@blp.arguments(schemas.ReviewReportBody)
@blp.response(201, ReviewReported)
def report_review(body: dict[str, Any], review_id: str) -> ReviewReported:
    """Report somebody else's review to the shop, once."""
    reason = ReportReason(body["reason"])
    id = service(ReviewFeedback).report(review_id, reason, body.get("note"), current_identity())
    return ReviewReported(report_id=id, message="Thank you; the shop will look at it")


def _beside(rows: Sequence[Row]) -> Beside:
    queries, identity = service(ReviewQueries), current_identity()
    votes = None if identity.user_id is None else queries.votes(identity.user_id, rows)
    ids = queries.author_ids(identity, rows)
    return Beside(queries.authors(rows), votes=votes, author_ids=ids)


def _voted(row: Row, mine: bool | None) -> ReviewVoted:
    return ReviewVoted(
        review_id=row["_id"],
        helpful_count=row["helpful"],
        unhelpful_count=row["unhelpful"],
        my_vote=mine,
    )
