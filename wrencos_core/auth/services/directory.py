"""The user directory that other plugins look people up in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.emails import normal_email
from wrencos_core.contracts.auth import PostalAddress, UserSummary
from wrencos_core.errors import Invalid
from wrencos_core.identity import Role

_FIELDS = dict.fromkeys(
    (
        "email",
        "username",
        "role",
        "first_name",
        "last_name",
        "locale",
        "phone",
        "address",
        "email_verified_at",
        "disabled_at",
        "is_erased",
    ),
    1,
)


class MongoUserDirectory:
    """Provides contracts.auth.UserDirectory."""

    def find(self, user_id: str) -> UserSummary | None:
        """The user with this id, erased ones too, or None."""
        return _summary(User.raw().find_one({"_id": user_id}, _FIELDS))

    def find_many(self, user_ids: Iterable[str]) -> dict[str, UserSummary]:
        """The users among these ids, by id, read in one query."""
        wanted = sorted(set(user_ids))
        if not wanted:
            return {}
        rows = User.raw().find({"_id": {"$in": wanted}}, _FIELDS)
        return {row["_id"]: summary for row in rows if (summary := _summary(row))}

    def find_by_email(self, email: str) -> UserSummary | None:
        """The user with this address, however it is capitalised, or None."""
        try:
            wanted = normal_email(email)
        except Invalid:
            return None
        return _summary(User.raw().find_one({"email": wanted}, _FIELDS))


def _summary(row: dict[str, Any] | None) -> UserSummary | None:
    return UserSummary(**shared_fields(row), is_erased=row["is_erased"]) if row else None


def shared_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Of a stored user, what the directory's UserSummary and the API's UserView both have."""
    address = row.get("address")
    return {
        "user_id": row["_id"],
        "email": row["email"],
        "username": row["username"],
        "role": Role(row["role"]),
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "locale": row["locale"],
        "phone": row.get("phone"),
        "address": PostalAddress(**address) if address else None,
        "email_verified": row.get("email_verified_at") is not None,
        "disabled": row.get("disabled_at") is not None,
    }
