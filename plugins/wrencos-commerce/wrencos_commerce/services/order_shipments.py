"""Parcels: what of an order leaves when and how, and that it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wrencos_commerce.errors import TransitionRefused
from wrencos_commerce.models.order import OrderStatus, PaymentStatus
from wrencos_commerce.services.order_moves import OrderMoves, changed, refuse_other_ways
from wrencos_commerce.services.payments.attempts import PaymentAttempts
from wrencos_commerce.services.payments.collecting import Collecting
from wrencos_core.api import Identity, Invalid, NotFound, Platform, new_id, now
from wrencos_core.contracts.orders import OrderDelivered, OrderShipped, ShippedLine
from wrencos_core.contracts.payments import PaymentKind

Row = Mapping[str, Any]

SHIPMENT_PREFIX = "ship"
_MOST_PARCELS = 50
_WITH_PARCELS = (OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.DELIVERED)


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What leaves: `pieces` by variant (all that is left when None), with whom, and its number."""

    pieces: Mapping[str, int] | None = None
    carrier: str | None = None
    tracking_number: str | None = None
    note: str | None = None


class OrderShipments:
    """Joins the caller's transaction, which has locked the order."""

    def __init__(
        self,
        platform: Platform,
        moves: OrderMoves,
        attempts: PaymentAttempts,
        collecting: Collecting,
    ) -> None:
        self._outbox = platform.outbox
        self._moves = moves
        self._attempts = attempts
        self._collecting = collecting

    def ship(self, order: Row, parcel: Parcel, identity: Identity) -> Row:
        """Send a parcel off; the order's row.

        The last one makes the order `shipped`, one before it `partially_shipped`. What is not paid
        yet is paid on delivery then. Raises TransitionRefused, or Invalid for more pieces than are
        left.
        """
        refuse_other_ways(order, OrderStatus.SHIPPED)
        if order["payment_status"] == PaymentStatus.REFUNDED:
            raise TransitionRefused(
                "All that was paid for it went back: cancel it.",
                current=order["status"],
                allowed=[OrderStatus.CANCELLED.value],
            )
        pieces = _packed(order, parcel.pieces)
        if order["payment_status"] == PaymentStatus.PENDING:
            self._attempts.leaves_unpaid(order, identity)
        lines = [
            {**line, "shipped": line["shipped"] + pieces.get(line["variant_id"], 0)}
            for line in order["lines"]
        ]
        is_complete = all(line["shipped"] == line["quantity"] for line in lines)
        status = OrderStatus.SHIPPED if is_complete else OrderStatus.PARTIALLY_SHIPPED
        shipment = _shipment(pieces, parcel)
        values: dict[str, Any] = {
            "lines": lines,
            "shipments": [*order.get("shipments", ()), shipment],
        }
        if parcel.tracking_number:
            values["tracking_number"] = parcel.tracking_number
        if status == order["status"]:
            row = changed(order["_id"], {"$set": values})
        else:
            row = self._moves.move(order, status, identity, note=parcel.note, values=values)
        self._outbox.publish(
            OrderShipped(
                id=f"{shipment['id']}:shipped",
                occurred_at=shipment["shipped_at"],
                order_id=row["_id"],
                user_id=row.get("user_id"),
                shipment_id=shipment["id"],
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                lines=tuple(ShippedLine(**item) for item in shipment["items"]),
                is_complete=is_complete,
            )
        )
        return row

    def deliver(
        self,
        order: Row,
        identity: Identity,
        shipment_id: str | None = None,
        note: str | None = None,
    ) -> Row:
        """A parcel arrived, or all when none is named; the order's row.

        With the last one the order is delivered, and what is paid on delivery is paid. Raises
        NotFound, or TransitionRefused while pieces have not been shipped.
        """
        moment = now()
        shipments = [dict(shipment) for shipment in order.get("shipments", ())]
        if shipment_id is not None and shipment_id not in {s["id"] for s in shipments}:
            raise NotFound(f"There is no shipment {shipment_id} of this order.")
        if shipment_id is None or order["status"] not in _WITH_PARCELS:
            refuse_other_ways(order, OrderStatus.DELIVERED)
        for shipment in shipments:
            if shipment_id in (None, shipment["id"]):
                shipment.setdefault("delivered_at", moment)
        has_all = all(shipment.get("delivered_at") for shipment in shipments)
        if not (has_all and order["status"] == OrderStatus.SHIPPED):
            return changed(order["_id"], {"$set": {"shipments": shipments}})
        row = self._moves.move(
            order,
            OrderStatus.DELIVERED,
            identity,
            note=note,
            values={"delivered_at": moment, "shipments": shipments},
        )
        self._publish_delivered(row, moment)
        if row["payment_status"] == PaymentStatus.PENDING:
            return self._collecting.collect_open(row, PaymentKind.ON_DELIVERY, identity)
        return row

    def hand_over(self, order: Row, identity: Identity) -> Row:
        """The customer takes a confirmed order along: delivered without a parcel; its row."""
        lines = [{**line, "shipped": line["quantity"]} for line in order["lines"]]
        moment = now()
        row = self._moves.move(
            order,
            OrderStatus.DELIVERED,
            identity,
            values={"lines": lines, "delivered_at": moment},
            freely=True,
        )
        self._publish_delivered(row, moment)
        return row

    def _publish_delivered(self, row: Row, moment: datetime) -> None:
        self._outbox.publish(
            OrderDelivered(
                id=f"{row['_id']}:delivered",
                occurred_at=moment,
                order_id=row["_id"],
                user_id=row.get("user_id"),
            )
        )

    @staticmethod
    def refuse_unless_under_way(order: Row) -> None:
        """Raise TransitionRefused unless parcels of the order are under way and none arrived."""
        is_out = order["status"] in (OrderStatus.SHIPPED, OrderStatus.PARTIALLY_SHIPPED)
        if not is_out or any(parcel.get("delivered_at") for parcel in order["shipments"]):
            raise TransitionRefused(
                f"The order is {order['status']}: no parcel can be refused.",
                current=order["status"],
                allowed=[],
            )


def _packed(order: Row, wanted: Mapping[str, int] | None) -> dict[str, int]:
    """How many pieces of which variant go; of those that are left."""
    left = {
        line["variant_id"]: line["quantity"] - line["shipped"]
        for line in order["lines"]
        if line["quantity"] > line["shipped"]
    }
    if len(order.get("shipments", ())) >= _MOST_PARCELS:
        raise Invalid(f"An order goes in {_MOST_PARCELS} parcels at most.")
    if wanted is None:
        return left
    if not wanted:
        raise Invalid(errors={"items": ["Name what is in the parcel."]})
    for id, quantity in wanted.items():
        if quantity > left.get(id, 0):
            raise Invalid(errors={"items": [f"Of {id} {left.get(id, 0)} pieces are left."]})
    return dict(wanted)


def _shipment(pieces: Mapping[str, int], parcel: Parcel) -> dict[str, Any]:
    told = {"carrier": parcel.carrier, "tracking_number": parcel.tracking_number}
    return {
        "id": new_id(SHIPMENT_PREFIX),
        "items": [{"variant_id": id, "quantity": quantity} for id, quantity in pieces.items()],
        "shipped_at": now(),
        **{name: value for name, value in told.items() if value},
    }
