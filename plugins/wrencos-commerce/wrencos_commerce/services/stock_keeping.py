"""The rows of what can be sold: adding to them, counting them anew, and telling what that means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from wrencos_commerce.errors import OutOfStock
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.batch_picking import batched, sellable_batches
from wrencos_commerce.services.stock_ledger import Entry, Unit
from wrencos_commerce.services.variants import find_variant, full_name
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Identity, Invalid, Platform, bump, clock, now, transactional
from wrencos_core.contracts.commerce import StockBack, StockLow

Row = Mapping[str, Any]


class StockKeeping:
    """What every change of the stock is made of; each method joins the caller's transaction."""

    def __init__(self, platform: Platform) -> None:
        self._outbox = platform.outbox
        self._currency = platform.settings.currency
        self._timezone = platform.settings.timezone
        self._threshold = platform.settings_for(CommerceSettings).low_stock_threshold

    def today(self) -> date:
        """The business day: a batch may be sold up to the end of its `expires_on`."""
        return clock.business_day(now(), self._timezone)

    def out_of_stock(self, units: Sequence[Unit]) -> OutOfStock:
        """The refusal that tells how many there are of each."""
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

    def has(self, wanted: Mapping[Unit, int]) -> bool:
        """Whether so many pieces of each could be sold now; changes nothing."""
        query = {"_id": {"$in": sorted({unit.product_id for unit in wanted})}, "is_active": True}
        rows = {row["_id"]: row for row in Product.raw().find(query, {"variants": 1})}
        for unit, quantity in wanted.items():
            product = rows.get(unit.product_id)
            variant = find_variant(product, unit.variant_id) if product else None
            if variant is None or not variant["is_active"] or self.available(variant) < quantity:
                return False
        return True

    def available(self, variant: Row) -> int:
        """How many pieces of a variant could be sold today: its inventory less what has expired."""
        today = self.today().isoformat()
        expired = [row for row in sellable_batches(variant) if row["expires_on"] < today]
        return int(variant["inventory"] - sum(row["quantity"] for row in expired))

    @transactional
    def add(
        self,
        unit: Unit,
        pieces: int,
        reason: MovementReason,
        identity: Identity,
        *,
        reference: str | None = None,
        note: str | None = None,
    ) -> Row:
        """Add pieces (or take some away, when negative) and return the product as it was.

        Raises OutOfStock when there are not so many. Neither raises nor sells below zero.
        """
        before = self.touch(unit.product_id)
        variant = find_variant(before, unit.variant_id)
        assert variant is not None
        if variant["inventory"] + pieces < 0:
            raise self.out_of_stock([unit])
        self.change(before, variant, pieces)
        entry = Entry(
            unit=unit,
            quantity=pieces,
            reason=reason,
            cost_price=variant.get("cost_price"),
            reference=reference,
            note=note,
        )
        stock_ledger.write([entry], identity)
        return before

    def change(self, product: Row, variant: Row, pieces: int) -> None:
        """Add pieces to a variant; `product` is its row, which was touched in this transaction.

        The caller writes the ledger.
        """
        if not pieces:
            return
        more = {"variants.$.inventory": pieces}
        if variant["is_active"]:
            more["inventory"] = pieces
        query = {"_id": product["_id"], "variants.id": variant["id"]}
        Product.raw().update_one(query, {"$inc": more})
        self.tell(product, variant, variant["inventory"] + pieces, product["version"])

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
        self.tell(product, variant, inventory, product["version"] + 1)

    @staticmethod
    def check_count(variant: Row, inventory: int, field: str = "inventory") -> None:
        """Raise Invalid of `field` when more of the variant is in batches than `inventory`."""
        if inventory < (pieces := batched(variant)):
            raise Invalid(
                errors={field: [f"{pieces} pieces are in batches; write those off there."]}
            )

    def tell(self, product: Row, variant: Row, after: int, version: int) -> None:
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
