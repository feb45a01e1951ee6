"""What goes out at /api/auth and /api/users. No view has a field for a password's hash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from wrencos_core.auth.services.directory import shared_fields
from wrencos_core.contracts.auth import PostalAddress
from wrencos_core.contracts.privacy import ErasedData
from wrencos_core.identity import Role


class UserView(msgspec.Struct, rename="camel", kw_only=True):
    """A user. `permissions` are those granted beside the role's own; times are UTC."""

    user_id: str
    email: str
    username: str
    role: Role
    permissions: list[str]
    first_name: str
    last_name: str
    phone: str | None
    address: PostalAddress | None
    locale: str
    email_verified: bool
    disabled: bool
    created_at: datetime
    last_login_at: datetime | None


class AccountRegistered(msgspec.Struct, rename="camel", kw_only=True):
    """The new user's id, an access token and the refresh token that renews it."""

    user_id: str
    token: str
    refresh_token: str


class LoggedIn(msgspec.Struct, rename="camel", kw_only=True):
    """An access token, the refresh token that renews it, and whose they are."""

    token: str
    refresh_token: str
    user: UserView


class RefreshedTokens(msgspec.Struct, rename="camel", kw_only=True):
    """A new access token, and the refresh token to use next time."""

    token: str
    refresh_token: str


class OwnAccount(msgspec.Struct, rename="camel", kw_only=True):
    """The caller, and all that their role and grants allow them beside what everyone may."""

    user: UserView
    permissions: list[str]


class AccountMessage(msgspec.Struct, rename="camel", kw_only=True):
    """What was done, for people."""

    message: str


class UserDetail(msgspec.Struct, rename="camel", kw_only=True):
    """One user."""

    user: UserView


class UserPageView(msgspec.Struct, rename="camel", kw_only=True):
    """A page of users, the newest first."""

    users: list[UserView]
    total_count: int
    page: int
    total_pages: int


class UserUpdated(msgspec.Struct, rename="camel", kw_only=True):
    """What was done, and the user as it is now."""

    message: str
    updated_user: UserView


class PersonalDataExport(msgspec.Struct, rename="camel", kw_only=True):
    """All that is stored about the caller: plugin, section, rows."""

    exported_at: datetime
    plugins: dict[str, dict[str, list[dict[str, Any]]]]


class PluginErasure(msgspec.Struct, rename="camel", kw_only=True):
    """What one plugin erased (thing to count), and what it kept (thing to the reason)."""

    plugin: str
    erased: dict[str, int]
    kept: dict[str, str]


class AccountErased(msgspec.Struct, rename="camel", kw_only=True):
    """What became of the account's data, plugin by plugin."""

    message: str
    plugins: list[PluginErasure]


def user_view(row: Mapping[str, Any]) -> UserView:
    """A stored user as the API shows it."""
    return UserView(
        **shared_fields(row),
        permissions=row["permissions"],
        created_at=row["created_at"],
        last_login_at=row.get("last_login_at"),
    )


def erasure_view(outcome: Mapping[str, ErasedData]) -> AccountErased:
    """The answer to an erasure."""
    return AccountErased(
        message="Your account was erased.",
        plugins=[
            PluginErasure(plugin=plugin, erased=data.erased, kept=data.kept)
            for plugin, data in sorted(outcome.items())
        ],
    )
