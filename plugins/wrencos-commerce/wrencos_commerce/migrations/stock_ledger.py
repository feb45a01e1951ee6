"""Opens the ledger of the stock: what is on hand by then, of each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.errors import OperationFailure

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.stock_ledger import Entry, Unit
from wrencos_core.api import SYSTEM, Migration, Mongo, transaction

_BATCH = 200
_INDEX_NOT_FOUND = 27


def apply(database: Mongo) -> None:
    """Writes down what the ledger does not know yet, so a second run writes nothing.

    Product and ledger are read as of one moment: what is sold meanwhile changes both alike.
    """
    products = database[Product._get_collection_name()]
    try:
        products.drop_index("low_stock")
    except OperationFailure as error:
        if error.code != _INDEX_NOT_FOUND:
            raise
    last = ""
    while last := transaction(lambda last=last: _opened(last)):  # type: ignore[misc]
        pass


def _opened(last: str) -> str:
    """Open the ledger of the next products; the id of the last of them, empty after the end."""
    query, fields = {"_id": {"$gt": last}}, {"variants": 1}
    rows = list(Product.raw().find(query, fields).sort("_id", 1).limit(_BATCH))
    ids = [str(row["_id"]) for row in rows]
    stock_ledger.write(_missing(rows, stock_ledger.sums(ids)), SYSTEM)
    return ids[-1] if ids else ""


def _missing(rows: Sequence[Mapping[str, Any]], known: Mapping[Unit, int]) -> list[Entry]:
    return [
        Entry(
            unit=unit,
            quantity=stock_ledger.on_hand(variant) - known.get(unit, 0),
            reason=MovementReason.OPENING,
            cost_price=variant.get("cost_price"),
        )
        for row in rows
        for variant in row["variants"]
        for unit in [Unit(row["_id"], variant["id"])]
    ]


OPEN_STOCK_LEDGER = Migration("commerce", 6, "open_stock_ledger", apply)
