"""Reading returns: a customer's own, and all of them for staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.order_return import MAX_RETURNS, OrderReturn, ReturnState
from wrencos_commerce.permissions import READ_RETURNS
from wrencos_core.api import SYSTEM, Identity, Listing, NotFound, Platform, bump
from wrencos_core.contracts.files import ImageProcessed

Row = Mapping[str, Any]

NEWEST = [("created_at", -1), ("_id", -1)]
_REJECTED = ReturnState.REJECTED


class ReturnQueries:
    """Reads returns; rows have the fields of the OrderReturn document."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._listing = Listing(OrderReturn.raw)

    def page(self, wanted: Row, skip: int, limit: int) -> tuple[list[Row], int]:
        """The newest returns that fit, and how many in all; `wanted` may name `state`, `user_id`
        or `order_id`."""
        return self._listing.page(dict(wanted), sort=NEWEST, skip=skip, limit=limit)

    def visible_to(self, identity: Identity, id: str) -> Row:
        """The caller's own return, or anyone's for staff who may read returns; else NotFound."""
        row: Row | None = OrderReturn.raw().find_one({"_id": id})
        if row is not None and (
            row.get("user_id", "") == identity.user_id
            or self._platform.allows(identity, READ_RETURNS)
        ):
            return row
        raise NotFound(f"There is no return {id}.")

    @staticmethod
    def of_order(order_id: str) -> list[Row]:
        """The returns of an order, the newest first."""
        rows = OrderReturn.raw().find({"order_id": order_id}).sort(NEWEST)
        return list(rows.limit(MAX_RETURNS))

    @staticmethod
    def on_image_processed(event: ImageProcessed) -> None:
        """Subscriber: the thumbnails of a photo are there."""
        OrderReturn.raw().update_many(
            {"photos.id": event.image_id},
            bump({"$set": {"photos.$[photo].thumbnails": event.thumbnails}}),
            array_filters=[{"photo.id": event.image_id}],
        )


def history_for_owner(row: Row) -> list[dict[str, Any]]:
    """The history of a return as its customer may see it: `actor` is `customer`, `staff` or
    `system`, and of the notes only their own and why it was rejected."""
    return [_entry_for_owner(entry, str(row.get("user_id"))) for entry in row["history"]]


def _entry_for_owner(entry: Row, owner: str) -> dict[str, Any]:
    if entry["actor"] == owner:
        return {**entry, "actor": "customer"}
    kept = {k: v for k, v in entry.items() if k != "note" or entry["state"] == _REJECTED}
    return {**kept, "actor": "system" if entry["actor"] == SYSTEM.actor else "staff"}
