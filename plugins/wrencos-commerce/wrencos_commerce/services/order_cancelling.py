"""Calling an order off: its stock comes back, nobody pays for it any more, and money goes back."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from wrencos_commerce.models.order import OrderStatus, OrderStock, PaymentStatus
from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.models.refund import RefundReason
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services.order_moves import OrderMoves, refuse_other_ways
from wrencos_commerce.services.payments.refunds import Refunds
from wrencos_commerce.services.payments.states import moved
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.services.stock import Stock
from wrencos_core.api import Identity, Platform
from wrencos_core.contracts.orders import OrderCancelled

Row = Mapping[str, Any]


class CancelReason(StrEnum):
    """Why an order was called off."""

    CUSTOMER = "customer"
    STAFF = "staff"
    NOT_PAID = "not_paid"
    PARCEL_REFUSED = "parcel_refused"


class OrderCancelling:
    """Cancels orders; joins the caller's transaction, which has locked the order."""

    def __init__(
        self, platform: Platform, moves: OrderMoves, stock: Stock, refunds: Refunds
    ) -> None:
        self._outbox = platform.outbox
        self._moves = moves
        self._stock = stock
        self._refunds = refunds

    def cancel(
        self, order: Row, identity: Identity, *, reason: CancelReason, note: str | None = None
    ) -> Row:
        """Cancel the order; its row. What was paid and not refunded yet is paid back.

        Raises TransitionRefused when it has been shipped, unless its parcel was refused.
        """
        was_refused = reason is CancelReason.PARCEL_REFUSED
        if not was_refused:
            refuse_other_ways(order, OrderStatus.CANCELLED)
        values: dict[str, Any] = {
            "cancel_reason": reason.value,
            **self._stock_back(order, reason, identity),
        }
        is_paid = order["payment_status"] not in (PaymentStatus.PENDING, PaymentStatus.VOID)
        if not is_paid:
            values["payment_status"] = PaymentStatus.VOID.value
        row = self._moves.move(
            order,
            OrderStatus.CANCELLED,
            identity,
            note=note,
            values=values,
            unset=("hold_until", "pay_until"),
            freely=was_refused,
        )
        Promotions.give_back(row)
        closed = self._close_attempt(row, identity, reason)
        self._outbox.publish(
            OrderCancelled(
                id=f"{row['_id']}:cancelled",
                occurred_at=row["updated_at"],
                order_id=row["_id"],
                user_id=row.get("user_id"),
                reason=reason.value,
                was_paid=order["paid"] > order["refunded"],
            )
        )
        if is_paid:
            row = self._refunds.refund_rest(row, RefundReason.CANCELLED, identity)
        elif row["paid"]:
            row = self._refunds.give_back(row, identity)
        if closed is not None:
            # A part of a transfer may be there.
            self._refunds.refund_not_owed(row, closed["_id"], identity)
        return row

    def _stock_back(self, order: Row, reason: CancelReason, identity: Identity) -> dict[str, str]:
        """Put the pieces back, or let them go; what the order says of them then."""
        lines, id = order["lines"], order["_id"]
        if order["stock"] == OrderStock.HELD:
            self._stock.release(lines, reference=id, identity=identity)
            return {"stock": OrderStock.RELEASED.value}
        if order["stock"] == OrderStock.TAKEN:
            was_refused = reason is CancelReason.PARCEL_REFUSED
            why = MovementReason.REFUSED_PARCEL if was_refused else MovementReason.CANCELLED
            self._stock.put_back(lines, reason=why, reference=id, identity=identity)
            return {"stock": OrderStock.RETURNED.value}
        return {}

    @staticmethod
    def _close_attempt(order: Row, identity: Identity, reason: CancelReason) -> Row | None:
        attempt = Payment.raw().find_one({"open_for": order["_id"]})
        if attempt is None:
            return None
        is_over = reason is CancelReason.NOT_PAID
        state = PaymentState.EXPIRED if is_over else PaymentState.CANCELLED
        why = f"order cancelled: {reason.value}"
        return moved(attempt, state, actor=identity.actor, reason=why)
