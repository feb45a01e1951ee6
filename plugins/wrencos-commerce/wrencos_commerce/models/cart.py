"""Carts: one for each user, and one for each guest who holds its token."""

from __future__ import annotations

from mongoengine import (
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField


class CartItem(EmbeddedDocument):  # type: ignore[misc]
    """So many of one variant; prices are looked up when the cart is shown."""

    id = StringField(required=True)
    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    quantity = IntField(required=True, min_value=1)


class Cart(Document):
    """A user's cart, or a guest's: then `token_hash` is set, and it expires at `expires_at`."""

    meta = {
        "collection": "commerce_carts",
        "indexes": [
            {"fields": ["user_id"], "unique": True, "sparse": True, "name": "user"},
            {"fields": ["token_hash"], "unique": True, "sparse": True, "name": "token"},
            {"fields": ["items.product_id"], "sparse": True, "name": "by_product"},
            {
                "fields": ["updated_at", "_id"],
                "name": "filled",
                "partialFilterExpression": {
                    "user_id": {"$exists": True},
                    "items.0": {"$exists": True},
                },
            },
            {"fields": ["expires_at"], "name": "expiry", "expireAfterSeconds": 0},
        ],
    }
    id_prefix = "cart"

    user_id = StringField()
    token_hash = StringField()
    expires_at = UTCDateTimeField()
    items = EmbeddedDocumentListField(CartItem)
    # The state of which it was told that the cart is abandoned.
    told_version = IntField()
