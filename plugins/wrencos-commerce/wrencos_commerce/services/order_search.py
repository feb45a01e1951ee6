"""Finding orders by what a customer says on the telephone; each way is an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.order import Order
from wrencos_core.api import Platform, is_id
from wrencos_core.contracts.auth import UserDirectory

Row = Mapping[str, Any]


def matching(platform: Platform, text: str) -> Row:
    """The filter for orders with this id, invoice or tracking number, e-mail address or phone.

    All exactly so, but for the letter case of an address. The phone is that of the order's address
    or of whoever ordered without an account, the address that of the account, or the one that was
    given without.
    """
    text = text.strip()
    if is_id(text, Order.id_prefix):
        return {"_id": text}
    if "@" in text:
        user = platform.services.require(UserDirectory).find_by_email(text)
        ways = [{"email": {"$in": [text, text.lower()]}}]
        return {"$or": [*ways, {"user_id": user.user_id}]} if user else ways[0]
    phones = ("shipping_address.phone", "contact.phone")
    fields = ("invoice_number", "shipments.tracking_number", *phones)
    return {"$or": [{field: text} for field in fields]}
