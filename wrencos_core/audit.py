"""The audit log: what staff, admins and the CLI changed, written with the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mongoengine import DictField, StringField

from wrencos_core.documents import Document
from wrencos_core.identity import Identity


class AuditEntry(Document):
    """Who did what to which thing, over which channel, and what changed (never a secret)."""

    meta = {
        "collection": "core_audit_entries",
        "indexes": [
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {"fields": ["target", "-created_at", "-_id"], "name": "by_target"},
            {"fields": ["actor", "-created_at", "-_id"], "name": "by_actor"},
        ],
    }
    id_prefix = "audit"

    actor = StringField(required=True)
    role = StringField()
    channel = StringField(required=True)
    action = StringField(required=True)
    target = StringField(required=True)
    changes = DictField()


def record(
    identity: Identity, action: str, target: str, changes: Mapping[str, Any] | None = None
) -> None:
    """Record that `identity` did `action` (`<plugin>.<things>.<verb>`) to the id `target`.

    Call it inside the transaction of the change, so that neither exists without the other.
    """
    AuditEntry(
        actor=identity.actor,
        role=identity.role,
        channel=identity.channel,
        action=action,
        target=target,
        changes=dict(changes or {}),
    ).save()
