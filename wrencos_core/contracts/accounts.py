"""Making many customers at once: for demo data and for moving a shop over from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from wrencos_core.contracts.auth import PostalAddress


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who shall have an account, and since when; the address counts as verified."""

    email: str
    first_name: str
    last_name: str
    registered_at: datetime
    phone: str | None = None
    locale: str | None = None
    address: PostalAddress | None = None


class CustomerMaker(Protocol):
    """Makes customers; the auth part of the core provides it."""

    def create_customers(self, people: Sequence[NewCustomer], password: str) -> list[str]:
        """Accounts that share one password, hashed once; their user ids, in the order of `people`.

        Whoever has an account already keeps it as it is. No mail is sent.
        """
        ...
