"""What of PayPal's objects is read, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from wrencos_commerce.services.gateways import paypal_amounts
from wrencos_core.contracts.payments import (
    GatewayEvent,
    PaymentOutcome,
    RefundEvent,
    RefundOutcome,
)

_CAPTURES = {
    "COMPLETED": PaymentOutcome.PAID,
    # They were paid before.
    "REFUNDED": PaymentOutcome.PAID,
    "PARTIALLY_REFUNDED": PaymentOutcome.PAID,
    "PENDING": PaymentOutcome.PENDING,
    "DECLINED": PaymentOutcome.FAILED,
    "FAILED": PaymentOutcome.FAILED,
}
_REFUNDS = {
    "COMPLETED": RefundOutcome.SUCCEEDED,
    "CANCELLED": RefundOutcome.REJECTED,
    "FAILED": RefundOutcome.REJECTED,
}


class Amount(msgspec.Struct):
    currency_code: str
    value: str

    @property
    def minor(self) -> int:
        """Minor units; raises ValueError for what is no amount."""
        return paypal_amounts.read(self.value, self.currency_code)


class Details(msgspec.Struct):
    reason: str | None = None


class Breakdown(msgspec.Struct):
    paypal_fee: Amount | None = None


class RelatedIds(msgspec.Struct):
    order_id: str | None = None


class Supplement(msgspec.Struct):
    related_ids: RelatedIds = msgspec.field(default_factory=RelatedIds)


class Link(msgspec.Struct):
    href: str
    rel: str


class Capture(msgspec.Struct):
    """Money that was taken, or is about to be."""

    id: str
    status: str
    amount: Amount | None = None
    custom_id: str | None = None
    status_details: Details | None = None
    seller_receivable_breakdown: Breakdown | None = None
    supplementary_data: Supplement | None = None

    @property
    def order_id(self) -> str | None:
        data = self.supplementary_data
        return data.related_ids.order_id if data else None

    @property
    def outcome(self) -> PaymentOutcome:
        return _CAPTURES.get(self.status, PaymentOutcome.SUSPICIOUS)


class Refund(msgspec.Struct):
    id: str
    status: str = "COMPLETED"
    amount: Amount | None = None
    custom_id: str | None = None
    status_details: Details | None = None
    links: list[Link] = []

    @property
    def outcome(self) -> RefundOutcome:
        return _REFUNDS.get(self.status, RefundOutcome.PROCESSING)

    @property
    def reason(self) -> str | None:
        return self.status_details.reason if self.status_details else None

    @property
    def capture_id(self) -> str | None:
        """What it is a refund of, by its link upwards."""
        for link in self.links:
            if link.rel == "up":
                return link.href.rstrip("/").rpartition("/")[2] or None
        return None


class Payments(msgspec.Struct):
    captures: list[Capture] = []
    refunds: list[Refund] = []


class PurchaseUnit(msgspec.Struct):
    custom_id: str | None = None
    payments: Payments = msgspec.field(default_factory=Payments)


class Order(msgspec.Struct):
    id: str
    status: str
    purchase_units: list[PurchaseUnit] = []
    links: list[Link] = []

    @property
    def reference(self) -> str | None:
        return self.purchase_units[0].custom_id if self.purchase_units else None

    @property
    def page(self) -> str | None:
        """Where the customer agrees."""
        for link in self.links:
            if link.rel in ("payer-action", "approve"):
                return link.href
        return None

    @property
    def captures(self) -> list[Capture]:
        return [it for unit in self.purchase_units for it in unit.payments.captures]

    @property
    def refunds(self) -> list[Refund]:
        return [it for unit in self.purchase_units for it in unit.payments.refunds]


class Event(msgspec.Struct):
    """What the webhook gets; `resource` is read by its type."""

    id: str
    event_type: str
    resource: msgspec.Raw


def capture_event(
    capture: Capture, reference: str | None, order_id: str | None, raw: Mapping[str, Any]
) -> GatewayEvent:
    """What is told of a capture; raises ValueError for what is no amount, and for money without
    one."""
    is_paid = capture.outcome is PaymentOutcome.PAID
    if is_paid and capture.amount is None:
        raise ValueError("a completed capture without an amount")
    details, breakdown = capture.status_details, capture.seller_receivable_breakdown
    fee = breakdown.paypal_fee if breakdown and is_paid else None
    amount = capture.amount
    same_currency = fee is not None and amount and fee.currency_code == amount.currency_code
    return GatewayEvent(
        event_id=f"{capture.id}:{capture.outcome.value}",
        outcome=capture.outcome,
        reference=reference,
        gateway_id=order_id,
        amount=amount.minor if amount else None,
        currency=amount.currency_code if amount else None,
        transaction_id=capture.id if is_paid else None,
        fee=fee.minor if fee and same_currency else None,
        reason=details.reason if details and not is_paid else None,
        raw=raw,
    )


def refund_event(refund: Refund, request_id: str | None, raw: Mapping[str, Any]) -> RefundEvent:
    """What is told of a refund; raises ValueError for what is no amount."""
    amount = refund.amount
    return RefundEvent(
        event_id=f"{refund.id}:{refund.outcome.value}",
        outcome=refund.outcome,
        request_id=request_id,
        gateway_refund_id=refund.id,
        transaction_id=refund.capture_id,
        amount=amount.minor if amount else None,
        currency=amount.currency_code if amount else None,
        reason=refund.reason,
        raw=raw,
    )
