"""Batches: deliveries of a variant that were made together and expire together."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import IntField, ListField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class BatchState(StrEnum):
    """What may be done with a batch: only a sellable one counts as the variant's inventory."""

    SELLABLE = "sellable"
    EXPIRED = "expired"
    RECALLED = "recalled"


class Batch(Document):
    """So many pieces of a variant; `expires_on` is the last day (`2027-03-31`) they may be sold."""

    meta = {
        "collection": "commerce_batches",
        "indexes": [
            {"fields": ["variant_id", "code"], "unique": True, "name": "code"},
            {"fields": ["variant_id", "state", "expires_on", "_id"], "name": "by_variant"},
            {"fields": ["state", "expires_on", "_id"], "name": "by_expiry"},
            {"fields": ["product_id", "expires_on", "_id"], "name": "by_product"},
        ],
    }
    id_prefix = "batch"

    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    code = StringField(required=True)
    expires_on = StringField(required=True)
    received_at = UTCDateTimeField(required=True)
    received = IntField(required=True, min_value=0)
    quantity = IntField(required=True, min_value=0)
    state = StringField(required=True, choices=[state.value for state in BatchState])
    # The days before the expiry of which the staff was told.
    alerted = ListField(IntField())
