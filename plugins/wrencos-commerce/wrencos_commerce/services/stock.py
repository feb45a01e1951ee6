"""The one writer of stock: selling and holding it for orders, and taking it back.

The product is written first, always, so that whoever changes its stock or its batches at the same
time conflicts there and runs again; what is read after that stays as it is until the commit. What
is on hand is written down in the ledger with the change itself (stock_ledger.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.batch_picking import part_of, picked, put_in, take_out
from wrencos_commerce.services.stock_keeping import StockKeeping
from wrencos_commerce.services.stock_ledger import Entry, Unit
from wrencos_commerce.services.variants import find_variant
from wrencos_core.api import SYSTEM, Identity, bump, transactional

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """A variant as it was when its stock was taken, and the batches that the pieces come from."""

    product: Row
    variant: Row
    batches: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class ReturnedPieces:
    """What came back of an order's `line`, which is as it was before: pieces to sell again, and
    pieces that can't be sold."""

    line: Row
    restock: int
    write_off: int


class Stock(StockKeeping):
    """Changes how much there is; each method joins the caller's transaction.

    A line is a row with `product_id`, `variant_id`, `quantity`, `cost_price` and `batches`, as an
    order's are. `reference` is the id of what the change is for.
    """

    @transactional
    def take(
        self, wanted: Mapping[Unit, int], *, reference: str, identity: Identity
    ) -> dict[Unit, Taken]:
        """Sell so many pieces of each at once, first those that expire first.

        Raises OutOfStock that names everything there is too little of.
        """
        taken = self._all_of(wanted, hold=False)
        sold = (
            Entry(
                unit=unit,
                quantity=-wanted[unit],
                reason=MovementReason.SALE,
                cost_price=got.variant.get("cost_price"),
                reference=reference,
            )
            for unit, got in taken.items()
        )
        stock_ledger.write(sold, identity)
        return taken

    @transactional
    def hold(self, wanted: Mapping[Unit, int]) -> dict[Unit, Taken]:
        """Keep so many pieces of each for an order that waits for its payment; otherwise as `take`.

        Nobody else can buy them until they are released. They are on hand still.
        """
        return self._all_of(wanted, hold=True)

    def _all_of(self, wanted: Mapping[Unit, int], *, hold: bool) -> dict[Unit, Taken]:
        taken = {}
        missing: list[Unit] = []
        # In order, so that two orders of the same products meet at the first and not crosswise.
        for unit in sorted(wanted):
            if (got := self._take(unit, wanted[unit], hold=hold)) is None:
                missing.append(unit)
            else:
                taken[unit] = got
        if missing:
            raise self.out_of_stock(missing)
        return taken

    def _take(self, unit: Unit, quantity: int, *, hold: bool) -> Taken | None:
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
        change = {"variants.$.inventory": -quantity, "inventory": -quantity}
        if hold:
            change["variants.$.held"] = quantity
        before = Product.raw().find_one_and_update(enough, bump({"$inc": change}))
        if before is None:
            return None
        variant = find_variant(before, unit.variant_id)
        assert variant is not None
        batches = picked(variant, quantity, self.today().isoformat())
        if batches is None:
            back = {field: -pieces for field, pieces in change.items()}
            query = {"_id": unit.product_id, "variants.id": unit.variant_id}
            Product.raw().update_one(query, {"$inc": back})
            return None
        take_out(batches)
        self.tell(before, variant, variant["inventory"] - quantity, before["version"] + 1)
        return Taken(before, variant, batches)

    @transactional
    def settle(self, lines: Iterable[Row], *, reference: str, identity: Identity) -> None:
        """What was held for these lines is sold: the order was paid."""
        entries = []
        for line in in_order(lines):
            self._unheld(line)
            entries.append(_entry(line, -line["quantity"], MovementReason.SALE, reference))
        stock_ledger.write(entries, identity)

    @transactional
    def release(
        self, lines: Iterable[Row], *, reference: str | None = None, identity: Identity = SYSTEM
    ) -> None:
        """What was held for these lines can be sold to others, and is in its batches again.

        What has expired or was recalled meanwhile can't be sold, and is not on hand any more.
        """
        entries = []
        for line in in_order(lines):
            closed = self._come_back(self._unheld(line), line)
            entries += _closed_entries(line, closed, reference)
        stock_ledger.write(entries, identity)

    @transactional
    def put_back(
        self,
        lines: Iterable[Row],
        *,
        reason: MovementReason,
        reference: str,
        identity: Identity,
    ) -> None:
        """The pieces of an order's lines, which were sold, come back where they came from.

        What has expired or was recalled meanwhile returns to its batch, and can't be sold.
        """
        entries = []
        for line in in_order(lines):
            closed = self._come_back(self.touch(line["product_id"]), line)
            entries.append(_entry(line, line["quantity"], reason, reference))
            entries += _closed_entries(line, closed, reference)
        stock_ledger.write(entries, identity)

    @transactional
    def receive_return(
        self, pieces: Iterable[ReturnedPieces], *, reference: str, identity: Identity
    ) -> None:
        """Pieces come back from a customer: some to be sold again, the others written off.

        Of a line that is from several batches those count as back first that expire first.
        """
        entries = []
        for back in sorted(pieces, key=lambda back: _unit(back.line)):
            line = back.line
            total = back.restock + back.write_off
            entries.append(_entry(line, total, MovementReason.RETURNED, reference))
            entries.append(_entry(line, -back.write_off, MovementReason.WRITTEN_OFF, reference))
            if back.restock:
                picks = part_of(line.get("batches", ()), line.get("returned", 0), back.restock)
                part = {**line, "quantity": back.restock, "batches": picks}
                closed = self._come_back(self.touch(line["product_id"]), part)
                entries += _closed_entries(line, closed, reference)
        stock_ledger.write(entries, identity)

    @staticmethod
    def _unheld(line: Row) -> Row:
        """The product, without what was held for the line. Raises RuntimeError if nothing was."""
        unit, quantity = _unit(line), line["quantity"]
        held = {"$elemMatch": {"id": unit.variant_id, "held": {"$gte": quantity}}}
        row: Row | None = Product.raw().find_one_and_update(
            {"_id": unit.product_id, "variants": held},
            bump({"$inc": {"variants.$.held": -quantity}}),
            return_document=True,
        )
        if row is None:
            raise RuntimeError(f"There are not {quantity} pieces held of {unit.variant_id}.")
        return row

    def _come_back(self, product: Row, line: Row) -> Counter[MovementReason]:
        """The pieces are in their batches again, and for sale but for those that are returned."""
        variant = find_variant(product, line["variant_id"])
        assert variant is not None
        closed = put_in(line.get("batches", ()))
        self.change(product, variant, line["quantity"] - closed.total())
        return closed


def needed(items: Iterable[Row]) -> Counter[Unit]:
    """How many of each variant the items of a cart need together."""
    counts: Counter[Unit] = Counter()
    for item in items:
        counts[Unit(item["product_id"], item["variant_id"])] += item["quantity"]
    return counts


def in_order(lines: Iterable[Row]) -> list[Row]:
    """Lines in the order in which their products are locked."""
    return sorted(lines, key=_unit)


def _unit(line: Row) -> Unit:
    return Unit(line["product_id"], line["variant_id"])


def _entry(line: Row, quantity: int, reason: MovementReason, reference: str | None) -> Entry:
    """Of the cost that the pieces had when they were sold, so that a sale taken back is even."""
    return Entry(
        unit=_unit(line),
        quantity=quantity,
        reason=reason,
        cost_price=line.get("cost_price"),
        reference=reference,
    )


def _closed_entries(
    line: Row, closed: Mapping[MovementReason, int], reference: str | None
) -> list[Entry]:
    return [_entry(line, -pieces, reason, reference) for reason, pieces in closed.items()]
