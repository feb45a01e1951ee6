"""The one writer of what became of a payment: webhook, query, capture and people all come here.

The order is written first, always, so that a message which races another one, a cancellation or an
expiry conflicts there and runs again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.models.payment_review import ReviewReason
from wrencos_commerce.services.order_moves import locked
from wrencos_commerce.services.order_payments import OrderPayments
from wrencos_commerce.services.payments.attempts import PaymentAttempts
from wrencos_commerce.services.payments.messages import is_known, keep
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.payment_lookup import locked_payment, payment_named
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.services.payments.states import is_open, may_become, moved
from wrencos_core.api import SYSTEM, Identity, bump, now, transactional
from wrencos_core.contracts.payments import (
    GatewayEvent,
    PaymentKind,
    PaymentOutcome,
    WebhookResult,
)

Row = Mapping[str, Any]

_ENDS = {
    PaymentOutcome.FAILED: PaymentState.FAILED,
    PaymentOutcome.CANCELLED: PaymentState.CANCELLED,
    PaymentOutcome.EXPIRED: PaymentState.EXPIRED,
}
_WHY = {
    ReviewReason.LATE: "The money came after the order was cancelled or the payment given up.",
    ReviewReason.PAID_TWICE: "The order was paid already: this money is not owed.",
    ReviewReason.OUT_OF_STOCK: "The order is paid, but its pieces were sold to others meanwhile.",
}


class PaymentWriter:
    """Applies what gateways and people say of payments."""

    def __init__(
        self,
        methods: PaymentMethods,
        orders: OrderPayments,
        attempts: PaymentAttempts,
        reviews: PaymentReviews,
    ) -> None:
        self._methods = methods
        self._orders = orders
        self._attempts = attempts
        self._reviews = reviews

    @transactional
    def apply(
        self, method: str, event: GatewayEvent, *, source: str, identity: Identity = SYSTEM
    ) -> WebhookResult:
        """Store what a gateway said, with all that follows from it for the order.

        Returns what became of it; the same event again changes nothing.
        `source` is `webhook`, `query` or `staff`.
        """
        payment = payment_named(method, reference=event.reference, gateway_id=event.gateway_id)
        if payment is None:
            return self._unknown(method, event, source)
        payment, order = locked_payment(payment)
        if event.outcome is PaymentOutcome.PENDING:
            return self._pending(payment)
        if is_known(method, event.event_id):
            return WebhookResult.ALREADY
        if event.outcome is PaymentOutcome.PAID and (bad := self._mismatch(payment, event)):
            return bad
        keep(method, event, source, payment_id=payment["_id"])
        if event.outcome is PaymentOutcome.PAID:
            return self._paid(order, payment, event, identity)
        if event.outcome is PaymentOutcome.SUSPICIOUS:
            return self._suspicious(order, payment, event)
        return self._ended(order, payment, event, identity)

    def _unknown(self, method: str, event: GatewayEvent, source: str) -> WebhookResult:
        """A gateway's message of a payment that is none of ours leaves nothing; money that our
        bank has is there all the same, and somebody misses it."""
        gateway = self._methods.find(method)
        is_money = event.outcome is PaymentOutcome.PAID
        if gateway is None or gateway.kind != PaymentKind.TRANSFER or not is_money:
            return WebhookResult.UNKNOWN
        if is_known(method, event.event_id):
            return WebhookResult.ALREADY
        keep(method, event, source)
        self._reviews.add(
            ReviewReason.UNKNOWN_TRANSFER,
            f"{method}|{event.event_id}",
            "Money came in that names no order of ours.",
            method=method,
            amount=event.amount,
            currency=event.currency,
        )
        return WebhookResult.APPLIED

    @staticmethod
    def _pending(payment: Row) -> WebhookResult:
        if payment["state"] == PaymentState.CREATED:
            moved(payment, PaymentState.PENDING, actor=SYSTEM.actor)
            return WebhookResult.APPLIED
        return WebhookResult.ALREADY

    def _mismatch(self, payment: Row, event: GatewayEvent) -> WebhookResult | None:
        """Another amount or currency than was asked for changes no state, and a human looks at it.

        A transfer of another amount is no mistake of the gateway: it is counted, see `_paid`.
        """
        currency = payment.get("charged_currency") or payment["currency"]
        amount = payment.get("charged_amount") or payment["amount"]
        is_right = event.currency in (None, currency) and event.amount in (None, amount)
        if is_right or (payment["kind"] == PaymentKind.TRANSFER and event.currency == currency):
            return None
        self._reviews.add(
            ReviewReason.AMOUNT_MISMATCH,
            f"{payment['_id']}|{event.amount}|{event.currency}",
            f"Asked for {amount} {currency}, the gateway says {event.amount} {event.currency}.",
            **_about(payment, event),
        )
        self._orders.wait_for_a_human(locked({"_id": payment["order_id"]}))
        return WebhookResult.MISMATCH

    def _paid(
        self, order: Row, payment: Row, event: GatewayEvent, identity: Identity
    ) -> WebhookResult:
        if not may_become(payment, PaymentState.PAID):
            return self._paid_again(payment, event)
        if payment["kind"] == PaymentKind.TRANSFER and event.amount is not None:
            received = payment["received"] + event.amount
        else:
            received = payment["amount"]
        # A part of it may have gone back already, as the order was to be paid otherwise.
        there = received - payment["refund_reserved"]
        if there < payment["amount"]:
            return self._underpaid(order, payment, event, received)
        is_late = not is_open(payment)
        values: dict[str, Any] = {
            "received": received,
            "paid_at": now(),
            "is_late": is_late,
            **_money(payment, event),
        }
        payment = moved(
            payment,
            PaymentState.PAID,
            actor=identity.actor,
            reason="late" if is_late else None,
            values=values,
        )
        why = self._orders.paid(order, payment, identity)
        if why in (None, ReviewReason.OUT_OF_STOCK):
            Payment.raw().update_one({"_id": payment["_id"]}, {"$set": {"is_counted": True}})
            self._close_others(payment, identity)
        if why is None and is_late:
            why = ReviewReason.LATE
        if why is not None:
            detail = _WHY[why]
            self._reviews.add(why, payment["_id"], detail, **_about(payment, event))
        if there > payment["amount"]:
            self._reviews.add(
                ReviewReason.OVERPAID,
                payment["_id"],
                f"Asked for {payment['amount']}, {there} came in.",
                **_about(payment, event),
            )
        return WebhookResult.APPLIED

    def _paid_again(self, payment: Row, event: GatewayEvent) -> WebhookResult:
        """Paid already: the same money is known; other money for one attempt is not owed."""
        known = payment.get("transaction_id")
        if event.transaction_id in (None, known):
            return WebhookResult.ALREADY
        if known is None and payment["kind"] != PaymentKind.TRANSFER:
            return WebhookResult.ALREADY
        if payment["kind"] == PaymentKind.TRANSFER and event.amount is not None:
            query = {"_id": payment["_id"]}
            if event.amount == payment.get("vouched"):
                # The bank tells of what the staff have seen on its statement.
                seen = {"$set": _money(payment, event), "$unset": {"vouched": ""}}
                Payment.raw().update_one(query, bump(seen))
                return WebhookResult.APPLIED
            Payment.raw().update_one(query, bump({"$inc": {"received": event.amount}}))
        self._reviews.add(
            ReviewReason.PAID_TWICE,
            f"{payment['_id']}|{event.transaction_id}",
            f"{_WHY[ReviewReason.PAID_TWICE]} Transaction {event.transaction_id}.",
            **_about(payment, event),
        )
        return WebhookResult.APPLIED

    def _underpaid(
        self, order: Row, payment: Row, event: GatewayEvent, received: int
    ) -> WebhookResult:
        """A part of a transfer: what is missing may still come, so nothing expires by itself."""
        Payment.raw().update_one({"_id": payment["_id"]}, {"$set": {"received": received}})
        self._reviews.add(
            ReviewReason.UNDERPAID,
            f"{payment['_id']}|{received}",
            f"Of {payment['amount']} there are {received - payment['refund_reserved']} now.",
            **_about(payment, event),
        )
        self._orders.wait_for_a_human(order)
        return WebhookResult.APPLIED

    def _suspicious(self, order: Row, payment: Row, event: GatewayEvent) -> WebhookResult:
        detail = event.reason or "The gateway holds the payment for suspicious."
        self._reviews.add(ReviewReason.SUSPICIOUS, payment["_id"], detail, **_about(payment, event))
        if is_open(payment):
            self._orders.wait_for_a_human(order)
        return WebhookResult.APPLIED

    def _ended(
        self, order: Row, payment: Row, event: GatewayEvent, identity: Identity
    ) -> WebhookResult:
        """It failed, was cancelled or expired; what was paid stays paid."""
        state = _ENDS[event.outcome]
        if not is_open(payment):
            return WebhookResult.ALREADY
        moved(payment, state, actor=identity.actor, reason=event.reason)
        self._attempts.came_to_nothing(order, identity)
        return WebhookResult.APPLIED

    @staticmethod
    def _close_others(paid: Row, identity: Identity) -> None:
        """The order needs no other attempt any more."""
        query = {"open_for": paid["order_id"], "_id": {"$ne": paid["_id"]}}
        for other in list(Payment.raw().find(query)):
            moved(other, PaymentState.CANCELLED, actor=identity.actor, reason="paid otherwise")


def _money(payment: Row, event: GatewayEvent) -> dict[str, Any]:
    """What is stored of the money: its transaction, unless another payment has that already."""
    values: dict[str, Any] = {} if event.fee is None else {"fee": event.fee}
    if event.transaction_id is None:
        return values
    key = f"{payment['method']}|{event.transaction_id}"
    other = Payment.raw().find_one({"transaction_key": key}, {"_id": 1})
    if other is None or other["_id"] == payment["_id"]:
        values |= {"transaction_id": event.transaction_id, "transaction_key": key}
    return values


def _about(payment: Row, event: GatewayEvent) -> dict[str, Any]:
    return {
        "method": payment["method"],
        "payment_id": payment["_id"],
        "order_id": payment["order_id"],
        "amount": event.amount if event.amount is not None else payment["amount"],
        "currency": event.currency or payment["currency"],
    }
