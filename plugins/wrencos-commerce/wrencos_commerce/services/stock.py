"""The one writer of stock: taking it for orders, putting it back, counting it anew.

The product is written first, always, so that whoever changes its stock or its batches at the same
time conflicts there and runs again; what is read after that stays as it is until the commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from wrencos_commerce.errors import OutOfStock
from wrencos_commerce.models.batch import Batch, BatchState
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.variants import find_variant, full_name
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Invalid, Platform, bump, clock, now, transactional
from wrencos_core.contracts.commerce import StockBack, StockLow

Row = Mapping[str, Any]


class Unit(NamedTuple):
    """What is counted: a variant of a product. Sorted, they are locked in one order."""

    product_id: str
    variant_id: str


@dataclass(frozen=True)
class Taken:
    """A variant as it was when its stock was taken, and the batches that the pieces come from."""

    product: Row
    variant: Row
    batches: Sequence[Row]


class Stock:
    """Changes how much there is; each method joins the caller's transaction."""

    def __init__(self, platform: Platform) -> None:
        self._outbox = platform.outbox
        self._currency = platform.settings.currency
        self._timezone = platform.settings.timezone
        self._threshold = platform.settings_for(CommerceSettings).low_stock_threshold

    def today(self) -> date:
        """The business day: a batch may be sold up to the end of its `expires_on`."""
        return clock.business_day(now(), self._timezone)

    @transactional
    def take(self, wanted: Mapping[Unit, int]) -> dict[Unit, Taken]:
        """Take so many pieces of each, first those that expire first.

        Raises OutOfStock that names everything there is too little of.
        """
        taken = {}
        missing: list[Unit] = []
        # In order, so that two orders of the same products meet at the first and not crosswise.
        for unit in sorted(wanted):
            if (got := self._take(unit, wanted[unit])) is None:
                missing.append(unit)
            else:
                taken[unit] = got
        if missing:
            raise self._out_of_stock(missing)
        return taken

    def _take(self, unit: Unit, quantity: int) -> Taken | None:
        enough = {
            "_id": unit.product_id,
            "is_active": True,
            "currency": self._currency,
            "variants": {
                "$elemMatch": {
                    "id": unit.variant_id,
                    "is_active": True,
                    "inventory": {"$gte": quantity},
                }
            },
        }
        less = {"variants.$.inventory": -quantity, "inventory": -quantity}
        before = Product.raw().find_one_and_update(enough, bump({"$inc": less}))
        if before is None:
            return None
        variant = find_variant(before, unit.variant_id)
        assert variant is not None
        batches = self._picked(variant, quantity)
        if batches is None:
            more = dict.fromkeys(less, quantity)
            query = {"_id": unit.product_id, "variants.id": unit.variant_id}
            Product.raw().update_one(query, {"$inc": more})
            return None
        for picked in batches:
            less = {"quantity": -picked["quantity"]}
            Batch.raw().update_one({"_id": picked["batch_id"]}, bump({"$inc": less}))
        self._tell(before, variant, variant["inventory"] - quantity, before["version"] + 1)
        return Taken(before, variant, batches)

    def _picked(self, variant: Row, quantity: int) -> list[Row] | None:
        """What to take from which batch, first expired first; None when too much is too old.

        What is in no batch goes last: nobody knows how long it keeps.
        """
        rows = sellable_batches(variant)
        today = self.today().isoformat()
        loose = variant["inventory"] - sum(row["quantity"] for row in rows)
        picked: list[Row] = []
        for row in rows:
            if row["expires_on"] < today or not quantity:
                continue
            pieces = min(row["quantity"], quantity)
            picked.append({"batch_id": row["_id"], "code": row["code"], "quantity": pieces})
            quantity -= pieces
        return picked if quantity <= loose else None

    def _out_of_stock(self, units: Sequence[Unit]) -> OutOfStock:
        query = {"_id": {"$in": sorted({unit.product_id for unit in units})}}
        fields = {"variants": 1, "name": 1, "is_active": 1}
        found = {row["_id"]: row for row in Product.raw().find(query, fields)}
        products, names = [], []
        for unit in units:
            product = found.get(unit.product_id)
            variant = find_variant(product, unit.variant_id) if product else None
            for_sale = product and product["is_active"] and variant and variant["is_active"]
            products.append(
                {
                    "productId": unit.product_id,
                    "variantId": unit.variant_id,
                    "available": self.available(variant) if variant and for_sale else 0,
                }
            )
            names.append(full_name(product, variant) if product else unit.product_id)
        return OutOfStock(f"There is not enough of: {', '.join(names)}.", products=products)

    def available(self, variant: Row) -> int:
        """How many pieces of a variant could be sold today: its inventory less what has expired."""
        today = self.today().isoformat()
        expired = [row for row in sellable_batches(variant) if row["expires_on"] < today]
        return int(variant["inventory"] - sum(row["quantity"] for row in expired))

    @transactional
    def put_back(self, lines: Iterable[Row]) -> None:
        """Put the pieces of an order's lines back where they came from.

        What has expired or was recalled meanwhile returns to its batch, and can't be sold.
        """
        for line in sorted(lines, key=lambda line: (line["product_id"], line["variant_id"])):
            self.touch(line["product_id"])
            sellable = line["quantity"] - self._to_closed_batches(line.get("batches", ()))
            self.add(Unit(line["product_id"], line["variant_id"]), sellable)

    @staticmethod
    def _to_closed_batches(picked: Iterable[Row]) -> int:
        """Return the pieces to their batches; how many of them can't be sold any more."""
        closed = 0
        for pick in picked:
            more = bump({"$inc": {"quantity": pick["quantity"]}})
            row = Batch.raw().find_one_and_update({"_id": pick["batch_id"]}, more)
            if row["state"] != BatchState.SELLABLE:
                closed += pick["quantity"]
        return closed

    @transactional
    def add(self, unit: Unit, pieces: int) -> Row:
        """Add pieces (or take some away, when negative) and return the product as it was.

        Raises OutOfStock when there are not so many. Neither raises nor sells below zero.
        """
        before = self.touch(unit.product_id)
        variant = find_variant(before, unit.variant_id)
        assert variant is not None
        if variant["inventory"] + pieces < 0:
            raise self._out_of_stock([unit])
        more = {"variants.$.inventory": pieces}
        if variant["is_active"]:
            more["inventory"] = pieces
        query = {"_id": unit.product_id, "variants.id": unit.variant_id}
        Product.raw().update_one(query, {"$inc": more})
        self._tell(before, variant, variant["inventory"] + pieces, before["version"])
        return before

    @staticmethod
    def touch(product_id: str) -> Row:
        """The product, which nobody else can change until the transaction ends."""
        row: Row = Product.raw().find_one_and_update(
            {"_id": product_id}, bump({}), return_document=True
        )
        return row

    def counted(self, product: Row, variant: Row, inventory: int) -> None:
        """Check a new count of a variant, which the caller writes, and tell what it means.

        Raises Invalid when more is in batches than `inventory`.
        """
        self.check_count(variant, inventory)
        self._tell(product, variant, inventory, product["version"] + 1)

    @staticmethod
    def check_count(variant: Row, inventory: int) -> None:
        """Raise Invalid when more of the variant is in batches than `inventory`."""
        batched = sum(row["quantity"] for row in sellable_batches(variant))
        if inventory < batched:
            raise Invalid(
                errors={"inventory": [f"{batched} pieces are in batches; write those off there."]}
            )

    def _tell(self, product: Row, variant: Row, after: int, version: int) -> None:
        """Publish that a variant ran low, or that it is back.

        `version` is the product's after the write, so no two changes share an event's id.
        """
        before, threshold = variant["inventory"], self._threshold
        if not variant["is_active"]:
            return
        fields = {
            "occurred_at": now(),
            "product_id": product["_id"],
            "variant_id": variant["id"],
            "sku": variant["sku"],
            "inventory": after,
        }
        stamp = f"{variant['id']}:{version}"
        if before > after and (after <= threshold < before or after == 0):
            self._outbox.publish(StockLow(id=f"{stamp}:low", **fields))
        elif before == 0 < after:
            self._outbox.publish(StockBack(id=f"{stamp}:back", **fields))


def sellable_batches(variant: Row) -> list[Row]:
    """The batches that count as the variant's inventory, those that expire first in front."""
    if not variant.get("is_batched"):
        return []
    query = {
        "variant_id": variant["id"],
        "state": BatchState.SELLABLE.value,
        "quantity": {"$gt": 0},
    }
    return list(Batch.raw().find(query).sort([("expires_on", 1), ("_id", 1)]))


def needed(items: Iterable[Row]) -> Counter[Unit]:
    """How many of each variant the items of a cart need together."""
    counts: Counter[Unit] = Counter()
    for item in items:
        counts[Unit(item["product_id"], item["variant_id"])] += item["quantity"]
    return counts
