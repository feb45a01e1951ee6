"""Keeping promotions, and counting their uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import PromotionUsed
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.promotion import Coupon, Promotion
from wrencos_commerce.services.presence import Presence
from wrencos_commerce.services.promotions import uses
from wrencos_commerce.services.promotions.rules import DEFAULTS, check, check_named, stored_fields
from wrencos_core.api import (
    Identity,
    Listing,
    NotFound,
    Platform,
    audit,
    bump,
    new_id,
    new_row,
    now,
    transactional,
)

Row = Mapping[str, Any]

_NEWEST = [("created_at", -1), ("_id", -1)]


class Promotions:
    """Reads and changes promotions; rows have the fields of the Promotion document."""

    def __init__(self, platform: Platform) -> None:
        self.currency = platform.settings.currency
        self.any_automatic = Presence(Promotion.raw, {"is_automatic": True, "is_active": True})
        self._listing = Listing(Promotion.raw)

    # For whoever places and cancels orders, in the same transaction.
    count_uses = staticmethod(uses.count_uses)
    give_back = staticmethod(uses.give_back)

    def page(self, skip: int, limit: int) -> tuple[list[Row], int]:
        """The newest promotions, and how many there are."""
        return self._listing.page({}, sort=_NEWEST, skip=skip, limit=limit)

    def running(self, skip: int, limit: int) -> tuple[list[Row], int]:
        """The automatic promotions of this moment, and how many there are."""
        query = {
            "is_automatic": True,
            "is_active": True,
            "ends_at": {"$not": {"$lte": now()}},
            "starts_at": {"$not": {"$gt": now()}},
        }
        return self._listing.page(query, sort=[("ends_at", 1)], skip=skip, limit=limit)

    @staticmethod
    def get(id: str) -> Row:
        """The promotion; raises NotFound."""
        row: Row | None = Promotion.raw().find_one({"_id": id})
        if row is None:
            raise NotFound(f"There is no promotion {id}.")
        return row

    @staticmethod
    def used_by(id: str) -> int:
        """How many orders it took something off, those apart that were called off."""
        called_off = OrderStatus.CANCELLED.value
        query = {"promotions.promotion_id": id, "status": {"$ne": called_off}}
        return int(Order.raw().count_documents(query))

    @transactional
    def create(self, values: Row, identity: Identity) -> Row:
        """A new promotion with a `name`, a `kind` and what that needs; amounts are major units.

        Its row. Raises Invalid.
        """
        stored = {**DEFAULTS, **stored_fields(values, self.currency)}
        check(stored)
        check_named(stored)
        row = new_row(new_id(Promotion.id_prefix), **stored, currency=self.currency, uses=0)
        Promotion.raw().insert_one(row)
        self.any_automatic.forget()
        audit.record(identity, "commerce.promotions.create", row["_id"], stored)
        return row

    @transactional
    def update(self, id: str, changes: Row, identity: Identity) -> Row:
        """Change the given fields; None takes a limit or condition away. The row.

        A limit counts what is used while there is one. Raises NotFound or Invalid.
        """
        stored = stored_fields(changes, self.currency)
        row = Promotion.raw().find_one_and_update(
            {"_id": id}, bump({"$set": stored}), return_document=True
        )
        if row is None:
            raise NotFound(f"There is no promotion {id}.")
        check(row)
        # Not what it named before: that may be gone, and must not keep it from being ended.
        check_named(stored)
        self.any_automatic.forget()
        audit.record(identity, "commerce.promotions.update", id, stored)
        return dict(row)

    @transactional
    def delete(self, id: str, identity: Identity) -> None:
        """Delete a promotion that no order has used, with its coupons.

        Raises NotFound, or PromotionUsed.
        """
        row = Promotion.raw().find_one_and_delete({"_id": id})
        if row is None:
            raise NotFound(f"There is no promotion {id}.")
        if Order.raw().find_one({"promotions.promotion_id": id}, {"_id": 1}):
            raise PromotionUsed("Orders have used it; switch it off instead.")
        Coupon.raw().delete_many({"promotion_id": id})
        self.any_automatic.forget()
        audit.record(identity, "commerce.promotions.delete", id, {"name": row["name"]})
