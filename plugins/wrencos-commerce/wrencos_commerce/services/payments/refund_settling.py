"""Settling refunds: what became of one is written once, for the payment and the order too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from wrencos_commerce.models.order import PaymentStatus
from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.models.payment_review import ReviewReason
from wrencos_commerce.models.refund import FINAL_REFUNDS, Refund, RefundState
from wrencos_commerce.services.order_moves import changed, locked
from wrencos_commerce.services.payments.messages import is_known, keep
from wrencos_commerce.services.payments.refund_amounts import Allocation, reserved
from wrencos_commerce.services.payments.refunds import refuse_unless
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.services.payments.states import may_become, moved
from wrencos_core.api import (
    SYSTEM,
    Identity,
    NotFound,
    Platform,
    audit,
    bump,
    now,
    transactional,
)
from wrencos_core.contracts.orders import OrderRefunded, RefundedCharge, RefundedLine
from wrencos_core.contracts.payments import (
    RefundEvent,
    RefundOutcome,
    RefundResult,
    WebhookResult,
)

Row = Mapping[str, Any]

# When a human is told of a refund that is still open.
_STUCK = timedelta(days=3)
_STATES = {
    RefundOutcome.SUCCEEDED: RefundState.SUCCEEDED,
    RefundOutcome.PROCESSING: RefundState.PROCESSING,
    RefundOutcome.REJECTED: RefundState.REJECTED,
    RefundOutcome.MANUAL: RefundState.MANUAL,
    RefundOutcome.NOT_FOUND: RefundState.UNKNOWN,
}
# What only people may know of.
_NOT_SETTLED = (RefundState.MANUAL, RefundState.UNKNOWN, RefundState.PROCESSING)


class RefundSettling:
    """The one writer of what became of refunds."""

    def __init__(self, platform: Platform, reviews: PaymentReviews) -> None:
        self._outbox = platform.outbox
        self._reviews = reviews

    @transactional
    def settle(self, id: str, result: RefundResult) -> Row:
        """What the gateway answered; the refund's row. What is final stays as it is."""
        return self._settled(_locked(id), result, SYSTEM, result.reason)

    @transactional
    def confirm(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """The staff have paid a refund back themselves; its row.

        Raises NotFound or RefundTransitionRefused.
        """
        refund = _locked(id)
        refuse_unless(refund, *_NOT_SETTLED)
        row = self._settled(refund, RefundResult(outcome=RefundOutcome.SUCCEEDED), identity, note)
        audit.record(identity, "commerce.refunds.confirm", id, {"amount": refund["amount"]})
        return row

    def set_free(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """The staff have found that a refund never went back, and never will; its row.

        Joins the caller's transaction. Raises NotFound or RefundTransitionRefused.
        """
        refund = _locked(id)
        refuse_unless(refund, *_NOT_SETTLED)
        why = note or "it never went back"
        return self._settled(refund, RefundResult(outcome=RefundOutcome.REJECTED), identity, why)

    @transactional
    def apply(self, method: str, event: RefundEvent) -> WebhookResult:
        """What a gateway said of a refund by itself; one that is not ours goes to a human."""
        query = {"method": method, "request_id": event.request_id}
        refund = Refund.raw().find_one(query) if event.request_id else None
        if refund is None and event.gateway_refund_id:
            query = {"method": method, "gateway_refund_id": event.gateway_refund_id}
            refund = Refund.raw().find_one(query)
        if refund is None:
            return self._foreign(method, event)
        refund = _locked(refund["_id"])
        if is_known(method, event.event_id):
            return WebhookResult.ALREADY
        keep(method, event, "webhook", refund_id=refund["_id"], payment_id=refund["payment_id"])
        result = RefundResult(
            outcome=event.outcome,
            gateway_refund_id=event.gateway_refund_id,
            reason=event.reason,
        )
        self._settled(refund, result, SYSTEM, event.reason)
        return WebhookResult.APPLIED

    def _foreign(self, method: str, event: RefundEvent) -> WebhookResult:
        """Somebody paid money back at the gateway's own desk: our books do not know of it."""
        if is_known(method, event.event_id):
            return WebhookResult.ALREADY
        payment = None
        if event.transaction_id is not None:
            payment = Payment.raw().find_one(
                {"transaction_key": f"{method}|{event.transaction_id}"}
            )
        if payment is None:
            return WebhookResult.UNKNOWN
        keep(method, event, "webhook", payment_id=payment["_id"])
        self._reviews.add(
            ReviewReason.FOREIGN_REFUND,
            f"{method}|{event.gateway_refund_id or event.event_id}",
            "The gateway tells of a refund that was not asked for here.",
            method=method,
            payment_id=payment["_id"],
            order_id=payment["order_id"],
            amount=event.amount,
            currency=event.currency,
        )
        return WebhookResult.APPLIED

    def _settled(
        self, refund: Row, result: RefundResult, identity: Identity, note: str | None
    ) -> Row:
        """Write what became of a refund whose order is locked; what is final stays so."""
        if refund["state"] in FINAL_REFUNDS:
            self._contradicted(refund, result)
            return refund
        state = _STATES[result.outcome]
        entry = {"state": state.value, "at": now(), "actor": identity.actor}
        if note:
            entry["reason"] = note
        values: dict[str, Any] = {"state": state.value}
        if result.gateway_refund_id:
            values["gateway_refund_id"] = result.gateway_refund_id
        if state is RefundState.SUCCEEDED:
            values["succeeded_at"] = entry["at"]
        update: dict[str, Any] = {"$set": values}
        if state.value != refund["state"]:
            update["$push"] = {"history": entry}
        if state in FINAL_REFUNDS or state is RefundState.MANUAL:
            update["$unset"] = {"ask_at": ""}
        row: Row = Refund.raw().find_one_and_update(
            {"_id": refund["_id"]}, bump(update), return_document=True
        )
        if state is RefundState.SUCCEEDED:
            self._paid_back(row)
        elif state is RefundState.REJECTED:
            self._set_free(row, note)
        else:
            self._tell_when_stuck(row)
        return row

    def _contradicted(self, refund: Row, result: RefundResult) -> None:
        """Have a human look when the gateway says the opposite of what our books say."""
        has_succeeded = refund["state"] == RefundState.SUCCEEDED
        if has_succeeded and result.outcome is RefundOutcome.REJECTED:
            why = result.reason or "no reason was given"
            self._tell(refund, f"It had succeeded, and the gateway says now that it failed: {why}.")
        elif not has_succeeded and result.outcome is RefundOutcome.SUCCEEDED:
            self._tell(
                refund,
                "It was rejected here, and the gateway says now that the money went back.",
                ReviewReason.FOREIGN_REFUND,
            )

    @transactional
    def tell_when_stuck(self, id: str) -> None:
        """Have a human look at a refund that has been open for days; to be called at each try."""
        self._tell_when_stuck(_locked(id))

    def _tell_when_stuck(self, refund: Row) -> None:
        is_open = refund["state"] not in FINAL_REFUNDS
        if is_open and now() - refund["created_at"] > _STUCK:
            self._tell(refund, "It has been open for days.")

    def _paid_back(self, refund: Row) -> None:
        amount = refund["amount"]
        payment = Payment.raw().find_one_and_update(
            {"_id": refund["payment_id"]},
            bump({"$inc": {"refunded": amount}}),
            return_document=True,
        )
        is_all = payment["refunded"] >= payment["received"]
        state = PaymentState.REFUNDED if is_all else PaymentState.PARTIALLY_REFUNDED
        if may_become(payment, state):
            moved(payment, state, actor=refund["actor"], reason=refund["reason"])
        order = locked({"_id": refund["order_id"]})
        parts = [*refund["lines"], *refund["charges"]]
        if parts:
            refunded = order["refunded"] + amount
            status = (
                PaymentStatus.REFUNDED
                if refunded >= order["paid"]
                else PaymentStatus.PARTIALLY_REFUNDED
            )
            values = {"refunded": refunded, "payment_status": status.value}
            changed(order["_id"], {"$set": values})
        self._outbox.publish(_event(refund))

    def _set_free(self, refund: Row, why: str | None) -> None:
        """What was set aside can be refunded anew; somebody must see to it that it is."""
        less = {"refund_reserved": -refund["amount"]}
        Payment.raw().update_one({"_id": refund["payment_id"]}, bump({"$inc": less}))
        order = locked({"_id": refund["order_id"]})
        parts = Allocation(lines=refund["lines"], charges=refund["charges"])
        changed(order["_id"], {"$set": reserved(order, parts, -1)})
        self._tell(refund, f"It was refused: {why or 'no reason was given'}.")

    def _tell(
        self, refund: Row, detail: str, reason: ReviewReason = ReviewReason.REFUND_STUCK
    ) -> None:
        self._reviews.add(
            reason,
            f"{refund['_id']}|{refund['state']}",
            detail,
            **{
                name: refund[name]
                for name in ("method", "payment_id", "order_id", "amount", "currency")
            },
            refund_id=refund["_id"],
        )


def _locked(id: str) -> Row:
    """The refund, whose order nobody else can change until the transaction ends."""
    refund = Refund.raw().find_one({"_id": id})
    if refund is None:
        raise NotFound(f"There is no refund {id}.")
    locked({"_id": refund["order_id"]})
    row: Row = Refund.raw().find_one({"_id": id})
    return row


def _event(refund: Row) -> OrderRefunded:
    return OrderRefunded(
        id=f"{refund['_id']}:refunded",
        occurred_at=refund["succeeded_at"],
        order_id=refund["order_id"],
        user_id=refund.get("user_id"),
        refund_id=refund["_id"],
        payment_id=refund["payment_id"],
        payment_method=refund["method"],
        return_id=refund.get("return_id"),
        amount=refund["amount"],
        currency=refund["currency"],
        lines=tuple(RefundedLine(**part) for part in refund["lines"]),
        charges=tuple(RefundedCharge(**part) for part in refund["charges"]),
        reason=refund["reason"],
    )
