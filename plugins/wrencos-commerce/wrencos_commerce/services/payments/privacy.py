"""What of payments tells of people: for their export, and what is left when they are forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrencos_commerce.models.payment import Payment, PaymentMessage
from wrencos_commerce.models.refund import Refund
from wrencos_core.api import bump

_PAYMENT = ("_id", "order_id", "method", "state", "amount", "currency", "created_at", "paid_at")
_REFUND = ("_id", "order_id", "amount", "currency", "reason", "state", "created_at", "succeeded_at")
_NEWEST = [("created_at", -1), ("_id", -1)]


def stored_payments(user_id: str) -> dict[str, list[dict[str, Any]]]:
    """The user's payments with all that gateways said of them, and their refunds."""
    payments = list(Payment.raw().find({"user_id": user_id}).sort(_NEWEST))
    refunds = Refund.raw().find({"user_id": user_id}).sort(_NEWEST)
    return {
        "payments": [{**_only(row, _PAYMENT), "messages": _messages(row)} for row in payments],
        "refunds": [_only(row, _REFUND) for row in refunds],
    }


def forget_payers(order_ids: Sequence[str]) -> None:
    """Take from the payments of these orders what names people.

    Gateways tell who paid, with an address or an account. Who paid which amount when stays, by
    user id: accounts must be kept. What a gateway says from now on is not kept as it came either.
    """
    of_orders = {"order_id": {"$in": list(order_ids)}}
    ids = [row["_id"] for row in Payment.raw().find(of_orders, {"_id": 1})]
    Payment.raw().update_many({"_id": {"$in": ids}}, bump({"$set": {"is_erased": True}}))
    PaymentMessage.raw().update_many(
        {"payment_id": {"$in": ids}}, bump({"$set": {"payload": "{}"}})
    )
    Refund.raw().update_many(of_orders, bump({"$unset": {"note": ""}}))


def _messages(payment: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = PaymentMessage.raw().find({"payment_id": payment["_id"]}).sort("created_at", 1)
    return [{"at": row["created_at"], "said": row["payload"]} for row in found]


def _only(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}
