"""What other plugins may know of users: events, and a directory to look people up in.

Events are kept for good, so they carry ids and no names or addresses: those would outlive a
person's wish to be forgotten. Ask the directory for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

import msgspec

from wrencos_core.events import Event
from wrencos_core.identity import Role


class UserRegistered(Event, frozen=True, kw_only=True):
    """A user exists: registered by themselves, or made by an admin or the CLI."""

    name: ClassVar[str] = "auth.user_registered"
    user_id: str
    role: Role
    locale: str


class UserRoleChanged(Event, frozen=True, kw_only=True):
    """An admin gave the user another role."""

    name: ClassVar[str] = "auth.user_role_changed"
    user_id: str
    old_role: Role
    new_role: Role


class UserDisabled(Event, frozen=True, kw_only=True):
    """The user may no longer log in; their sessions have ended."""

    name: ClassVar[str] = "auth.user_disabled"
    user_id: str


class UserEnabled(Event, frozen=True, kw_only=True):
    """A disabled user may log in again."""

    name: ClassVar[str] = "auth.user_enabled"
    user_id: str


class UserErased(Event, frozen=True, kw_only=True):
    """The user was forgotten; the id stays, and names nobody any more."""

    name: ClassVar[str] = "auth.user_erased"
    user_id: str


class PostalAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a user lives; `country` is ISO 3166-1 alpha-2."""

    street: str
    city: str
    state: str | None = None
    zip: str | None = None
    country: str


class UserSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What plugins may show of a user. After erasure `is_erased` is set and the names are empty."""

    user_id: str
    email: str
    username: str
    role: Role
    first_name: str
    last_name: str
    locale: str
    phone: str | None = None
    address: PostalAddress | None = None
    email_verified: bool = False
    disabled: bool = False
    is_erased: bool = False

    @property
    def display_name(self) -> str:
        """First and last name, or the username of someone who gave none."""
        return f"{self.first_name} {self.last_name}".strip() or self.username


class UserDirectory(Protocol):
    """Looks users up by id; the auth part of the core provides it."""

    def find(self, user_id: str) -> UserSummary | None:
        """The user with this id, erased ones too, or None."""
        ...

    def find_many(self, user_ids: Iterable[str]) -> dict[str, UserSummary]:
        """The users among these ids, by id, read in one query."""
        ...

    def find_by_email(self, email: str) -> UserSummary | None:
        """The user with this address, however it is capitalised, or None."""
        ...
