"""Reviews as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from wrencos_commerce.views.base import Row, View


class ReviewPhotoView(View, kw_only=True):
    """A photo; `thumbnails` are by their width, once they are made."""

    image_id: str
    url: str
    width: int
    height: int
    thumbnails: dict[str, str]


class ShopReplyView(View, kw_only=True):
    """What the shop answered."""

    text: str
    at: datetime


class ReviewView(View, kw_only=True):
    """A published review.

    `userId` is another for each product (`anon_…`) where the author does not show their name; the
    author and moderators see the user's. `author` is a first name and an initial, or null for an
    author who does not want it shown; `skinType` likewise. `isVerified`: the author bought the
    product here. `myVote` is there for a caller who is logged in: whether it helped them, null when
    they have not voted.
    """

    review_id: str
    product_id: str
    user_id: str
    author: str | None
    rating: int
    comment: str
    created_at: datetime
    edited_at: datetime | None
    is_verified: bool
    skin_type: str | None
    photos: list[ReviewPhotoView]
    helpful_count: int
    unhelpful_count: int
    reply: ShopReplyView | None
    my_vote: bool | msgspec.UnsetType | None = msgspec.UNSET


class OwnReviewView(ReviewView, kw_only=True):
    """A review as its author sees it; `reason` says why it was hidden or rejected."""

    product_name: str | None
    status: str
    reason: str | None
    show_name: bool


class ReviewHistoryView(View, kw_only=True):
    """`actor` is a user id, or `system`."""

    status: str
    at: datetime
    actor: str
    reason: str | None


class ModeratedReviewView(OwnReviewView, kw_only=True):
    """A review as moderators see it; `openReports` are those that nobody has looked at yet."""

    open_reports: int
    history: list[ReviewHistoryView]


class ProductReviews(View, kw_only=True):
    """A page of reviews. `avgRating` (null without any) and `ratingCounts` are over all of them.

    `totalCount` is how many fit the filters.
    """

    reviews: list[ReviewView]
    avg_rating: float | None
    total_count: int
    rating_counts: dict[str, int]
    page: int
    total_pages: int


class OwnReviews(View, kw_only=True):
    reviews: list[OwnReviewView]
    total_count: int
    page: int
    total_pages: int


class ModeratedReviews(View, kw_only=True):
    reviews: list[ModeratedReviewView]
    total_count: int
    page: int
    total_pages: int


class ReviewDetail(View, kw_only=True):
    review: ReviewView


class ReviewCreated(View, kw_only=True):
    """`status` is `pending` while a moderator has to look at it."""

    review_id: str
    message: str
    status: str


class ReviewUpdated(View, kw_only=True):
    message: str
    updated_review: OwnReviewView


class ReviewModerated(View, kw_only=True):
    message: str
    updated_review: ModeratedReviewView


class ReviewDeleted(View, kw_only=True):
    message: str


class ReviewVoted(View, kw_only=True):
    review_id: str
    helpful_count: int
    unhelpful_count: int
    my_vote: bool | None


class ReviewReported(View, kw_only=True):
    report_id: str
    message: str


class ReviewReportView(View, kw_only=True):
    """A customer's report; `resolvedAt` once a moderator has decided."""

    report_id: str
    user_id: str
    reason: str
    note: str | None
    created_at: datetime
    resolved_at: datetime | None


class ReviewReports(View, kw_only=True):
    reports: list[ReviewReportView]
    total_count: int
    page: int
    total_pages: int


class ReviewRequestsWanted(View, kw_only=True):
    """Whether the user may be asked for reviews by mail."""

    wanted: bool


@dataclass(frozen=True)
class Beside:
    """What is shown with reviews: authors' and products' names, and the caller's votes by id.

    `author_ids` are by review id, and needed for `review_view` only. `votes` is None for a visitor.
    """

    authors: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    votes: Mapping[str, bool] | None = None
    author_ids: Mapping[str, str] = field(default_factory=dict)


def review_view(row: Row, beside: Beside) -> ReviewView:
    """A published review."""
    return ReviewView(**_review_fields(row, beside, beside.author_ids[row["_id"]]))


def own_review(row: Row, beside: Beside) -> OwnReviewView:
    """The review for its author."""
    return OwnReviewView(**_own_fields(row, beside))


def moderated_review(row: Row, beside: Beside) -> ModeratedReviewView:
    """The review for staff, with who did what to it."""
    return ModeratedReviewView(
        **_own_fields(row, beside),
        open_reports=row["open_reports"],
        history=[
            ReviewHistoryView(
                status=entry["state"],
                at=entry["at"],
                actor=entry["actor"],
                reason=entry.get("reason"),
            )
            for entry in row["history"]
        ],
    )


def review_report(row: Row) -> ReviewReportView:
    return ReviewReportView(
        report_id=row["_id"],
        user_id=row["user_id"],
        reason=row["reason"],
        note=row.get("note"),
        created_at=row["created_at"],
        resolved_at=row.get("resolved_at"),
    )


def _own_fields(row: Row, beside: Beside) -> dict[str, Any]:
    return {
        **_review_fields(row, beside, row["user_id"]),
        "product_name": beside.products.get(row["product_id"]),
        "status": row["state"],
        "reason": row["history"][-1].get("reason"),
        "show_name": row["show_name"],
    }


def _review_fields(row: Row, beside: Beside, user_id: str) -> dict[str, Any]:
    reply = row.get("reply")
    fields: dict[str, Any] = {
        "review_id": row["_id"],
        "product_id": row["product_id"],
        "user_id": user_id,
        "author": beside.authors.get(row["user_id"]) if row["show_name"] else None,
        "rating": row["rating"],
        "comment": row["comment"],
        "created_at": row["created_at"],
        "edited_at": row.get("edited_at"),
        "is_verified": row["is_verified"],
        "skin_type": row.get("skin_type"),
        "photos": [
            ReviewPhotoView(
                image_id=photo["id"],
                url=photo["url"],
                width=photo["width"],
                height=photo["height"],
                thumbnails=photo["thumbnails"],
            )
            for photo in row["photos"]
        ],
        "helpful_count": row["helpful"],
        "unhelpful_count": row["unhelpful"],
        "reply": ShopReplyView(text=reply["text"], at=reply["at"]) if reply else None,
    }
    if beside.votes is not None:
        fields["my_vote"] = beside.votes.get(row["_id"])
    return fields
