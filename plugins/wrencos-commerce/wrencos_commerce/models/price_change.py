"""What variants cost, and since when."""

from __future__ import annotations

from mongoengine import IntField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class PriceChange(Document):
    """From `at` on the variant costs `price` (minor units); `previous` is None for a new one."""

    meta = {
        "collection": "commerce_price_changes",
        "indexes": [
            {"fields": ["variant_id", "-at", "-_id"], "name": "by_variant"},
            {"fields": ["product_id", "-at", "-_id"], "name": "by_product"},
            {"fields": ["at"], "name": "by_age"},
        ],
    }
    id_prefix = "pchg"

    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    price = IntField(required=True)
    previous = IntField()
    currency = StringField(required=True)
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
