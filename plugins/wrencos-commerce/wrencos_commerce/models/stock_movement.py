"""The ledger of the stock: a row for each change of what is on hand."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import IntField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class MovementReason(StrEnum):
    """Why pieces came or went.

    EXPIRED and RECALLED pieces are still there, and can't be sold. CORRECTION is a change by staff
    that is none of the others; COUNT is what a stocktaking found.
    """

    OPENING = "opening"
    RECEIVED = "received"
    SALE = "sale"
    CANCELLED = "cancelled"
    REFUSED_PARCEL = "refused_parcel"
    RETURNED = "returned"
    COUNT = "count"
    CORRECTION = "correction"
    DAMAGED = "damaged"
    LOST = "lost"
    FOUND = "found"
    SAMPLE = "sample"
    EXPIRED = "expired"
    RECALLED = "recalled"
    WRITTEN_OFF = "written_off"
    SUPPLIER_RETURN = "supplier_return"
    IMPORT = "import"
    IMPORT_UNDONE = "import_undone"


class StockMovement(Document):
    """`quantity` pieces of a variant came (positive) or went (negative).

    The sum of a variant's rows is what is on hand of it: `inventory` + `held`. `reference` is the
    order, batch, return, count or import that it was for; `cost_price` that of one piece, in minor
    units.
    """

    meta = {
        "collection": "commerce_stock_movements",
        "indexes": [
            {"fields": ["-at", "-_id"], "name": "newest"},
            {"fields": ["product_id", "-at", "-_id"], "name": "by_product"},
            {"fields": ["variant_id", "-at", "-_id"], "name": "by_variant"},
            {"fields": ["reason", "-at", "-_id"], "name": "by_reason"},
            {"fields": ["reference", "-at", "-_id"], "name": "by_reference", "sparse": True},
        ],
    }
    id_prefix = "smov"

    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    quantity = IntField(required=True)
    reason = StringField(required=True, choices=[reason.value for reason in MovementReason])
    reference = StringField()
    actor = StringField(required=True)
    note = StringField()
    cost_price = IntField(min_value=0)
    at = UTCDateTimeField(required=True)
