"""What the staff do about payments that need a human, each entry once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from wrencos_commerce.errors import ReviewResolved
from wrencos_commerce.models.order import OrderStatus, PaymentStatus
from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.models.payment_review import PaymentReview, ReviewReason
from wrencos_commerce.services.order_moves import locked
from wrencos_commerce.services.order_payments import OrderPayments
from wrencos_commerce.services.payments.collecting import Collecting
from wrencos_commerce.services.payments.refunds import Refunds
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.services.payments.states import is_open, moved
from wrencos_core.api import Identity, Invalid, audit, bump, now, transactional

Row = Mapping[str, Any]


class Resolution(StrEnum):
    """What is done about it. `accept`: the money is there, the payment counts as paid. `fulfil`:
    the order's pieces are there again. `reject`: it was not paid, the order waits anew. `refund`:
    what is not owed goes back. `close`: nothing more, it is done or was done elsewhere."""

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
        refunds: Refunds,
    ) -> None:
        self._reviews = reviews
        self._collecting = collecting
        self._orders = orders
        self._refunds = refunds

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
            raise Invalid(errors={"resolution": ["It names no payment: it can only be closed."]})
        order = locked({"_id": review["order_id"]})
        payment = Payment.raw().find_one({"_id": review["payment_id"]})
        if resolution is Resolution.REFUND:
            self._refunds.request_not_owed(payment["_id"], note, identity)
        elif resolution is Resolution.FULFIL:
            self._fulfil(review, order, payment, identity)
        elif not is_open(payment):
            raise Invalid(errors={"resolution": [f"The payment is {payment['state']} already."]})
        elif resolution is Resolution.ACCEPT:
            self._collecting.accept(payment, identity)
        else:
            if payment["received"]:
                raise Invalid(errors={"resolution": ["A part of the money is there."]})
            moved(payment, PaymentState.FAILED, actor=identity.actor, reason="rejected by staff")
            self._orders.not_paid(order)

    def _fulfil(self, review: Row, order: Row, payment: Row, identity: Identity) -> None:
        """Raises OutOfStock while the pieces are not there."""
        is_stuck = (
            order["status"] == OrderStatus.PENDING
            and order["payment_status"] == PaymentStatus.PAID
            and review["reason"] == ReviewReason.OUT_OF_STOCK
        )
        if not is_stuck:
            raise Invalid(errors={"resolution": ["The order waits for no pieces."]})
        self._orders.fulfil(order, payment, identity)
