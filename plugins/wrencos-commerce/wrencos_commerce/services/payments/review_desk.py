"""What the staff do about payments that need a human, each entry once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NoReturn

from wrencos_commerce.errors import ReviewResolved
from wrencos_commerce.models.order import OrderStatus, PaymentStatus
from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.models.payment_review import PaymentReview, ReviewReason
from wrencos_commerce.services.order_moves import locked
from wrencos_commerce.services.order_payments import OrderPayments
from wrencos_commerce.services.payments.attempts import PaymentAttempts
from wrencos_commerce.services.payments.collecting import Collecting
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_commerce.services.payments.refunds import Refunds
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.services.payments.states import is_open, may_become, moved
from wrencos_core.api import Identity, Invalid, audit, bump, now, transactional
from wrencos_core.contracts.payments import PaymentKind

Row = Mapping[str, Any]

# While one of these is open, neither the order nor its hold expires.
_HOLDING = [
    ReviewReason.AMOUNT_MISMATCH.value,
    ReviewReason.SUSPICIOUS.value,
    ReviewReason.UNDERPAID.value,
]


class Resolution(StrEnum):
    """What is done about it. `accept`: the money is there, the payment counts as paid. `fulfil`:
    the order's pieces are there again. `reject`: it was not paid, the order waits anew. `refund`:
    what is not owed goes back. `close`: nothing more, it is done or was done elsewhere.

    Of a refund that is stuck, `accept`: it went back; `reject`: it did not, and is set free."""

    ACCEPT = "accept"
    FULFIL = "fulfil"
    REJECT = "reject"
    REFUND = "refund"
    CLOSE = "close"


class ReviewDesk:
    """Resolves entries of the queue."""

    def __init__(
        self,
        reviews: PaymentReviews,
        collecting: Collecting,
        orders: OrderPayments,
        attempts: PaymentAttempts,
        refunds: Refunds,
        settling: RefundSettling,
    ) -> None:
        self._reviews = reviews
        self._collecting = collecting
        self._orders = orders
        self._attempts = attempts
        self._refunds = refunds
        self._settling = settling

    @transactional
    def resolve(self, id: str, resolution: Resolution, note: str | None, identity: Identity) -> Row:
        """Carry the decision out and take the entry off the queue; its row.

        Raises NotFound, ReviewResolved when somebody was first, Invalid for a decision that does
        not fit, and what the decision itself raises (OutOfStock, NothingToRefund, …).
        """
        review = self._reviews.locked(id)
        if review["state"] != "open":
            raise ReviewResolved(f"It was resolved: {review['resolution']}.")
        if resolution is not Resolution.CLOSE:
            self._carry_out(review, resolution, note, identity)
        if review.get("order_id") is not None:
            self._let_go(review)
        values = {
            "state": "resolved",
            "resolution": resolution.value,
            "resolved_by": identity.actor,
            "resolved_at": now(),
            **({"note": note} if note else {}),
        }
        row: Row = PaymentReview.raw().find_one_and_update(
            {"_id": id}, bump({"$set": values}), return_document=True
        )
        changes = {"resolution": resolution.value, "reason": review["reason"], "note": note}
        audit.record(identity, "commerce.payments.resolve", id, changes)
        return row

    def _carry_out(
        self, review: Row, resolution: Resolution, note: str | None, identity: Identity
    ) -> None:
        if review.get("payment_id") is None:
            _refuse("It names no payment: it can only be closed.")
        order = locked({"_id": review["order_id"]})
        payment = Payment.raw().find_one({"_id": review["payment_id"]})
        if review.get("refund_id") and resolution in (Resolution.ACCEPT, Resolution.REJECT):
            went = resolution is Resolution.ACCEPT
            settle = self._settling.confirm if went else self._settling.set_free
            settle(review["refund_id"], identity, note)
        elif resolution is Resolution.REFUND:
            self._refunds.request_not_owed(payment["_id"], note, identity)
        elif resolution is Resolution.FULFIL:
            self._fulfil(review, order, identity)
        elif resolution is Resolution.ACCEPT:
            if not may_become(payment, PaymentState.PAID):
                _refuse(f"The payment is {payment['state']} already.")
            self._collecting.accept(payment, identity)
        else:
            if not is_open(payment):
                _refuse(f"The payment is {payment['state']} already.")
            if payment["received"]:
                _refuse("A part of the money is there.")
            moved(payment, PaymentState.FAILED, actor=identity.actor, reason="rejected by staff")
            self._attempts.came_to_nothing(order, identity)

    def _let_go(self, review: Row) -> None:
        """An order that waited for this decision waits for its payment again, unless another
        entry keeps it from that."""
        id = review["order_id"]
        order = locked({"_id": id})
        if order["status"] != OrderStatus.PENDING or order.get("pay_until"):
            return
        if order["payment_status"] != PaymentStatus.PENDING:
            if review["reason"] == ReviewReason.OUT_OF_STOCK:
                _refuse("The order is paid: fulfil it, or cancel it.")
            return
        others = {"order_id": id, "state": "open", "_id": {"$ne": review["_id"]}}
        if PaymentReview.raw().find_one({**others, "reason": {"$in": _HOLDING}}, {"_id": 1}):
            return
        attempt = Payment.raw().find_one({"open_for": id})
        if attempt is not None and attempt["received"]:
            _refuse("A part of the money is there: accept it, or cancel the order.")
        self._orders.wait_on(order, attempt and attempt["expires_at"])
        if attempt is not None and attempt["kind"] == PaymentKind.ONLINE:
            ask = {"$set": {"ask_at": now()}}
            Payment.raw().update_one({"_id": attempt["_id"]}, bump(ask))

    def _fulfil(self, review: Row, order: Row, identity: Identity) -> None:
        """Raises OutOfStock while the pieces are not there."""
        is_stuck = (
            order["status"] == OrderStatus.PENDING
            and order["payment_status"] in (PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED)
            and review["reason"] == ReviewReason.OUT_OF_STOCK
        )
        if not is_stuck:
            _refuse("The order waits for no pieces.")
        self._orders.confirm(order, identity)


def _refuse(why: str) -> NoReturn:
    raise Invalid(errors={"resolution": [why]})
