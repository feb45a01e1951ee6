"""What PayPal's events say; that it sent them was checked before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from wrencos_commerce.services.gateways.paypal_fields import (
    Capture,
    Event,
    Order,
    Refund,
    capture_event,
    refund_event,
)
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    PaymentOutcome,
    RefundEvent,
)

_APPROVED = "CHECKOUT.ORDER.APPROVED"
_VOIDED = "CHECKOUT.ORDER.VOIDED"
_OF_CAPTURES = tuple(
    f"PAYMENT.CAPTURE.{what}" for what in ("COMPLETED", "PENDING", "DENIED", "DECLINED")
)
_OF_REFUNDS = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED")
# The bank or PayPal took the money back: it was not we who asked.
_REVERSED = "PAYMENT.CAPTURE.REVERSED"


def read_event(body: bytes) -> Sequence[GatewayEvent | RefundEvent]:
    """The event in this body, or none of concern; raises BadSignature when it can't be read."""
    try:
        event = msgspec.json.decode(body, type=Event)
        return _read(event.event_type, msgspec.json.decode(event.resource, type=dict[str, Any]))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise BadSignature(f"not an event of PayPal: {error}") from error


def _read(type: str, raw: dict[str, Any]) -> Sequence[GatewayEvent | RefundEvent]:
    if type in (_APPROVED, _VOIDED):
        return _of_order(msgspec.convert(raw, Order), raw, is_approved=type == _APPROVED)
    if type in _OF_CAPTURES:
        capture = msgspec.convert(raw, Capture)
        if capture.custom_id is None:
            return []
        return [capture_event(capture, capture.custom_id, capture.order_id, raw)]
    if type in _OF_REFUNDS or type == _REVERSED:
        refund = msgspec.convert(raw, Refund)
        return [refund_event(refund, None if type == _REVERSED else refund.custom_id, raw)]
    return []


def _of_order(order: Order, raw: dict[str, Any], *, is_approved: bool) -> Sequence[GatewayEvent]:
    if order.reference is None:
        return []
    return [
        GatewayEvent(
            event_id=f"{order.id}:{'approved' if is_approved else 'voided'}",
            outcome=PaymentOutcome.PENDING if is_approved else PaymentOutcome.CANCELLED,
            reference=order.reference,
            gateway_id=order.id,
            should_query=is_approved,
            raw=raw,
        )
    ]
