"""What admins (and staff, within bounds) do with the accounts of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wrencos_core import audit
from wrencos_core.auth.errors import LastAdmin
from wrencos_core.auth.models.guard import Guard
from wrencos_core.auth.models.user import User, folded, search_query
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.clock import now
from wrencos_core.contracts.auth import UserDisabled, UserEnabled, UserRoleChanged
from wrencos_core.database import transaction
from wrencos_core.documents import bump
from wrencos_core.errors import Conflict, Invalid, NotFound, PermissionDenied
from wrencos_core.identity import Identity, Role
from wrencos_core.listing import Listing

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

# What leaves the database; the hash and the sessions stay there.
SHOWN = dict.fromkeys(
    (
        "email",
        "username",
        "role",
        "permissions",
        "first_name",
        "last_name",
        "phone",
        "address",
        "locale",
        "email_verified_at",
        "disabled_at",
        "is_erased",
        "last_login_at",
        "created_at",
    ),
    1,
)


class UserPage(NamedTuple):
    """Rows of one page, and how many there are on all pages."""

    rows: list[Mapping[str, Any]]
    total: int


class Users:
    """Lists users and changes their role, permissions and state, all audited."""

    def __init__(self, platform: Platform, sessions: Sessions) -> None:
        self._platform = platform
        self._sessions = sessions
        self._listing = Listing(User.raw)

    def list(
        self, *, skip: int, limit: int, role: Role | None = None, search: str | None = None
    ) -> UserPage:
        """Users, the newest first, without those erased.

        `search` finds each of its words at the beginning of the address, a name, the username or
        the digits of the phone number; diacritics do not matter.
        """
        query: dict[str, Any] = {"is_erased": False}
        if role is not None:
            query["role"] = role.value
        words = folded(search or "")
        if words:
            query |= search_query(words)
        newest = [("created_at", -1), ("_id", -1)]
        return UserPage(
            *self._listing.page(query, sort=newest, skip=skip, limit=limit, fields=SHOWN)
        )

    def find(self, user_id: str) -> dict[str, Any]:
        """The row of a user; raises NotFound."""
        row: dict[str, Any] | None = User.raw().find_one({"_id": user_id}, SHOWN)
        if row is None:
            raise NotFound(f"There is no user {user_id}.")
        return row

    def set_role(self, identity: Identity, user_id: str, role: Role) -> dict[str, Any]:
        """Give a user another role, which counts at once; returns the row.

        Permissions that were granted to a member of staff go with the role. Raises
        PermissionDenied unless an admin asks, NotFound, LastAdmin.
        """
        _require_admin(identity)
        return transaction(lambda: self._set_role(identity, user_id, role))

    def _set_role(self, identity: Identity, user_id: str, role: Role) -> dict[str, Any]:
        before = self._present(user_id)
        old = Role(before["role"])
        if old is role:
            return before
        if old is Role.ADMIN:
            self.keep_an_admin(user_id)
        row = self._update(user_id, {"$set": {"role": role.value, "permissions": []}})
        self._platform.outbox.publish(
            UserRoleChanged(
                id=f"{user_id}:role_changed:{row['version']}",
                occurred_at=row["updated_at"],
                user_id=user_id,
                old_role=old,
                new_role=role,
            )
        )
        changes = {"role": [old.value, role.value]}
        audit.record(identity, "auth.users.set_role", user_id, changes)
        return row

    def grant(self, identity: Identity, user_id: str, permissions: Iterable[str]) -> dict[str, Any]:
        """Make these the permissions of a member of staff beside the role's own; returns the row.

        Raises PermissionDenied unless an admin asks, Invalid for a permission that no enabled
        plugin has, NotFound, and Conflict for a user who is not staff.
        """
        _require_admin(identity)
        wanted = sorted(set(permissions))
        unknown = [name for name in wanted if name not in self._platform.permissions]
        if unknown:
            raise Invalid(errors={"permissions": [f"Unknown: {', '.join(unknown)}."]})
        return transaction(lambda: self._grant(identity, user_id, wanted))

    def _grant(self, identity: Identity, user_id: str, wanted: Sequence[str]) -> dict[str, Any]:
        before = self._present(user_id)
        if before["role"] != Role.STAFF:
            raise Conflict("Only staff are granted permissions.")
        row = self._update(user_id, {"$set": {"permissions": [*wanted]}})
        changes = {"permissions": [before["permissions"], [*wanted]]}
        audit.record(identity, "auth.users.grant", user_id, changes)
        return row

    def disable(self, identity: Identity, user_id: str) -> dict[str, Any]:
        """End a user's sessions and keep them out; returns the row.

        Raises PermissionDenied when staff try it on staff or admins, NotFound, LastAdmin.
        """
        return transaction(lambda: self._disable(identity, user_id))

    def _disable(self, identity: Identity, user_id: str) -> dict[str, Any]:
        before = self._present(user_id)
        _require_rank(identity, before)
        if before.get("disabled_at"):
            return before
        if before["role"] == Role.ADMIN:
            self.keep_an_admin(user_id)
        row = self._update(user_id, {"$set": {"disabled_at": now()}})
        self._sessions.end_all(user_id, "disabled")
        self._platform.outbox.publish(
            UserDisabled(
                id=f"{user_id}:disabled:{row['version']}",
                occurred_at=row["updated_at"],
                user_id=user_id,
            )
        )
        audit.record(identity, "auth.users.disable", user_id)
        return row

    def enable(self, identity: Identity, user_id: str) -> dict[str, Any]:
        """Let a disabled user log in again; returns the row. Raises as `disable` does."""
        return transaction(lambda: self._enable(identity, user_id))

    def _enable(self, identity: Identity, user_id: str) -> dict[str, Any]:
        before = self._present(user_id)
        _require_rank(identity, before)
        if not before.get("disabled_at"):
            return before
        row = self._update(user_id, {"$unset": {"disabled_at": 1}})
        self._platform.outbox.publish(
            UserEnabled(
                id=f"{user_id}:enabled:{row['version']}",
                occurred_at=row["updated_at"],
                user_id=user_id,
            )
        )
        audit.record(identity, "auth.users.enable", user_id)
        return row

    def keep_an_admin(self, user_id: str) -> None:
        """Raise LastAdmin unless another enabled admin stays; call it in the transaction."""
        Guard.touch(Guard.ADMINS)
        others = {
            "is_erased": False,
            "role": Role.ADMIN.value,
            "_id": {"$ne": user_id},
            "disabled_at": None,
        }
        if User.raw().find_one(others, {"_id": 1}) is None:
            raise LastAdmin()

    def _present(self, user_id: str) -> dict[str, Any]:
        row = self.find(user_id)
        if row["is_erased"]:
            raise NotFound(f"The user {user_id} was erased.")
        return row

    @staticmethod
    def _update(user_id: str, change: dict[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = User.raw().find_one_and_update(
            {"_id": user_id},
            bump(change),
            {**SHOWN, "version": 1, "updated_at": 1},
            return_document=True,
        )
        return row


def _require_admin(identity: Identity) -> None:
    if not identity.is_admin:
        raise PermissionDenied("Only an admin can change roles and permissions.")


def _require_rank(identity: Identity, user: dict[str, Any]) -> None:
    """Staff with auth.users.write must not lock out their colleagues or the admins."""
    if user["role"] != Role.CUSTOMER and not identity.is_admin:
        raise PermissionDenied("Only an admin can do this to staff and admins.")
