"""Moving orders on: along the transitions, each once, with stock and payment in step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.errors import TransitionRefused
from wrencos_commerce.models.order import (
    TRANSITIONS,
    Order,
    OrderStatus,
    PaymentStatus,
    is_finished,
)
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services.order_queries import adjustments_of, charges_of, lines_of
from wrencos_commerce.services.payment_methods import payment_method
from wrencos_commerce.services.privacy import forget_buyers
from wrencos_commerce.services.stock import Stock
from wrencos_core.api import (
    Identity,
    NotFound,
    Platform,
    StaleVersion,
    audit,
    bump,
    now,
    transactional,
)
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.contracts.orders import OrderPaid, OrderStatusChanged

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StatusChange:
    """The status that an order shall get, and what is noted with it."""

    status: OrderStatus
    tracking_number: str | None = None
    note: str | None = None


class Orders:
    """Changes orders; rows have the fields of the Order document."""

    def __init__(self, platform: Platform, stock: Stock) -> None:
        self._platform = platform
        self._outbox = platform.outbox
        self._stock = stock

    @transactional
    def change_status(self, id: str, change: StatusChange, identity: Identity) -> Row:
        """Move an order on, for staff; the changed row.

        Cancelling puts its stock back. An order that is paid on delivery counts as paid once it
        is delivered, and once finished that of an erased user loses its address. Raises NotFound,
        or TransitionRefused with what is allowed.
        """
        row = self._moved(_existing({"_id": id}), change, identity)
        # What runs by itself is in the order's history; the audit log is for what people do.
        if identity.channel != "job":
            changes = {"status": change.status.value, "tracking_number": change.tracking_number}
            audit.record(identity, "commerce.orders.update_status", id, changes)
        return row

    @transactional
    def cancel(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """Cancel the caller's own order while it has not been shipped; the changed row.

        Raises NotFound, also for another's order, or TransitionRefused.
        """
        order = _existing({"_id": id, "user_id": identity.user_id})
        change = StatusChange(status=OrderStatus.CANCELLED, note=note)
        return self._moved(order, change, identity)

    def _moved(self, order: Row, change: StatusChange, identity: Identity) -> Row:
        previous, status = OrderStatus(order["status"]), change.status
        if status not in TRANSITIONS[previous]:
            allowed = sorted(next.value for next in TRANSITIONS[previous])
            raise TransitionRefused(
                f"The order is {previous}; it can go to: {', '.join(allowed) or 'nothing'}.",
                current=previous.value,
                allowed=allowed,
            )
        row = _stored(order, change, identity)
        if status is OrderStatus.CANCELLED:
            self._stock.put_back(
                order["lines"],
                reason=MovementReason.CANCELLED,
                reference=order["_id"],
                identity=identity,
            )
        self._outbox.publish(
            OrderStatusChanged(
                id=f"{order['_id']}:status:{status.value}",
                occurred_at=row["updated_at"],
                order_id=order["_id"],
                user_id=order.get("user_id"),
                status=status.value,
                previous=previous.value,
            )
        )
        if _became_paid(order, row):
            self._publish_payment(row)
        if is_finished(status) and self._is_erased(order.get("user_id")):
            forget_buyers([order["_id"]])
            row = _existing({"_id": order["_id"]})
        return row

    def _is_erased(self, user_id: str | None) -> bool:
        if user_id is None:
            return False
        directory = self._platform.services.require(UserDirectory)
        user = directory.find(user_id)
        return user is not None and user.is_erased

    def _publish_payment(self, row: Row) -> None:
        self._outbox.publish(
            OrderPaid(
                id=f"{row['_id']}:paid",
                occurred_at=row["updated_at"],
                order_id=row["_id"],
                user_id=row.get("user_id"),
                channel=row["channel"],
                payment_id=row["_id"],
                payment_method=row["payment_method"],
                amount=row["total_price"],
                fee=None,
                lines=lines_of(row),
                charges=charges_of(row),
                adjustments=adjustments_of(row),
                prices_include_tax=row["prices_include_tax"],
                tax_total=row["tax_total"],
                currency=row["currency"],
            )
        )


def _existing(query: Row) -> Row:
    row: Row | None = Order.raw().find_one(query)
    if row is None:
        raise NotFound(f"There is no order {query['_id']}.")
    return row


def _stored(order: Row, change: StatusChange, identity: Identity) -> Row:
    """Write the new status with its line of history; of two at once, one finds it changed."""
    entry = {"status": change.status.value, "at": now(), "actor": identity.actor}
    if change.note:
        entry["note"] = change.note
    values: dict[str, Any] = {
        "status": change.status.value,
        "payment_status": _payment_after(order, change.status),
    }
    if change.status is OrderStatus.DELIVERED:
        values["delivered_at"] = entry["at"]
    if change.tracking_number:
        values["tracking_number"] = change.tracking_number
    row: Row | None = Order.raw().find_one_and_update(
        {"_id": order["_id"], "status": order["status"]},
        bump({"$set": values, "$push": {"history": entry}}),
        return_document=True,
    )
    if row is None:
        raise StaleVersion()
    return row


def _payment_after(order: Row, status: OrderStatus) -> str:
    """The payment status that goes with the order's new status."""
    if order["payment_status"] != PaymentStatus.PENDING:
        return str(order["payment_status"])
    if status is OrderStatus.CANCELLED:
        return PaymentStatus.VOID.value
    if status is OrderStatus.DELIVERED and payment_method(order["payment_method"]).paid_on_delivery:
        return PaymentStatus.PAID.value
    return PaymentStatus.PENDING.value


def _became_paid(before: Row, after: Row) -> bool:
    paid = PaymentStatus.PAID
    return bool(before["payment_status"] != paid and after["payment_status"] == paid)
