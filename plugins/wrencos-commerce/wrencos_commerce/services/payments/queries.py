"""Reading payments: a customer's own, and all of them for staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.payment import Payment, PaymentMessage
from wrencos_commerce.permissions import READ_PAYMENTS
from wrencos_commerce.services.payments.payment_lookup import payment_named
from wrencos_core.api import Identity, Listing, NotFound, Platform

Row = Mapping[str, Any]

NEWEST = [("created_at", -1), ("_id", -1)]


class PaymentQueries:
    """Reads payments; rows have the fields of the Payment document."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._listing = Listing(Payment.raw)

    def page(self, wanted: Row, skip: int, limit: int) -> tuple[list[Row], int]:
        """The newest payments that fit, and how many fit in all.

        `wanted` may name `user_id`, `order_id`, `state` or `method`.
        """
        return self._listing.page(dict(wanted), sort=NEWEST, skip=skip, limit=limit)

    def visible_to(self, identity: Identity, id: str) -> Row:
        """The caller's own payment, or anyone's for staff who may read payments; else NotFound."""
        row: Row | None = Payment.raw().find_one({"_id": id})
        if row is not None:
            is_own = identity.user_id is not None and row.get("user_id") == identity.user_id
            if is_own or self._platform.allows(identity, READ_PAYMENTS):
                return row
        raise NotFound(f"There is no payment {id}.")

    @staticmethod
    def by_reference(method: str, reference: str) -> Row:
        """The payment that a gateway knows by this reference; raises NotFound."""
        row = payment_named(method, reference=reference)
        if row is None:
            raise NotFound("There is no such payment.")
        return row

    @staticmethod
    def of_order(order_id: str) -> list[Row]:
        """The attempts to pay an order, the newest first."""
        return list(Payment.raw().find({"order_id": order_id}).sort(NEWEST).limit(100))

    @staticmethod
    def messages(payment_id: str) -> list[Row]:
        """What the gateway said of a payment, the oldest first."""
        found = PaymentMessage.raw().find({"payment_id": payment_id})
        return list(found.sort([("created_at", 1), ("_id", 1)]).limit(100))
