"""The stored mail: a row for good, its content only until it was sent."""

from __future__ import annotations

from mongoengine import DictField, IntField, StringField

from wrencos_core.documents import Document, UTCDateTimeField

STATES = ("queued", "sending", "sent", "failed")


class MailMessage(Document):
    """One message to one address.

    `text`, `html` and `headers` are removed when it was sent or has failed: they hold links with
    tokens. `due_at` is when the sweep looks after it: a queued row whose job was lost, or one that
    a worker left in `sending`. `attempts` counts the claims; the number of a claim tells a worker
    whether the row is still its own.
    """

    meta = {
        "collection": "mail_messages",
        "indexes": [
            {"fields": ["key"], "unique": True, "name": "key"},
            {"fields": ["state", "due_at"], "name": "by_due"},
            {"fields": ["state", "attempts", "created_at"], "name": "by_queue"},
            {"fields": ["user_id"], "sparse": True, "name": "by_user"},
        ],
    }
    id_prefix = "mail"

    key = StringField(required=True)
    user_id = StringField()
    to = StringField(required=True)
    locale = StringField(required=True)
    template = StringField(required=True)
    subject = StringField(required=True)
    text = StringField()
    html = StringField()
    headers = DictField()
    message_id = StringField(required=True)
    state = StringField(required=True, choices=STATES, default="queued")
    attempts = IntField(required=True, default=0)
    last_error = StringField()
    due_at = UTCDateTimeField(required=True)
    sent_at = UTCDateTimeField()
