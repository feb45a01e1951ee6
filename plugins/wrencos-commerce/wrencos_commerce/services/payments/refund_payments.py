"""What a payment bears of refunds: how much of it may go back, which way, and in which currency."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from wrencos_commerce.models.refund import Refund, RefundReason, RefundState
from wrencos_commerce.services.gateways.exchange import BY_HAND, EXCHANGE
from wrencos_core.api import money

Row = Mapping[str, Any]


def room(payment: Row) -> int:
    """What of a payment that counts can still be paid back."""
    owed_back = payment["refund_reserved"] - not_owed_before(payment["_id"])
    return max(0, int(payment["amount"]) - int(owed_back))


def not_owed_before(payment_id: str) -> int:
    query = {
        "payment_id": payment_id,
        "reason": RefundReason.NOT_OWED.value,
        "state": {"$ne": RefundState.REJECTED.value},
    }
    return sum(row["amount"] for row in Refund.raw().find(query, {"amount": 1}))


def way_back(payment: Row) -> str:
    """What was paid by credit is money that the shop has, and no gateway."""
    return BY_HAND if payment["method"] == EXCHANGE else str(payment["method"])


def charged(payment: Row, amount: int) -> int | None:
    """The amount in the charged currency, where that is another; the last refund takes the rest.

    Along one line, as in refund_amounts.py: all refunds together are what was charged. `payment` is
    as it was before `amount` was set aside.
    """
    total = payment.get("charged_amount")
    if total is None:
        return None
    after = payment["refund_reserved"] + amount
    query = {"payment_id": payment["_id"], "state": {"$ne": RefundState.REJECTED.value}}
    earlier = Refund.raw().find(query, {"charged_amount": 1})
    before = sum(int(row["charged_amount"]) for row in earlier)
    return max(0, money.round_half_up(Decimal(total * after) / payment["amount"]) - before)
