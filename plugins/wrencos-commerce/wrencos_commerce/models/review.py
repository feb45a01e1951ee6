"""Reviews of products: what a customer wrote, who may see it, and what lists are sorted by."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mongoengine import (
    BooleanField,
    DictField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField

MAX_PHOTOS = 5
MAX_COMMENT = 4000
# Lines of history that are kept of a review; who edits often loses the oldest.
MAX_HISTORY = 50
# A facet that every review has, so that the list without a filter uses the same indexes.
ANY = "*"
VERIFIED = "verified"
WITH_PHOTOS = "photos"
# The index of each order begins with these: one scan, already sorted, for every filter.
_LISTED = ["product_id", "state", "facets"]


class ReviewState(StrEnum):
    """Everybody sees a `published` one; the others are for the author and the moderators."""

    PENDING = "pending"
    PUBLISHED = "published"
    HIDDEN = "hidden"
    REJECTED = "rejected"


# Where a moderator may move a review. An author's edit may put it back to pending.
TRANSITIONS: Mapping[ReviewState, frozenset[ReviewState]] = {
    ReviewState.PENDING: frozenset({ReviewState.PUBLISHED, ReviewState.REJECTED}),
    ReviewState.PUBLISHED: frozenset({ReviewState.HIDDEN}),
    ReviewState.HIDDEN: frozenset({ReviewState.PUBLISHED, ReviewState.REJECTED}),
    ReviewState.REJECTED: frozenset({ReviewState.PUBLISHED}),
}
# The states that a moderator has to give a reason for.
REFUSALS = frozenset({ReviewState.HIDDEN, ReviewState.REJECTED})

# What the reviews of a product may be sorted by; the id makes the order of equals stable.
SORTS: Mapping[str, list[tuple[str, int]]] = {
    "newest": [("created_at", -1), ("_id", -1)],
    "helpful": [("helpful", -1), ("created_at", -1), ("_id", -1)],
    "highest": [("rating", -1), ("created_at", -1), ("_id", -1)],
    "lowest": [("rating", 1), ("created_at", -1), ("_id", -1)],
}


class ReviewPhoto(EmbeddedDocument):  # type: ignore[misc]
    """A stored image that the review has claimed; `thumbnails` by width, once they are made."""

    id = StringField(required=True)
    url = StringField(required=True)
    width = IntField(required=True)
    height = IntField(required=True)
    thumbnails = DictField(StringField())


class ShopReply(EmbeddedDocument):  # type: ignore[misc]
    """What the shop answered, when, and which member of staff wrote it."""

    text = StringField(required=True)
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)


class ReviewHistory(EmbeddedDocument):  # type: ignore[misc]
    """A state that the review got, when, by whom (a user id, or `system`), and why."""

    state = StringField(required=True, choices=[state.value for state in ReviewState])
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    reason = StringField()


class Review(Document):
    """A customer's only review of a product.

    `is_verified` is true once an order with the product was delivered to the author, and stays so.
    `skin_type` is a copy that the author agreed to show. `published_at` is the first time.
    """

    meta = {
        "collection": "commerce_reviews",
        "indexes": [
            {"fields": ["user_id", "product_id"], "unique": True, "name": "one_each"},
            {"fields": ["user_id", "-created_at", "-_id"], "name": "by_author"},
            {"fields": [*_LISTED, "-created_at", "-_id"], "name": "newest"},
            {"fields": [*_LISTED, "-helpful", "-created_at", "-_id"], "name": "helpful"},
            {"fields": [*_LISTED, "-rating", "-created_at", "-_id"], "name": "highest"},
            {"fields": [*_LISTED, "rating", "-created_at", "-_id"], "name": "lowest"},
            {"fields": ["product_id", "state", "rating"], "name": "stars"},
            {"fields": ["state", "-created_at", "-_id"], "name": "by_state"},
            {"fields": ["-created_at", "-_id"], "name": "all"},
            {
                "fields": ["-open_reports", "-created_at", "-_id"],
                "name": "reported",
                "partialFilterExpression": {"open_reports": {"$gt": 0}},
            },
            {"fields": ["photos.id"], "name": "by_photo", "sparse": True},
        ],
    }
    id_prefix = "review"

    product_id = StringField(required=True)
    user_id = StringField(required=True)
    rating = IntField(required=True, min_value=1, max_value=5)
    comment = StringField(required=True)
    photos = EmbeddedDocumentListField(ReviewPhoto)
    is_verified = BooleanField(required=True)
    show_name = BooleanField(required=True, default=False)
    skin_type = StringField()
    state = StringField(required=True, choices=[state.value for state in ReviewState])
    history = EmbeddedDocumentListField(ReviewHistory, required=True)
    published_at = UTCDateTimeField()
    edited_at = UTCDateTimeField()
    reply = EmbeddedDocumentField(ShopReply)
    # In step with the votes and the reports that no moderator has looked at yet.
    helpful = IntField(required=True, default=0)
    unhelpful = IntField(required=True, default=0)
    open_reports = IntField(required=True, default=0)
    # Derived from the fields above by `facets`.
    facets = ListField(StringField())


class RefusedReview(Document):
    """That a review of this product by this user was hidden or rejected, and then deleted.

    What they write of it later waits for a moderator. It goes when the user is erased.
    """

    meta = {
        "collection": "commerce_refused_reviews",
        "indexes": [{"fields": ["user_id", "product_id"], "unique": True, "name": "one_each"}],
    }
    id_prefix = "refused"

    user_id = StringField(required=True)
    product_id = StringField(required=True)


def facets(row: Mapping[str, Any]) -> list[str]:
    """What a list may be filtered by."""
    found = [ANY, rating_facet(row["rating"])]
    if row["is_verified"]:
        found.append(VERIFIED)
    if row["photos"]:
        found.append(WITH_PHOTOS)
    if row.get("skin_type"):
        found.append(skin_facet(row["skin_type"]))
    return found


def rating_facet(stars: int) -> str:
    return f"rating:{stars}"


def skin_facet(skin_type: str) -> str:
    return f"skin:{skin_type}"
