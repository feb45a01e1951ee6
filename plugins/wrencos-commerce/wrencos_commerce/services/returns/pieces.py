"""How many pieces of an order may come back, and counting those that do; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.order import OrderStatus

Row = Mapping[str, Any]


def delivered(order: Row) -> Counter[str]:
    """The pieces that arrived, by variant: all that left, or those of parcels that are there."""
    if order["status"] == OrderStatus.DELIVERED:
        return Counter({line["variant_id"]: line["shipped"] for line in order["lines"]})
    pieces: Counter[str] = Counter()
    for parcel in order.get("shipments", ()):
        if parcel.get("delivered_at"):
            for item in parcel["items"]:
                pieces[item["variant_id"]] += item["quantity"]
    return pieces


def returnable(order: Row, *, for_money: bool) -> dict[str, int]:
    """How many more pieces of each line may be asked back, by variant.

    What is in another return, open or finished, does not count, nor, `for_money`, what was paid
    back already.
    """
    if order["status"] == OrderStatus.CANCELLED:
        return {}
    there = delivered(order)
    left = {}
    for line in order["lines"]:
        returning = line.get("returning", 0)
        pieces = there[line["variant_id"]] - line["returned"] - returning
        if for_money:
            pieces = min(pieces, line["quantity"] - line["refunded_pieces"] - returning)
        left[line["variant_id"]] = max(pieces, 0)
    return left


def refundable(line: Row, pieces: int) -> int:
    """Of so many pieces that came back, those whose price was not paid back before."""
    return min(pieces, int(line["quantity"]) - int(line["refunded_pieces"]))


def counted(
    order: Row, returning: Mapping[str, int], returned: Mapping[str, int] | None = None
) -> list[Row]:
    """The order's lines with these many pieces more (or fewer) in open and in finished returns."""
    back = returned or {}
    return [
        {
            **line,
            "returning": line.get("returning", 0) + returning.get(line["variant_id"], 0),
            "returned": line["returned"] + back.get(line["variant_id"], 0),
        }
        for line in order["lines"]
    ]
