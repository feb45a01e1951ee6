"""A person's data: all of it in one answer, or gone from every plugin in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from wrencos_core import audit
from wrencos_core.auth.models.one_time_token import OneTimeToken
from wrencos_core.auth.models.session import Session
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.accounts import Accounts
from wrencos_core.auth.services.users import SHOWN, Users
from wrencos_core.clock import now
from wrencos_core.contracts.auth import UserErased
from wrencos_core.contracts.privacy import ErasedData, PersonalData
from wrencos_core.database import transaction
from wrencos_core.documents import bump
from wrencos_core.identity import Identity, Role

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

_SESSION_FIELDS = ("created_at", "rotated_at", "expires_at", "ended_at", "ended_because")


class Privacy:
    """Asks every plugin for, or rids it of, what it stores about a user."""

    def __init__(self, platform: Platform, accounts: Accounts, users: Users) -> None:
        self._platform = platform
        self._accounts = accounts
        self._users = users

    def export(self, user_id: str) -> dict[str, PersonalData]:
        """Everything stored about the user, by plugin."""
        return dict(
            self._platform.plugins.call_each(
                "export_personal_data", platform=self._platform, user_id=user_id
            )
        )

    def erase(self, identity: Identity, password: str) -> dict[str, ErasedData]:
        """Erase the caller's own account; returns what each plugin erased, and kept and why.

        Either every plugin has done it or nothing has changed. Raises Invalid for a wrong
        password, LastAdmin, and whatever error keeps a plugin from it.
        """
        row = self._accounts.row(identity)
        self._accounts.confirm_password(row, password, "password")
        return transaction(lambda: self._erase(identity, row["_id"]))

    def _erase(self, identity: Identity, user_id: str) -> dict[str, ErasedData]:
        if self._users.find(user_id)["role"] == Role.ADMIN:
            self._users.keep_an_admin(user_id)
        # Auth goes last: another plugin may need the address to find what it stores.
        outcome = dict(
            self._platform.plugins.call_each(
                "erase_personal_data", last="auth", platform=self._platform, user_id=user_id
            )
        )
        self._platform.outbox.publish(
            UserErased(id=f"{user_id}:erased", occurred_at=now(), user_id=user_id)
        )
        audit.record(identity, "auth.users.erase", user_id)
        return outcome


def stored_account(user_id: str) -> PersonalData:
    """What auth itself stores about the user; secrets are no data about a person."""
    user = User.raw().find_one({"_id": user_id}, SHOWN)
    fields = dict.fromkeys(_SESSION_FIELDS, 1)
    sessions = Session.raw().find({"user_id": user_id}, fields).sort("created_at", 1)
    return PersonalData(
        sections={
            "account": [_jsonable(user)] if user else [],
            "sessions": [_jsonable(row) for row in sessions],
        }
    )


def erase_account(user_id: str) -> ErasedData:
    """Anonymise the user's row, and delete sessions and links, in the running transaction."""
    key = user_id.removeprefix("user_").lower()
    changed = User.raw().update_one(
        {"_id": user_id, "is_erased": False},
        bump(
            {
                "$set": {
                    # `.invalid` can't be registered, nor can anything be mailed to it (RFC 6761).
                    "email": f"erased-{key}@erased.invalid",
                    "username": f"erased-{key}",
                    "first_name": "",
                    "last_name": "",
                    "role": Role.CUSTOMER.value,
                    "permissions": [],
                    "live_sessions": [],
                    "search_words": [],
                    "disabled_at": now(),
                    "is_erased": True,
                },
                "$unset": dict.fromkeys(
                    ("password_hash", "phone", "address", "email_verified_at", "last_login_at"), 1
                ),
            }
        ),
    )
    return ErasedData(
        erased={
            "account": changed.modified_count,
            "sessions": Session.raw().delete_many({"user_id": user_id}).deleted_count,
            "links": OneTimeToken.raw().delete_many({"user_id": user_id}).deleted_count,
        },
        kept={
            "account row": "Its id, without name or address, so that orders and the audit log "
            "still refer to someone."
        },
    )


def _jsonable(row: dict[str, Any]) -> dict[str, Any]:
    shown = {"id" if name == "_id" else name: value for name, value in row.items()}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in shown.items()
    }
