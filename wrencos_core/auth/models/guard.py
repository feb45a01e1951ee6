"""Rows that transactions touch so that they can't run past each other."""

from __future__ import annotations

from typing import ClassVar

from mongoengine import IntField

from wrencos_core.documents import Document, bump


class Guard(Document):
    """Two transactions that touch the same row conflict, and the later one runs again.

    Counting the other admins reads rows that the transaction does not write, so two admins could
    demote each other at once; both touching one row is what forbids it.
    """

    meta = {"collection": "auth_guards"}
    id_prefix = "guard"
    ADMINS: ClassVar[str] = "guard_admins"

    passes = IntField(required=True, default=0)

    @classmethod
    def touch(cls, id: str) -> None:
        """Take part in the order of all transactions that touch `id`."""
        cls.raw().update_one({"_id": id}, bump({"$inc": {"passes": 1}}), upsert=True)
