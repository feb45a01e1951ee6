"""Users of a test, made by the services that make real ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING

from wrencos_core.auth.services.accounts import Accounts, Person
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.identity import SYSTEM, Role
from wrencos_core.platform import Platform
from wrencos_core.testing.callers import Caller

if TYPE_CHECKING:
    from flask import Flask

PASSWORD = "Jasmine-rice-42"


class Logins:
    """The fixture `login`: call it for a `Caller` with a new user's token."""

    def __init__(self, platform: Platform, app: Flask) -> None:
        self.platform = platform
        self.app = app
        self._numbers = count(1)

    def __call__(
        self,
        role: str = "customer",
        permissions: Iterable[str] = (),
        *,
        email: str | None = None,
        first_name: str = "Lan",
        last_name: str = "Nguyễn",
        locale: str | None = None,
    ) -> Caller:
        """A new user of `role`, with `permissions` if staff, logged in. The password is PASSWORD.

        Addresses are `<role>1@example.test` and so on, unless `email` names another.
        """
        user_id = self.platform.services.require(Accounts).create_user(
            SYSTEM,
            Person(
                email=email or f"{role}{next(self._numbers)}@example.test",
                password=PASSWORD,
                first_name=first_name,
                last_name=last_name,
                locale=locale,
            ),
            Role(role),
            tuple(permissions),
        )
        session = self.platform.services.require(Sessions).open(user_id)
        return Caller(self.app, user_id, session.token)
