"""Carts: one for each user, and one for each guest who holds its token."""

from __future__ import annotations

from mongoengine import (
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField

# Each costs a look at its promotion whenever the cart is shown.
MAX_COUPONS = 10


class CartItem(EmbeddedDocument):  # type: ignore[misc]
    """So many of one variant; prices are looked up when the cart is shown.

    `price` is the one that the customer saw last, in minor units, `previous_price` the one before,
    until they change the item.
    """

    id = StringField(required=True)
    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    quantity = IntField(required=True, min_value=1)
    price = IntField(min_value=0)
    previous_price = IntField(min_value=0)


class CartShipping(EmbeddedDocument):  # type: ignore[misc]
    """Where the cart would go, as far as the customer told, and how."""

    country = StringField(required=True)
    region = StringField()
    method_id = StringField()


class ShownTotal(EmbeddedDocument):  # type: ignore[misc]
    """What the cart cost when it was shown: `goods_total` after discounts, `total` with taxes and,
    where a `country` was known, shipping."""

    goods_total = IntField(required=True, min_value=0)
    total = IntField(required=True, min_value=0)
    country = StringField()


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
    # The codes that the customer typed, in capitals.
    coupons = ListField(StringField())
    shipping = EmbeddedDocumentField(CartShipping)
    # Gone once the items are others.
    shown = EmbeddedDocumentField(ShownTotal)
