"""Payments, refunds and what needs a human, as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money
from wrencos_core.contracts.payments import PaymentGateway


class NextStepView(View, kw_only=True):
    """What the customer does now: follow `url` (`redirect`), scan the code `qrPayload` (`qr`; its
    picture is at `qrImageUrl`), or nothing (`none`). `details` are lines to read."""

    kind: str
    url: str | None
    qr_payload: str | None
    qr_image_url: str | None
    details: dict[str, str]


class PaymentView(View, kw_only=True):
    """An attempt to pay an order. `next` is there while it is `pending`."""

    payment_id: str
    order_id: str
    payment_method_id: str
    state: str
    amount: Decimal
    currency: str
    refunded: Decimal
    charged_amount: Decimal | None
    charged_currency: str | None
    exchange_rate: str | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    next: NextStepView | None


class PaymentDetail(View, kw_only=True):
    payment: PaymentView


class PaymentPage(View, kw_only=True):
    payments: list[PaymentView]
    total_count: int
    page: int
    total_pages: int


class PaymentHistoryView(View, kw_only=True):
    state: str
    at: datetime
    actor: str
    reason: str | None


class PaymentMessageView(View, kw_only=True):
    """What the gateway said, as it came (`raw` is JSON in a text)."""

    at: datetime
    source: str
    outcome: str
    event_id: str
    raw: str


class StaffPaymentView(PaymentView, kw_only=True):
    """A payment with what staff need to look into it."""

    user_id: str | None
    reference: str
    transaction_id: str | None
    received: Decimal
    fee: Decimal | None
    is_late: bool
    is_counted: bool
    history: list[PaymentHistoryView]
    messages: list[PaymentMessageView]


class StaffPaymentDetail(View, kw_only=True):
    payment: StaffPaymentView


class RefundedItemView(View, kw_only=True):
    variant_id: str
    quantity: int
    amount: Decimal
    tax: Decimal


class RefundedChargeView(View, kw_only=True):
    code: str
    amount: Decimal
    tax: Decimal


class RefundView(View, kw_only=True):
    """A refund. `manual` waits for the staff to pay it back and to say so."""

    refund_id: str
    order_id: str
    payment_id: str
    payment_method_id: str
    return_id: str | None
    amount: Decimal
    currency: str
    items: list[RefundedItemView]
    charges: list[RefundedChargeView]
    reason: str
    state: str
    created_at: datetime
    succeeded_at: datetime | None


class RefundDetail(View, kw_only=True):
    message: str
    refund: RefundView


class RefundPage(View, kw_only=True):
    refunds: list[RefundView]
    total_count: int
    page: int
    total_pages: int


class ReviewView(View, kw_only=True):
    """Something about a payment for a human to decide."""

    review_id: str
    reason: str
    state: str
    detail: str
    payment_method_id: str
    payment_id: str | None
    order_id: str | None
    refund_id: str | None
    amount: Decimal | None
    currency: str | None
    created_at: datetime
    resolution: str | None
    note: str | None
    resolved_by: str | None
    resolved_at: datetime | None


class ReviewQueuePage(View, kw_only=True):
    reviews: list[ReviewView]
    total_count: int
    page: int
    total_pages: int


class ReviewDone(View, kw_only=True):
    message: str
    review: ReviewView


class OfferedMethodView(View, kw_only=True):
    """A way to pay. `kind`: `online` and `transfer` are paid in advance, `on_delivery` later."""

    payment_method_id: str
    name: str
    kind: str


class OfferedMethods(View, kw_only=True):
    payment_methods: list[OfferedMethodView]


def offered_method_view(gateway: PaymentGateway, locale: str) -> OfferedMethodView:
    """The gateway, named in the caller's language."""
    name = gateway.names.get(locale) or gateway.names.get("en") or gateway.id
    return OfferedMethodView(payment_method_id=gateway.id, name=name, kind=gateway.kind.value)


def payment_view(row: Row) -> PaymentView:
    return PaymentView(**_fields(row))


def staff_payment_view(row: Row, messages: list[Row]) -> StaffPaymentView:
    currency = row["currency"]
    fee = row.get("fee")
    return StaffPaymentView(
        **_fields(row),
        user_id=row.get("user_id"),
        reference=row["reference"],
        transaction_id=row.get("transaction_id"),
        received=money.to_major(row["received"], currency),
        fee=None if fee is None else money.to_major(fee, row.get("charged_currency") or currency),
        is_late=row["is_late"],
        is_counted=row["is_counted"],
        history=[
            PaymentHistoryView(
                state=entry["state"],
                at=entry["at"],
                actor=entry["actor"],
                reason=entry.get("reason"),
            )
            for entry in row["history"]
        ],
        messages=[
            PaymentMessageView(
                at=message["created_at"],
                source=message["source"],
                outcome=message["outcome"],
                event_id=message["event_id"],
                raw=message["payload"],
            )
            for message in messages
        ],
    )


def refund_view(row: Row) -> RefundView:
    currency = row["currency"]

    def major(amount: int) -> Decimal:
        return money.to_major(amount, currency)

    return RefundView(
        refund_id=row["_id"],
        order_id=row["order_id"],
        payment_id=row["payment_id"],
        payment_method_id=row["method"],
        return_id=row.get("return_id"),
        amount=major(row["amount"]),
        currency=currency,
        items=[
            RefundedItemView(
                variant_id=part["variant_id"],
                quantity=part["quantity"],
                amount=major(part["amount"]),
                tax=major(part["tax"]),
            )
            for part in row["lines"]
        ],
        charges=[
            RefundedChargeView(
                code=part["code"], amount=major(part["amount"]), tax=major(part["tax"])
            )
            for part in row["charges"]
        ],
        reason=row["reason"],
        state=row["state"],
        created_at=row["created_at"],
        succeeded_at=row.get("succeeded_at"),
    )


def review_view(row: Row) -> ReviewView:
    amount, currency = row.get("amount"), row.get("currency")
    shown = None
    if amount is not None and currency is not None and money.is_currency(currency):
        shown = money.to_major(amount, currency)
    return ReviewView(
        review_id=row["_id"],
        reason=row["reason"],
        state=row["state"],
        detail=row["detail"],
        payment_method_id=row["method"],
        payment_id=row.get("payment_id"),
        order_id=row.get("order_id"),
        refund_id=row.get("refund_id"),
        amount=shown,
        currency=currency,
        created_at=row["created_at"],
        resolution=row.get("resolution"),
        note=row.get("note"),
        resolved_by=row.get("resolved_by"),
        resolved_at=row.get("resolved_at"),
    )


def _fields(row: Row) -> dict[str, Any]:
    currency, charged = row["currency"], row.get("charged_currency")
    step = row.get("step") if row["state"] == "pending" else None
    return {
        "payment_id": row["_id"],
        "order_id": row["order_id"],
        "payment_method_id": row["method"],
        "state": row["state"],
        "amount": money.to_major(row["amount"], currency),
        "currency": currency,
        "refunded": money.to_major(row["refunded"], currency),
        "charged_amount": money.to_major(row["charged_amount"], charged) if charged else None,
        "charged_currency": charged,
        "exchange_rate": row.get("exchange_rate"),
        "created_at": row["created_at"],
        "expires_at": row["expires_at"],
        "paid_at": row.get("paid_at"),
        "next": _next(row["_id"], step) if step else None,
    }


def _next(payment_id: str, step: Row) -> NextStepView:
    has_code = step.get("qr_payload") is not None
    return NextStepView(
        kind=step["kind"],
        url=step.get("url"),
        qr_payload=step.get("qr_payload"),
        qr_image_url=f"/api/payments/{payment_id}/qr.svg" if has_code else None,
        details=dict(step.get("details") or {}),
    )
