"""The user: who may log in, as what, and which of their logins are alive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mongoengine import (
    BooleanField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    ListField,
    StringField,
)

from wrencos_core import text
from wrencos_core.documents import Document, UTCDateTimeField
from wrencos_core.identity import Role

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}")
LOCALES = ("vi", "en")


class Address(EmbeddedDocument):  # type: ignore[misc]
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    street = StringField(required=True)
    city = StringField(required=True)
    state = StringField()
    zip = StringField()
    country = StringField(required=True)


class User(Document):
    """A customer, a member of staff or an admin.

    `live_sessions` is what every request is checked against, in the one read that also fetches
    role and permissions: a session that is not in it has ended, whatever its tokens say.
    `permissions` are those granted to a member of staff beside the defaults of the role.
    """

    meta = {
        "collection": "auth_users",
        "indexes": [
            {"fields": ["email"], "unique": True, "name": "email"},
            {"fields": ["username"], "unique": True, "name": "username"},
            {"fields": ["is_erased", "-created_at", "-_id"], "name": "newest"},
            {"fields": ["is_erased", "role", "-created_at", "-_id"], "name": "by_role"},
            {"fields": ["search_words", "is_erased", "role"], "name": "search"},
        ],
    }
    id_prefix = "user"

    email = StringField(required=True)
    username = StringField(required=True)
    # Absent for a user who was erased: no password fits.
    password_hash = StringField()
    role = StringField(required=True, choices=[role.value for role in Role])
    permissions = ListField(StringField())
    first_name = StringField(required=True)
    last_name = StringField(required=True)
    phone = StringField()
    address = EmbeddedDocumentField(Address)
    locale = StringField(required=True, choices=LOCALES)
    email_verified_at = UTCDateTimeField()
    disabled_at = UTCDateTimeField()
    is_erased = BooleanField(required=True, default=False)
    last_login_at = UTCDateTimeField()
    live_sessions = ListField(StringField())
    search_words = ListField(StringField())

    def clean(self) -> None:
        """Before an insert: what the list of users is searched by."""
        self.search_words = search_words(self._data)


def search_words(user: dict[str, Any]) -> list[str]:
    """The folded words by whose beginnings a user is found: address, names, username, phone."""
    words = {user["email"], user["email"].partition("@")[0], user["username"]}
    for name in (user.get("first_name"), user.get("last_name")):
        words.update(folded(name or ""))
    if user.get("phone"):
        words.add("".join(filter(str.isdigit, user["phone"])))
    return sorted(word for word in words if word)


def folded(name: str) -> list[str]:
    """The words of `name` in lower case without diacritics: "Nguyễn Đức" as nguyen, duc."""
    return text.fold(name).split()


def search_query(words: Iterable[str]) -> dict[str, Any]:
    """The filter for users who have, for each word, one that begins with it."""
    return {"search_words": text.beginnings(words)}
