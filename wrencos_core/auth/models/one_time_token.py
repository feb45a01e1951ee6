"""The secret in a link that was mailed: good once, for one purpose, for a while."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import StringField

from wrencos_core.documents import Document, UTCDateTimeField


class Purpose(StrEnum):
    """What a link does."""

    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, no password
    VERIFY_EMAIL = "verify_email"


class OneTimeToken(Document):
    """A link's secret, hashed. `closed_at` is set by its use or by what made it worthless."""

    meta = {
        "collection": "auth_one_time_tokens",
        "indexes": [
            {"fields": ["token_hash"], "unique": True, "name": "token"},
            {"fields": ["user_id", "purpose"], "name": "by_user"},
            {"fields": ["expires_at"], "name": "by_expiry"},
        ],
    }
    id_prefix = "link"

    user_id = StringField(required=True)
    purpose = StringField(required=True, choices=[purpose.value for purpose in Purpose])
    token_hash = StringField(required=True)
    expires_at = UTCDateTimeField(required=True)
    closed_at = UTCDateTimeField()
