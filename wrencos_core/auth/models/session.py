"""A session: one login, and the family of refresh tokens that keeps it alive."""

from __future__ import annotations

from mongoengine import StringField

from wrencos_core.documents import Document, UTCDateTimeField


class Session(Document):
    """One login. Only the newest refresh token's hash is stored; see services/tokens.py for why."""

    meta = {
        "collection": "auth_sessions",
        "indexes": [
            {"fields": ["user_id", "-created_at"], "name": "by_user"},
            {"fields": ["expires_at"], "name": "by_expiry"},
        ],
    }
    id_prefix = "session"

    user_id = StringField(required=True)
    token_hash = StringField(required=True)
    previous_hash = StringField()
    rotated_at = UTCDateTimeField()
    expires_at = UTCDateTimeField(required=True)
    ended_at = UTCDateTimeField()
    ended_because = StringField()
