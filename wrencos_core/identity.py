"""Who asks: what services get instead of a request, and what a permission is."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a user is to the shop. Nobody gains one above CUSTOMER by registering."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ADMIN = "admin"


class Permission(msgspec.Struct, frozen=True):
    """`<plugin>.<plurals>.<verb>`. Admins hold all; `granted_to` roles have it without a grant."""

    name: str
    description: str
    granted_to: frozenset[Role] = frozenset()


_PERMISSION = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z_]*\.[a-z][a-z_]*")


def is_permission_name(name: str) -> bool:
    """Whether `name` has the form `<plugin>.<plurals>.<verb>`."""
    return _PERMISSION.fullmatch(name) is not None


class Identity(msgspec.Struct, frozen=True):
    """A caller: a user with a role and resolved permissions, a visitor, or the system itself.

    `channel` tells an audit entry where the action came from: `http`, `cli` or `job`.
    """

    user_id: str | None = None
    role: Role | None = None
    permissions: frozenset[str] = frozenset()
    is_system: bool = False
    channel: str = "http"

    @property
    def is_authenticated(self) -> bool:
        return self.user_id is not None

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN or self.is_system

    def holds(self, permission: str) -> bool:
        """Whether the permission is among those resolved for this caller (all, for an admin)."""
        return self.is_admin or permission in self.permissions

    @property
    def actor(self) -> str:
        """The name that an audit entry or a history line records."""
        return self.user_id or ("system" if self.is_system else "guest")


ANONYMOUS = Identity()
SYSTEM = Identity(is_system=True, channel="job")
