"""A user's own mail rows, for their export and their erasure.

Rows are found by `user_id` and not by address: a user may have given someone else's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wrencos_core.mail.models import MailMessage

_SHOWN = ("to", "subject", "template", "locale", "state", "created_at", "sent_at")


def stored_mail(user_id: str) -> list[dict[str, Any]]:
    """What was sent to this user and when, oldest first; times in ISO 8601 UTC."""
    rows = MailMessage.raw().find({"user_id": user_id}, dict.fromkeys(_SHOWN, 1))
    return [_shown(row) for row in rows.sort("created_at", 1)]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    values = {name: row.get(name) for name in _SHOWN}
    times = {name: at.isoformat() for name, at in values.items() if isinstance(at, datetime)}
    return {"id": row["_id"], **values, **times}


def erase_mail(user_id: str) -> int:
    """Delete the user's rows, those not yet sent too; returns how many there were."""
    deleted: int = MailMessage.raw().delete_many({"user_id": user_id}).deleted_count
    return deleted
