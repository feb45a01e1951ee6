"""The writer of an order's status: each step with its history, its event, and the lock on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import TransitionRefused
from wrencos_commerce.models.order import TRANSITIONS, Order, OrderStatus, is_finished
from wrencos_commerce.services.privacy import forget_buyers
from wrencos_core.api import Identity, NotFound, Platform, StaleVersion, bump, now
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.contracts.orders import OrderStatusChanged

Row = Mapping[str, Any]


def locked(query: Row) -> Row:
    """The order that fits, which nobody else can change until the transaction ends.

    Raises NotFound.
    """
    row: Row | None = Order.raw().find_one_and_update(query, bump({}), return_document=True)
    if row is None:
        raise NotFound(f"There is no order {query['_id']}.")
    return row


def changed(order_id: str, changes: dict[str, Any]) -> Row:
    """Write `changes` (update operators) to an order that the transaction holds; the row."""
    row: Row = Order.raw().find_one_and_update(
        {"_id": order_id}, bump(changes), return_document=True
    )
    return row


class OrderMoves:
    """Moves orders along the transitions; every method joins the caller's transaction."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def move(
        self,
        order: Row,
        status: OrderStatus,
        identity: Identity,
        *,
        note: str | None = None,
        values: Row | None = None,
        unset: tuple[str, ...] = (),
        freely: bool = False,
    ) -> Row:
        """Give the order the status, and `values` with it; the row after that.

        An order of a user who was erased loses its address once it is finished. `freely`: by a
        rule of its own (its payment came, its parcel was refused) and not along the table. Raises
        TransitionRefused with what is allowed, or StaleVersion when the order is not as it was
        read any more.
        """
        if not freely:
            refuse_other_ways(order, status)
        entry = {"status": status.value, "at": now(), "actor": identity.actor}
        if note:
            entry["note"] = note
        update: dict[str, Any] = {
            "$set": {"status": status.value, **(values or {})},
            "$push": {"history": entry},
        }
        if unset:
            update["$unset"] = dict.fromkeys(unset, "")
        row: Row | None = Order.raw().find_one_and_update(
            {"_id": order["_id"], "status": order["status"]}, bump(update), return_document=True
        )
        if row is None:
            raise StaleVersion()
        self._publish(order, row)
        if is_finished(status) and self._is_erased(row.get("user_id")):
            forget_buyers([row["_id"]])
            row = locked({"_id": row["_id"]})
        return row

    def _publish(self, before: Row, after: Row) -> None:
        self._platform.outbox.publish(
            OrderStatusChanged(
                id=f"{after['_id']}:status:{after['status']}",
                occurred_at=after["updated_at"],
                order_id=after["_id"],
                user_id=after.get("user_id"),
                status=after["status"],
                previous=before["status"],
            )
        )

    def _is_erased(self, user_id: str | None) -> bool:
        if user_id is None:
            return False
        user = self._platform.services.require(UserDirectory).find(user_id)
        return user is not None and user.is_erased


def refuse_other_ways(order: Row, status: OrderStatus) -> None:
    """Raise TransitionRefused unless the order may go to `status` from where it is."""
    previous = OrderStatus(order["status"])
    if status not in TRANSITIONS[previous]:
        allowed = sorted(next.value for next in TRANSITIONS[previous])
        raise TransitionRefused(
            f"The order is {previous}; it can go to: {', '.join(allowed) or 'nothing'}.",
            current=previous.value,
            allowed=allowed,
        )
