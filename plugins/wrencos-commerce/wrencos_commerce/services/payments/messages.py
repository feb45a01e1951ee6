"""The messages of gateways, each kept once as it came."""

from __future__ import annotations

import hashlib

import msgspec

from wrencos_commerce.models.payment import Payment, PaymentMessage
from wrencos_core.api import new_row
from wrencos_core.contracts.payments import GatewayEvent, RefundEvent


def is_known(method: str, event_id: str) -> bool:
    """Whether the message was stored before."""
    return PaymentMessage.raw().find_one({"_id": _message_id(method, event_id)}) is not None


def keep(method: str, event: GatewayEvent | RefundEvent, source: str, **about: str) -> None:
    """Store the message as it came, or only that it came when its customer was erased.

    Two at once conflict, and the second finds the first.
    """
    raw = {} if _is_erased(about.get("payment_id")) else event.raw
    payload = msgspec.json.encode(raw, enc_hook=str).decode()
    row = new_row(
        _message_id(method, event.event_id),
        method=method,
        event_id=event.event_id,
        outcome=event.outcome.value,
        source=source,
        payload=payload,
        **about,
    )
    PaymentMessage.raw().insert_one(row)


def _is_erased(payment_id: str | None) -> bool:
    query = {"_id": payment_id, "is_erased": True}
    return payment_id is not None and Payment.raw().find_one(query, {"_id": 1}) is not None


def _message_id(method: str, event_id: str) -> str:
    digest = hashlib.sha256(f"{method}|{event_id}".encode()).hexdigest()
    return f"{PaymentMessage.id_prefix}_{digest[:26]}"
