"""Makes many customers at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from wrencos_core.auth.models.user import Address, User
from wrencos_core.auth.services.accounts import made_up_username
from wrencos_core.auth.services.emails import normal_email
from wrencos_core.auth.services.passwords import Passwords
from wrencos_core.contracts.accounts import NewCustomer
from wrencos_core.contracts.auth import UserRegistered
from wrencos_core.database import transaction
from wrencos_core.identity import Role

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

_BATCH = 100


class ManyCustomers:
    """Provides contracts.accounts.CustomerMaker."""

    def __init__(self, platform: Platform, passwords: Passwords) -> None:
        self._platform = platform
        self._passwords = passwords

    def create_customers(self, people: Sequence[NewCustomer], password: str) -> list[str]:
        """Accounts that share one password, hashed once; their user ids, in the order of `people`.

        Whoever has an account already keeps it as it is. No mail is sent.
        """
        hashed = self._passwords.hash(password)
        ids: list[str] = []
        for first in range(0, len(people), _BATCH):
            batch = people[first : first + _BATCH]
            ids += transaction(
                lambda batch=batch: [self._created(person, hashed) for person in batch]  # type: ignore[misc]
            )
        return ids

    def _created(self, person: NewCustomer, hashed: str) -> str:
        email = normal_email(person.email)
        known = User.raw().find_one({"email": email}, {"_id": 1})
        if known is not None:
            return str(known["_id"])
        address = Address(**msgspec.structs.asdict(person.address)) if person.address else None
        user = User(
            email=email,
            username=made_up_username(person.first_name),
            password_hash=hashed,
            role=Role.CUSTOMER.value,
            first_name=person.first_name,
            last_name=person.last_name,
            phone=person.phone,
            locale=person.locale or self._platform.settings.locale,
            address=address,
            email_verified_at=person.registered_at,
            created_at=person.registered_at,
        ).save()
        self._platform.outbox.publish(
            UserRegistered(
                id=f"{user.id}:registered",
                occurred_at=user.created_at,
                user_id=user.id,
                role=Role.CUSTOMER,
                locale=user.locale,
            )
        )
        return str(user.id)
