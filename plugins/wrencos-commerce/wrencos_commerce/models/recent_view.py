"""The products that a user looked at last."""

from __future__ import annotations

from mongoengine import EmbeddedDocument, EmbeddedDocumentListField, StringField

from wrencos_core.api import Document, UTCDateTimeField

MAX_VIEWS = 50


class RecentView(EmbeddedDocument):  # type: ignore[misc]
    """A product, and when the user looked at it last."""

    product_id = StringField(required=True)
    viewed_at = UTCDateTimeField(required=True)


class RecentViews(Document):
    """What one user looked at, the newest first, each product once, at most MAX_VIEWS of them."""

    meta = {
        "collection": "commerce_recent_views",
        "indexes": [{"fields": ["user_id"], "unique": True, "name": "user"}],
    }
    id_prefix = "views"

    user_id = StringField(required=True)
    views = EmbeddedDocumentListField(RecentView)
