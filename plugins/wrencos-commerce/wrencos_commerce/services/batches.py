"""Batches: receiving them, and taking out of the stock what expired, was recalled or is gone.

A variant's inventory is what is in its sellable batches and what is in none. As in stock.py the
product is written first, so a batch and the stock can't change crosswise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from wrencos_commerce.errors import AlreadyExists, NotEnoughInBatch
from wrencos_commerce.models.batch import Batch, BatchState
from wrencos_commerce.models.batch_movement import BatchMovement, Movement
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services.batch_picking import batched
from wrencos_commerce.services.product_lookup import existing
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.variants import chosen_variant
from wrencos_core.api import (
    Identity,
    Invalid,
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
from wrencos_core.contracts.commerce import BatchExpiring

Row = Mapping[str, Any]

# Days before the expiry at which the staff is told.
ALERT_DAYS = (30, 60, 90)
_MOST_PIECES = 2**31 - 1
# What the stock's ledger calls it.
_REASONS = {
    Movement.EXPIRED: MovementReason.EXPIRED,
    Movement.RECALLED: MovementReason.RECALLED,
    Movement.WRITTEN_OFF: MovementReason.WRITTEN_OFF,
    Movement.RETURNED: MovementReason.SUPPLIER_RETURN,
}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """So many pieces that were made together. `from_stock`: they are counted already."""

    product_id: str
    variant_id: str | None = None
    code: str
    expires_on: date
    quantity: int
    from_stock: bool = False


class Batches:
    """Changes and reads batches; rows have the fields of the Batch document."""

    def __init__(self, platform: Platform, stock: Stock) -> None:
        self._outbox = platform.outbox
        self._stock = stock
        self._listing = Listing(Batch.raw)

    @transactional
    def receive(self, delivery: Delivery, identity: Identity) -> Row:
        """Book a delivery in; more of a batch that is known adds to it. The batch's row.

        Raises NotFound, Invalid (expired, or more from the stock than is in no batch yet), or
        AlreadyExists when the code is known with another date or the batch can't be sold.
        """
        if delivery.expires_on < self._stock.today():
            raise Invalid(errors={"expiresOn": ["Has passed: it can't be sold any more."]})
        existing(delivery.product_id, {"_id": 1})
        product = self._stock.touch(delivery.product_id)
        variant = chosen_variant(product, delivery.variant_id)
        unit = Unit(delivery.product_id, variant["id"])
        loose = variant["inventory"] - batched(variant)
        if delivery.from_stock and delivery.quantity > loose:
            raise Invalid(errors={"quantity": [f"Only {loose} pieces are in no batch yet."]})
        batch_id = self._stored(unit, delivery)
        Product.raw().update_one(
            {"_id": unit.product_id, "variants.id": unit.variant_id},
            {"$set": {"variants.$.is_batched": True}},
        )
        if not delivery.from_stock:
            received = MovementReason.RECEIVED
            self._stock.add(unit, delivery.quantity, received, identity, reference=batch_id)
        kind = Movement.LABELLED if delivery.from_stock else Movement.RECEIVED
        return self._moved(batch_id, kind, delivery.quantity, identity, None)

    @staticmethod
    def _stored(unit: Unit, delivery: Delivery) -> str:
        """The id of the batch, with the pieces added to it."""
        expires_on = delivery.expires_on.isoformat()
        known = Batch.raw().find_one({"variant_id": unit.variant_id, "code": delivery.code})
        if known is None:
            row = new_row(
                new_id(Batch.id_prefix),
                **unit._asdict(),
                code=delivery.code,
                expires_on=expires_on,
                received_at=now(),
                received=delivery.quantity,
                quantity=delivery.quantity,
                state=BatchState.SELLABLE.value,
                alerted=[],
            )
            Batch.raw().insert_one(row)
            return str(row["_id"])
        if known["expires_on"] != expires_on or known["state"] != BatchState.SELLABLE:
            raise AlreadyExists(
                f"Batch {delivery.code} is known: {known['state']}, expires {known['expires_on']}."
            )
        if known["quantity"] + delivery.quantity > _MOST_PIECES:
            raise Invalid(errors={"quantity": ["Is out of range."]})
        more = {"quantity": delivery.quantity, "received": delivery.quantity}
        Batch.raw().update_one({"_id": known["_id"]}, bump({"$inc": more}))
        return str(known["_id"])

    def write_off(self, id: str, quantity: int | None, note: str, identity: Identity) -> Row:
        """Take pieces (all, when None) out for good; the batch's row.

        Raises NotFound, or NotEnoughInBatch with how many there are.
        """
        return self._taken_out(id, quantity, Movement.WRITTEN_OFF, note, identity)

    def return_to_supplier(
        self, id: str, quantity: int | None, note: str, identity: Identity
    ) -> Row:
        """Send pieces back; otherwise as `write_off`."""
        return self._taken_out(id, quantity, Movement.RETURNED, note, identity)

    @transactional
    def _taken_out(
        self, id: str, quantity: int | None, kind: Movement, note: str, identity: Identity
    ) -> Row:
        batch = self._locked(id)
        pieces = batch["quantity"] if quantity is None else quantity
        if not 0 < pieces <= batch["quantity"]:
            raise NotEnoughInBatch(
                f"Batch {batch['code']} has {batch['quantity']} pieces.",
                available=batch["quantity"],
            )
        Batch.raw().update_one({"_id": id}, bump({"$inc": {"quantity": -pieces}}))
        if batch["state"] == BatchState.SELLABLE:
            self._out_of_stock(batch, pieces, kind, identity, note)
        return self._moved(id, kind, -pieces, identity, note)

    @transactional
    def recall(self, id: str, note: str, identity: Identity) -> Row:
        """Stop the sale of a batch; the batch's row. A recalled one stays so. Raises NotFound.

        `orders_with` tells who bought of it.
        """
        batch = self._locked(id)
        if batch["state"] == BatchState.RECALLED:
            return batch
        return self._closed(batch, BatchState.RECALLED, Movement.RECALLED, identity, note)

    def expire_due(self, identity: Identity) -> int:
        """Take the batches whose last day has passed out of the stock; how many there were."""
        today = self._stock.today().isoformat()
        due = {"state": BatchState.SELLABLE.value, "expires_on": {"$lt": today}}
        ids = [row["_id"] for row in Batch.raw().find(due, {"_id": 1})]
        return sum(self._expired(id, today, identity) for id in ids)

    @transactional
    def _expired(self, id: str, today: str, identity: Identity) -> bool:
        batch = self._locked(id)
        if batch["state"] != BatchState.SELLABLE or batch["expires_on"] >= today:
            return False
        self._closed(batch, BatchState.EXPIRED, Movement.EXPIRED, identity, None)
        return True

    def alert_due(self) -> int:
        """Publish BatchExpiring for what expires within 90, 60 or 30 days, each once; how many."""
        last = self._stock.today() + timedelta(days=max(ALERT_DAYS))
        soon = {
            "state": BatchState.SELLABLE.value,
            "expires_on": {"$lte": last.isoformat()},
            "quantity": {"$gt": 0},
        }
        ids = [row["_id"] for row in Batch.raw().find(soon, {"_id": 1})]
        return sum(self._alerted(id) for id in ids)

    @transactional
    def _alerted(self, id: str) -> bool:
        batch = Batch.raw().find_one({"_id": id})
        left = (date.fromisoformat(batch["expires_on"]) - self._stock.today()).days
        reached = [days for days in ALERT_DAYS if left <= days]
        if not reached or reached[0] in batch["alerted"] or not batch["quantity"]:
            return False
        # What is behind it by now needs no alert of its own.
        Batch.raw().update_one({"_id": id}, bump({"$set": {"alerted": reached}}))
        self._outbox.publish(
            BatchExpiring(
                id=f"{id}:{reached[0]}:expiring",
                occurred_at=now(),
                batch_id=id,
                days=reached[0],
                **{
                    field: batch[field]
                    for field in ("product_id", "variant_id", "code", "expires_on", "quantity")
                },
            )
        )
        return True

    def _closed(
        self, batch: Row, state: BatchState, kind: Movement, identity: Identity, note: str | None
    ) -> Row:
        """The batch in a state in which it can't be sold, out of the variant's inventory."""
        id, pieces = batch["_id"], batch["quantity"]
        Batch.raw().update_one({"_id": id}, bump({"$set": {"state": state.value}}))
        if batch["state"] == BatchState.SELLABLE and pieces:
            self._out_of_stock(batch, pieces, kind, identity, note)
        return self._moved(id, kind, pieces, identity, note)

    def _out_of_stock(
        self, batch: Row, pieces: int, kind: Movement, identity: Identity, note: str | None
    ) -> None:
        unit, reason = Unit(batch["product_id"], batch["variant_id"]), _REASONS[kind]
        self._stock.add(unit, -pieces, reason, identity, reference=batch["_id"], note=note)

    def _locked(self, id: str) -> Row:
        """The batch, once nobody else can change it or its product."""
        self._stock.touch(self.get(id)["product_id"])
        return self.get(id)

    @staticmethod
    def _moved(id: str, kind: Movement, quantity: int, identity: Identity, note: str | None) -> Row:
        values = {"batch_id": id, "kind": kind.value, "quantity": quantity, "at": now()}
        noted = {"note": note} if note else {}
        BatchMovement.raw().insert_one(
            new_row(new_id(BatchMovement.id_prefix), **values, actor=identity.actor, **noted)
        )
        if identity.channel != "job":
            changes = {"quantity": quantity, **noted}
            audit.record(identity, f"commerce.batches.{kind.value}", id, changes)
        row: Row = Batch.raw().find_one({"_id": id})
        return row

    @staticmethod
    def get(id: str) -> Row:
        """The batch; raises NotFound."""
        row: Row | None = Batch.raw().find_one({"_id": id})
        if row is None:
            raise NotFound(f"There is no batch {id}.")
        return row

    def page(self, wanted: Row, within: int | None, skip: int, limit: int) -> tuple[list[Row], int]:
        """Batches that expire first in front, and how many there are in all.

        `wanted` may name a `state`, a `product_id` or a `variant_id`; `within` days they expire.
        """
        query = dict(wanted)
        query.setdefault("state", {"$in": [state.value for state in BatchState]})
        if within is not None:
            last = self._stock.today() + timedelta(days=within)
            query |= {"expires_on": {"$lte": last.isoformat()}, "quantity": {"$gt": 0}}
        order = [("expires_on", 1), ("_id", 1)]
        return self._listing.page(query, sort=order, skip=skip, limit=limit)

    @staticmethod
    def movements(id: str) -> list[Row]:
        """What happened to the batch, the last first."""
        order = [("at", -1), ("_id", -1)]
        return list(BatchMovement.raw().find({"batch_id": id}).sort(order).limit(500))

    @staticmethod
    def orders_with(id: str, skip: int = 0, limit: int = 100) -> tuple[list[Row], int]:
        """The orders that have pieces of this batch, newest first, and how many there are."""
        query = {"lines.batches.batch_id": id}
        orders = (
            Order.raw().find(query).sort([("created_at", -1), ("_id", -1)]).skip(skip).limit(limit)
        )
        return list(orders), Order.raw().count_documents(query)


def pieces_of(order: Row, batch_id: str) -> int:
    """How many pieces of the batch an order has."""
    return sum(
        picked["quantity"]
        for line in order["lines"]
        for picked in line.get("batches", ())
        if picked["batch_id"] == batch_id
    )
