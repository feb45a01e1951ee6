"""What of Stripe's objects is read, and how it counts money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from wrencos_core.api import money
from wrencos_core.contracts.payments import (
    GatewayEvent,
    PaymentOutcome,
    RefundEvent,
    RefundOutcome,
)

# https://docs.stripe.com/currencies: amounts are in the smallest unit, two decimals unless listed.
# ISK and UGX have none, but are written with two for the sake of old integrations.
_NO_DECIMALS = frozenset(
    {
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    }
)
# Their last digit must be 0.
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})

_FAILED_INTENTS = ("requires_payment_method", "canceled")


Units = Annotated[int, msgspec.Meta(ge=0, le=money.MAX_MINOR)]


def to_stripe(amount: int, currency: str) -> int:
    """`amount` in Stripe's units; raises ValueError for one that Stripe can't express."""
    written = _shifted(amount, _decimals(currency) - money.precision(currency))
    if currency in _THREE_DECIMALS and written % 10:
        raise ValueError(f"the last digit of an amount in {currency} must be 0")
    return written


def from_stripe(amount: int, currency: str) -> int:
    """An amount in Stripe's units in our minor ones; raises ValueError where it has none."""
    return _shifted(amount, money.precision(currency) - _decimals(currency))


def _decimals(currency: str) -> int:
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def _shifted(amount: int, digits: int) -> int:
    factor: int = 10 ** abs(digits)
    if digits >= 0:
        return amount * factor
    shifted, rest = divmod(amount, factor)
    if rest:
        raise ValueError(f"not a whole amount: {amount}")
    return shifted


class BalanceTransaction(msgspec.Struct):
    """What of the money reached the shop's balance; `currency` is that of the balance."""

    fee: int
    currency: str


class Charge(msgspec.Struct):
    balance_transaction: str | BalanceTransaction | None = None


class PaymentIntent(msgspec.Struct):
    id: str
    status: str = ""
    latest_charge: str | Charge | None = None


class Session(msgspec.Struct):
    """A Checkout Session; its parts are ids unless they were asked for."""

    id: str
    payment_status: str
    status: str | None = None
    amount_total: Units | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    payment_intent: str | PaymentIntent | None = None
    url: str | None = None

    @property
    def intent_id(self) -> str | None:
        intent = self.payment_intent
        return intent.id if isinstance(intent, PaymentIntent) else intent

    @property
    def fee(self) -> int | None:
        """What Stripe keeps, in minor units; None where it is unknown or of another currency."""
        intent = self.payment_intent
        charge = intent.latest_charge if isinstance(intent, PaymentIntent) else None
        balance = charge.balance_transaction if isinstance(charge, Charge) else None
        if not isinstance(balance, BalanceTransaction) or balance.currency != self.currency:
            return None
        return from_stripe(balance.fee, balance.currency.upper())


class Refund(msgspec.Struct):
    id: str
    amount: Units
    currency: str
    status: str | None = None
    payment_intent: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def request_id(self) -> str | None:
        """Ours, where the refund is."""
        return (self.metadata or {}).get("request_id")

    @property
    def outcome(self) -> RefundOutcome:
        if self.status == "succeeded":
            return RefundOutcome.SUCCEEDED
        if self.status in ("failed", "canceled"):
            return RefundOutcome.REJECTED
        return RefundOutcome.PROCESSING


class EventData(msgspec.Struct):
    object: msgspec.Raw


class Event(msgspec.Struct):
    """What the webhook gets; `data.object` is read by its `type`."""

    id: str
    type: str
    data: EventData


def refund_event(refund: Refund, raw: Mapping[str, Any]) -> RefundEvent:
    """What a message about this refund says; raises ValueError for an unknown currency."""
    currency = refund.currency.upper()
    return RefundEvent(
        event_id=f"{refund.id}:{refund.status}",
        outcome=refund.outcome,
        request_id=refund.request_id,
        gateway_refund_id=refund.id,
        transaction_id=refund.payment_intent,
        amount=from_stripe(refund.amount, currency),
        currency=currency,
        reason=refund.failure_reason,
        raw=raw,
    )


def completed(session: Session) -> PaymentOutcome:
    """A completed session is paid, or will be: some ways to pay take days."""
    return PaymentOutcome.PAID if session.payment_status == "paid" else PaymentOutcome.PENDING


def outcome_of(session: Session) -> PaymentOutcome:
    """What became of a session that was asked for."""
    if session.status == "expired":
        return PaymentOutcome.EXPIRED
    intent = session.payment_intent
    has_failed = isinstance(intent, PaymentIntent) and intent.status in _FAILED_INTENTS
    if session.status == "complete" and session.payment_status == "unpaid" and has_failed:
        return PaymentOutcome.FAILED
    return completed(session)


def session_event(
    session: Session, outcome: PaymentOutcome, raw: Mapping[str, Any]
) -> GatewayEvent:
    """What is told of a session; raises ValueError for an unknown currency, and for money without
    an amount."""
    currency = (session.currency or "").upper()
    has_amount = session.amount_total is not None and currency
    if outcome is PaymentOutcome.PAID and not has_amount:
        raise ValueError("a paid session without an amount")
    return GatewayEvent(
        event_id=f"{session.id}:{outcome.value}",
        outcome=outcome,
        reference=session.client_reference_id,
        gateway_id=session.id,
        amount=from_stripe(session.amount_total or 0, currency) if has_amount else None,
        currency=currency or None,
        transaction_id=session.intent_id if outcome is PaymentOutcome.PAID else None,
        fee=session.fee if outcome is PaymentOutcome.PAID else None,
        raw=raw,
    )
