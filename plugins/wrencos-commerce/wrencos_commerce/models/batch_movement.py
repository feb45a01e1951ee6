"""What happened to batches, apart from sales and cancellations, which the orders tell."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import IntField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class Movement(StrEnum):
    """Why a batch changed. Pieces that expire or are recalled stay, but can't be sold."""

    RECEIVED = "received"
    LABELLED = "labelled"
    EXPIRED = "expired"
    RECALLED = "recalled"
    WRITTEN_OFF = "written_off"
    RETURNED = "returned"


class BatchMovement(Document):
    """`quantity` pieces came (positive), went (negative), or changed their state in place."""

    meta = {
        "collection": "commerce_batch_movements",
        "indexes": [{"fields": ["batch_id", "-at", "-_id"], "name": "by_batch"}],
    }
    id_prefix = "bmov"

    batch_id = StringField(required=True)
    kind = StringField(required=True, choices=[kind.value for kind in Movement])
    quantity = IntField(required=True)
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    note = StringField()
