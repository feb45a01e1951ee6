"""Wishlists: one for each user, and the link by which its owner may show it to others."""

from __future__ import annotations

from mongoengine import EmbeddedDocument, EmbeddedDocumentListField, IntField, StringField

from wrencos_core.api import Document, UTCDateTimeField

MAX_ITEMS = 200


class WishlistItem(EmbeddedDocument):  # type: ignore[misc]
    """A product, or one variant of it; `price` is what it cost when it was added (minor units)."""

    id = StringField(required=True)
    product_id = StringField(required=True)
    variant_id = StringField()
    note = StringField()
    price = IntField(required=True, min_value=0)
    currency = StringField(required=True)
    added_at = UTCDateTimeField(required=True)


class Wishlist(Document):
    """A user's wishlist, the newest item last. With a `share_token`, whoever knows it may look."""

    meta = {
        "collection": "commerce_wishlists",
        "indexes": [
            {"fields": ["user_id"], "unique": True, "name": "user"},
            {"fields": ["share_token"], "unique": True, "sparse": True, "name": "share"},
            {"fields": ["items.product_id"], "sparse": True, "name": "by_product"},
        ],
    }
    id_prefix = "wlist"

    user_id = StringField(required=True)
    items = EmbeddedDocumentListField(WishlistItem)
    share_token = StringField()
