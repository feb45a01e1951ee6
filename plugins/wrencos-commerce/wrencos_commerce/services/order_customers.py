"""Who an order's customer is, for mail and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from wrencos_core.api import Platform
from wrencos_core.contracts.auth import UserDirectory

Row = Mapping[str, Any]


class Customer(NamedTuple):
    """What is known of a customer: after an erasure nothing is.

    `user_id` is None for one without an account, `locale` the language of the account, or the one
    that was ordered in.
    """

    user_id: str | None
    name: str
    email: str | None
    locale: str | None


def customer_of(platform: Platform, order: Row) -> Customer:
    """The customer with an account, or the one who bought without."""
    names = (order.get(told) or {} for told in ("shipping_address", "contact"))
    name = next((told["name"] for told in names if told.get("name")), "")
    user_id = order.get("user_id")
    if user_id is None:
        return Customer(None, name, order.get("email"), order.get("locale"))
    user = platform.services.require(UserDirectory).find(user_id)
    if user is None or user.is_erased:
        return Customer(user_id, name, None, order.get("locale"))
    return Customer(user_id, name or user.display_name, user.email, user.locale)
