"""Finding a payment: by its id, by what its gateway calls it, or together with its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.order_moves import locked
from wrencos_core.api import NotFound

Row = Mapping[str, Any]


def existing_payment(id: str) -> Row:
    """The payment; raises NotFound."""
    row: Row | None = Payment.raw().find_one({"_id": id})
    if row is None:
        raise NotFound(f"There is no payment {id}.")
    return row


def payment_named(
    method: str, *, reference: str | None = None, gateway_id: str | None = None
) -> Row | None:
    """The payment that its gateway knows by our reference, or else by an id of its own."""
    row: Row | None = None
    if reference is not None:
        row = Payment.raw().find_one({"method": method, "reference": reference})
    if row is None and gateway_id is not None:
        row = Payment.raw().find_one({"gateway_key": f"{method}|{gateway_id}"})
    return row


def locked_payment(payment: Row) -> tuple[Row, Row]:
    """The payment as it is now, and its order: nobody else changes either until the transaction
    ends, as whoever changes a payment writes its order first."""
    order = locked({"_id": payment["order_id"]})
    return existing_payment(payment["_id"]), order
