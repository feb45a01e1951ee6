"""Asking customers for reviews: which orders were asked about, and who wants no such mail."""

from __future__ import annotations

from mongoengine import BooleanField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class ReviewRequest(Document):
    """An order that was dealt with, mailed or (all reviewed by then) not; gone at `expires_at`.

    By then the order is too old to be asked about.
    """

    meta = {
        "collection": "commerce_review_requests",
        "indexes": [
            {"fields": ["order_id"], "unique": True, "name": "order"},
            {"fields": ["user_id"], "name": "by_user"},
            {"fields": ["expires_at"], "name": "expiry", "expireAfterSeconds": 0},
        ],
    }
    id_prefix = "rreq"

    order_id = StringField(required=True)
    user_id = StringField(required=True)
    is_mailed = BooleanField(required=True)
    expires_at = UTCDateTimeField(required=True)


class ReviewOptOut(Document):
    """A user who does not want to be asked for reviews."""

    meta = {
        "collection": "commerce_review_opt_outs",
        "indexes": [{"fields": ["user_id"], "unique": True, "name": "user"}],
    }
    id_prefix = "roptout"

    user_id = StringField(required=True)
