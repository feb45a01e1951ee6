"""Letting held stock go in time, and cancelling orders that were never paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from wrencos_commerce.models.order import Order, OrderStatus, OrderStock, PaymentStatus
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.order_cancelling import CancelReason, OrderCancelling
from wrencos_commerce.services.order_moves import changed, locked
from wrencos_commerce.services.order_payments import OrderPayments
from wrencos_core.api import SYSTEM, now, transactional

log = structlog.get_logger(__name__)

_MOST = 500
_LATER = timedelta(minutes=5)


class Expiry:
    """Ends holds and unpaid orders; it may run many times at once."""

    def __init__(self, cancelling: OrderCancelling, payments: OrderPayments) -> None:
        self._cancelling = cancelling
        self._payments = payments

    def run(self) -> tuple[int, int]:
        """How many holds ended, and how many orders were cancelled."""
        moment = now()
        holds = Order.raw().find({"hold_until": {"$lte": moment}}, {"_id": 1}).limit(_MOST)
        released = sum(_tried(self._release, row["_id"], moment) for row in list(holds))
        unpaid = Order.raw().find({"pay_until": {"$lte": moment}}, {"_id": 1}).limit(_MOST)
        cancelled = sum(_tried(self._cancel, row["_id"], moment) for row in list(unpaid))
        return released, cancelled

    @transactional
    def _release(self, id: str, moment: datetime) -> bool:
        """The attempt stays open: a payment that was made in time may still be told of."""
        order = locked({"_id": id})
        until = order.get("hold_until")
        if until is None or until > moment or order["stock"] != OrderStock.HELD:
            return False
        self._payments.release(order)
        return True

    @transactional
    def _cancel(self, id: str, moment: datetime) -> bool:
        order = locked({"_id": id})
        until = order.get("pay_until")
        is_waiting = (
            order["status"] == OrderStatus.PENDING
            and order["payment_status"] == PaymentStatus.PENDING
            and until is not None
            and until <= moment
        )
        if not is_waiting:
            return False
        attempt = Payment.raw().find_one({"open_for": id})
        if attempt is not None and attempt.get("step") and attempt.get("ask_at"):
            # Its gateway has not said yet that it was not paid. Later, so that many of these don't
            # keep others from being looked at.
            changed(id, {"$set": {"pay_until": moment + _LATER}})
            return False
        self._cancelling.cancel(order, SYSTEM, reason=CancelReason.NOT_PAID)
        return True


def _tried(work: Callable[[str, datetime], bool], id: str, moment: datetime) -> bool:
    """`work`; an order that can't be let go keeps no other one held."""
    try:
        return work(id, moment)
    except Exception:
        log.exception("expiry.failed", order_id=id)
        return False
