"""Idempotency-Key: the same key gives the same answer, and the change happens once.

The answer is stored in the very transaction of the change, so no crash can part them. The rules
are those of draft-ietf-httpapi-idempotency-key-header: a key is remembered for 24 hours, and one
that comes back with another body is refused with 422.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Response, make_response, request
from mongoengine import DictField, IntField, StringField

from wrencos_core.clock import now
from wrencos_core.database import transaction
from wrencos_core.documents import Document, new_row
from wrencos_core.errors import DomainError, Invalid
from wrencos_core.http.access import View, current_identity

HEADER = "Idempotency-Key"
REMEMBER = timedelta(hours=24)
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Any unique text; a repeated request with the same key gives the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class KeyReused(DomainError):
    status, slug = 422, "idempotency-key-reused"
    title = "This Idempotency-Key came with another request"


class IdempotencyKey(Document):
    """The answer to one keyed request, forgotten after 24 hours."""

    meta = {
        "collection": "core_idempotency_keys",
        "indexes": [
            {
                "fields": ["created_at"],
                "name": "forget",
                "expireAfterSeconds": int(REMEMBER.total_seconds()),
            },
            {"fields": ["user_id"], "name": "by_user"},
        ],
    }
    id_prefix = "idem"

    # Whose answer it is: it holds what they were told about themselves.
    user_id = StringField()
    fingerprint = StringField(required=True)
    status = IntField()
    headers = DictField()
    body = StringField()


def once(view: View) -> View:
    """`view` as one transaction; with a key, run once and then answered from the stored answer.

    The view may run again on a write conflict, so it must not call the network.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return transaction(lambda: make_response(view(*args, **kwargs)))
        if not 1 <= len(key) <= 255 or not key.isprintable():
            raise Invalid(errors={HEADER: ["Must be 1 to 255 printable characters."]})
        id, fingerprint = _scope(key), _fingerprint()
        return transaction(
            lambda: _run(id, fingerprint, lambda: make_response(view(*args, **kwargs)))
        )

    return wrapper


def _run(id: str, fingerprint: str, answer: View) -> Response:
    keys = IdempotencyKey.raw()
    stored = keys.find_one({"_id": id})
    if stored and stored["created_at"] <= now() - REMEMBER:
        keys.delete_one({"_id": id})
        stored = None
    if stored:
        return _replay(stored, fingerprint)
    # Claimed first: a second request with this key conflicts here, and then finds the answer.
    keys.insert_one(new_row(id, user_id=current_identity().user_id, fingerprint=fingerprint))
    response: Response = answer()
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = response.get_data(as_text=True)
    keys.update_one(
        {"_id": id}, {"$set": {"status": response.status_code, "headers": headers, "body": body}}
    )
    return response


def _replay(stored: dict[str, Any], fingerprint: str) -> Response:
    if stored["fingerprint"] != fingerprint:
        raise KeyReused()
    response = Response(stored["body"], stored["status"], stored["headers"])
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _scope(key: str) -> str:
    """A key belongs to its caller and route, so nobody reads another's answer by guessing it."""
    parts = (current_identity().actor, request.method, request.path, key)
    return f"idem_{hashlib.sha256('|'.join(parts).encode()).hexdigest()}"


def _fingerprint() -> str:
    body = request.get_data(cache=True)
    return hashlib.sha256(request.query_string + b"|" + body).hexdigest()


def stored_answers(user_id: str) -> list[dict[str, Any]]:
    """The answers remembered for the user, the oldest first."""
    rows = IdempotencyKey.raw().find({"user_id": user_id}).sort("created_at", 1)
    return [
        {
            "id": row["_id"],
            "created_at": row["created_at"].isoformat(),
            "status": row.get("status"),
            "body": row.get("body"),
        }
        for row in rows
    ]


def erase_answers(user_id: str) -> int:
    """Forget the answers remembered for the user; returns how many."""
    deleted: int = IdempotencyKey.raw().delete_many({"user_id": user_id}).deleted_count
    return deleted
