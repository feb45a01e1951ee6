"""Builds the services of auth on each other and offers them to the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrencos_core.auth.services.accounts import Accounts
from wrencos_core.auth.services.directory import MongoUserDirectory
from wrencos_core.auth.services.links import Links
from wrencos_core.auth.services.many_customers import ManyCustomers
from wrencos_core.auth.services.passwords import Passwords
from wrencos_core.auth.services.privacy import Privacy
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.auth.services.throttling import Throttle
from wrencos_core.auth.services.users import Users
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.contracts.accounts import CustomerMaker
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.services import ServiceRegistry

if TYPE_CHECKING:
    from wrencos_core.platform import Platform


def provide(platform: Platform, services: ServiceRegistry) -> None:
    """Provide every service of auth."""
    sessions = Sessions(platform)
    passwords = Passwords(platform.settings_for(AuthSettings))
    throttle = Throttle(platform.redis)
    links = Links(platform, sessions, passwords, throttle)
    accounts = Accounts(platform, sessions, links, passwords, throttle)
    users = Users(platform, sessions)
    services.provide(Sessions, sessions)
    services.provide(Passwords, passwords)
    services.provide(Links, links)
    services.provide(Accounts, accounts)
    services.provide(Users, users)
    services.provide(Privacy, Privacy(platform, accounts, users))
    services.provide(CustomerMaker, ManyCustomers(platform, passwords))
    services.provide(UserDirectory, MongoUserDirectory())
