"""What the staff is yet to be told, or was told, of stock that runs low or out of date."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import IntField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class AlertKind(StrEnum):
    LOW_STOCK = "low_stock"
    EXPIRING = "expiring"


class StockAlert(Document):
    """One event that the digest tells of; its id is made from the event's.

    `digest` is the business day (`2026-03-02`) of the mail that told it, absent before.
    """

    meta = {
        "collection": "commerce_stock_alerts",
        "indexes": [
            {"fields": ["digest", "_id"], "name": "by_digest"},
            {"fields": ["expires_at"], "name": "expiry", "expireAfterSeconds": 0},
        ],
    }

    id_prefix = "alert"

    kind = StringField(required=True, choices=[kind.value for kind in AlertKind])
    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    batch_code = StringField()
    expires_on = StringField()
    quantity = IntField(required=True, min_value=0)
    digest = StringField()
    expires_at = UTCDateTimeField()
