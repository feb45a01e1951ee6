"""Moving orders on: along the transitions, each once, with stock and payment in step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.services.order_cancelling import CancelReason, OrderCancelling
from wrencos_commerce.services.order_moves import OrderMoves, locked, refuse_other_ways
from wrencos_commerce.services.order_shipments import OrderShipments, Parcel
from wrencos_core.api import Identity, Invalid, audit, transactional

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StatusChange:
    """The status that an order shall get, and what is noted with it."""

    status: OrderStatus
    carrier: str | None = None
    tracking_number: str | None = None
    note: str | None = None


class Orders:
    """Changes orders; rows have the fields of the Order document."""

    def __init__(
        self, moves: OrderMoves, shipments: OrderShipments, cancelling: OrderCancelling
    ) -> None:
        self._moves = moves
        self._shipments = shipments
        self._cancelling = cancelling

    @transactional
    def change_status(self, id: str, change: StatusChange, identity: Identity) -> Row:
        """Move an order on, for staff; the changed row.

        `shipped` sends a parcel with all that is left, `delivered` says that all parcels arrived:
        an order that is paid on delivery counts as paid then. Cancelling puts the stock back, and
        pays back what was paid. Raises NotFound, or TransitionRefused with what is allowed.
        """
        row = self._changed(locked({"_id": id}), change, identity)
        changes = {"status": change.status.value, "tracking_number": change.tracking_number}
        _record(identity, "commerce.orders.update_status", id, changes)
        return row

    def _changed(self, order: Row, change: StatusChange, identity: Identity) -> Row:
        if change.status is OrderStatus.SHIPPED:
            parcel = Parcel(
                carrier=change.carrier, tracking_number=change.tracking_number, note=change.note
            )
            return self._shipments.ship(order, parcel, identity)
        if change.status is OrderStatus.DELIVERED:
            return self._shipments.deliver(order, identity, note=change.note)
        if change.status is OrderStatus.CANCELLED:
            reason = CancelReason.STAFF
            return self._cancelling.cancel(order, identity, reason=reason, note=change.note)
        if change.status is OrderStatus.PARTIALLY_SHIPPED:
            refuse_other_ways(order, change.status)
            raise Invalid(errors={"newStatus": ["Send a shipment with some of the pieces."]})
        return self._moves.move(order, change.status, identity, note=change.note)

    @transactional
    def ship(self, id: str, parcel: Parcel, identity: Identity) -> Row:
        """Send a parcel with some of the pieces off; raises as `OrderShipments.ship` does."""
        row = self._shipments.ship(locked({"_id": id}), parcel, identity)
        shipment = row["shipments"][-1]
        changes = {"shipment_id": shipment["id"], "tracking_number": parcel.tracking_number}
        _record(identity, "commerce.orders.ship", id, changes)
        return row

    @transactional
    def deliver(self, id: str, shipment_id: str, identity: Identity) -> Row:
        """A parcel arrived; raises as `OrderShipments.deliver` does."""
        row = self._shipments.deliver(locked({"_id": id}), identity, shipment_id)
        _record(identity, "commerce.orders.deliver", id, {"shipment_id": shipment_id})
        return row

    @transactional
    def refuse_parcel(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """The customer took no parcel of the order: it is cancelled, its pieces are back.

        Raises NotFound, or TransitionRefused unless it is under way.
        """
        order = locked({"_id": id})
        self._shipments.refuse_unless_under_way(order)
        reason = CancelReason.PARCEL_REFUSED
        row = self._cancelling.cancel(order, identity, reason=reason, note=note)
        _record(identity, "commerce.orders.refuse_parcel", id, {"note": note})
        return row

    @transactional
    def cancel(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """Cancel the caller's own order while nothing of it has been shipped; the changed row.

        What was paid is paid back. Raises NotFound, also for another's order, or TransitionRefused.
        """
        order = locked({"_id": id, "user_id": identity.user_id})
        return self._cancelling.cancel(order, identity, reason=CancelReason.CUSTOMER, note=note)


def _record(identity: Identity, action: str, id: str, changes: Mapping[str, Any]) -> None:
    """What runs by itself is in the order's history; the audit log is for what people do."""
    if identity.channel != "job":
        audit.record(identity, action, id, changes)
