"""What readers of reviews say: this one helped, this one should not be there."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import BooleanField, ListField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class ReportReason(StrEnum):
    """Why a customer reports a review."""

    INAPPROPRIATE = "inappropriate"
    SPAM = "spam"
    PERSONAL_DATA = "personal-data"
    OTHER = "other"


class ReviewVote(Document):
    """Whether a review helped a user; one for each user and review."""

    meta = {
        "collection": "commerce_review_votes",
        "indexes": [
            {"fields": ["review_id", "user_id"], "unique": True, "name": "one_each"},
            {"fields": ["user_id"], "name": "by_user"},
        ],
    }
    id_prefix = "rvote"

    review_id = StringField(required=True)
    user_id = StringField(required=True)
    is_helpful = BooleanField(required=True)


class ReviewReport(Document):
    """A user's complaint about a review; `resolved_at` once a moderator has decided."""

    meta = {
        "collection": "commerce_review_reports",
        "indexes": [
            {"fields": ["review_id", "user_id"], "unique": True, "name": "one_each"},
            {"fields": ["review_id", "-created_at", "-_id"], "name": "by_review"},
            {"fields": ["user_id"], "name": "by_user"},
        ],
    }
    id_prefix = "rreport"

    review_id = StringField(required=True)
    user_id = StringField(required=True)
    reason = StringField(required=True, choices=[reason.value for reason in ReportReason])
    note = StringField()
    resolved_at = UTCDateTimeField()


class LeftoverPhotos(Document):
    """Photos of an erased author's review or return (`review_id` is its id), until the job that
    follows the erasure releases them."""

    meta = {"collection": "commerce_leftover_photos", "indexes": []}
    id_prefix = "leftover"

    review_id = StringField(required=True)
    image_ids = ListField(StringField())
