"""Who wants to hear when a variant that is sold out can be bought again, and what was mailed."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import IntField, ListField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class StockRequestState(StrEnum):
    """An `unconfirmed` one waits for its address to be confirmed; the last two are final."""

    UNCONFIRMED = "unconfirmed"
    WAITING = "waiting"
    NOTIFIED = "notified"
    CANCELLED = "cancelled"


class StockRequest(Document):
    """A user's or a guest's request; a guest's has an `email` and no `user_id`.

    `mailed` counts the mails that asked to confirm it. `open_key` is there while the request is
    open, so that nobody has two for one variant. What is unconfirmed or done is deleted at
    `expires_at`, and a guest's address with it.
    """

    meta = {
        "collection": "commerce_stock_requests",
        "indexes": [
            {"fields": ["open_key"], "unique": True, "sparse": True, "name": "open"},
            # A variant's line, oldest first; and how many wait for each.
            {"fields": ["state", "variant_id", "created_at", "_id"], "name": "line"},
            {"fields": ["user_id", "-created_at", "-_id"], "sparse": True, "name": "by_user"},
            {"fields": ["email", "-created_at"], "sparse": True, "name": "by_email"},
            {"fields": ["product_id"], "sparse": True, "name": "by_product"},
            {"fields": ["expires_at"], "name": "expiry", "expireAfterSeconds": 0},
        ],
    }
    id_prefix = "sreq"

    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    user_id = StringField()
    email = StringField()
    locale = StringField(required=True)
    mailed = IntField(required=True, default=0)
    state = StringField(required=True, choices=[state.value for state in StockRequestState])
    open_key = StringField()
    expires_at = UTCDateTimeField()
    confirmed_at = UTCDateTimeField()
    notified_at = UTCDateTimeField()


class ConfirmationMails(Document):
    """When an address was asked to confirm something; deleted a day after the last time.

    Its id is made from the address and the shop's key, so that it holds no address.
    """

    meta = {
        "collection": "commerce_confirmation_mails",
        "indexes": [{"fields": ["expires_at"], "name": "expiry", "expireAfterSeconds": 0}],
    }
    id_prefix = "cmails"

    sent_at = ListField(UTCDateTimeField())
    expires_at = UTCDateTimeField(required=True)
