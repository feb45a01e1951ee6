"""Moving a payment from state to state: the one place that writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.payment import (
    OPEN_STATES,
    PAYMENT_TRANSITIONS,
    Payment,
    PaymentState,
)
from wrencos_core.api import StaleVersion, bump, now
from wrencos_core.contracts.payments import PaymentKind

Row = Mapping[str, Any]


def is_open(payment: Row) -> bool:
    """Whether the attempt can still be paid."""
    return payment["state"] in OPEN_STATES


def may_become(payment: Row, state: PaymentState) -> bool:
    """Whether the payment may go from where it is to `state`."""
    return state in PAYMENT_TRANSITIONS[PaymentState(payment["state"])]


def moved(
    payment: Row,
    state: PaymentState,
    *,
    actor: str,
    reason: str | None = None,
    values: Row | None = None,
) -> Row:
    """Give the payment the state, with a line of history; its row after that.

    Joins the caller's transaction. Raises StaleVersion when it is not as it was read any more.
    """
    entry = {"state": state.value, "at": now(), "actor": actor}
    if reason:
        entry["reason"] = reason
    changes: dict[str, Any] = {"state": state.value, **(values or {})}
    gone: dict[str, str] = {}
    if state not in OPEN_STATES:
        gone = {"open_for": "", "ask_at": ""}
        is_online = payment["kind"] == PaymentKind.ONLINE
        was_open_there = is_online and payment["state"] == PaymentState.PENDING
        if state is PaymentState.CANCELLED and was_open_there:
            # It is asked about at once, and closed there where that can be: nobody shall pay it.
            gone.pop("ask_at")
            changes["ask_at"] = now()
    update: dict[str, Any] = {"$set": changes, "$push": {"history": entry}}
    if gone:
        update["$unset"] = gone
    row: Row | None = Payment.raw().find_one_and_update(
        {"_id": payment["_id"], "state": payment["state"]}, bump(update), return_document=True
    )
    if row is None:
        raise StaleVersion()
    return row
