"""What staff tell each other about an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import TooManyNotes
from wrencos_commerce.models.order import MAX_NOTES, Order
from wrencos_core.api import Identity, NotFound, audit, bump, now, transactional

Row = Mapping[str, Any]


class OrderNotes:
    """Adds notes to orders; nothing takes one away but the erasure of the customer."""

    @transactional
    def add(self, order_id: str, text: str, identity: Identity) -> Row:
        """Note `text` on the order, in the caller's name; the changed row.

        Raises NotFound, or TooManyNotes above 100.
        """
        note = {"at": now(), "actor": identity.actor, "text": text}
        row: Row | None = Order.raw().find_one_and_update(
            {"_id": order_id, f"staff_notes.{MAX_NOTES - 1}": {"$exists": False}},
            bump({"$push": {"staff_notes": note}}),
            return_document=True,
        )
        if row is None:
            if Order.raw().find_one({"_id": order_id}, {"_id": 1}):
                raise TooManyNotes(f"At most {MAX_NOTES} notes fit.")
            raise NotFound(f"There is no order {order_id}.")
        # What it says stands on the order, and goes with it when the customer is forgotten.
        audit.record(identity, "commerce.orders.add_note", order_id)
        return row
