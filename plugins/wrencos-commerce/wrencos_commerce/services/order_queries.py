"""Reading orders: a customer's own, all of them for staff, and for other plugins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wrencos_commerce.models.order import Order
from wrencos_commerce.permissions import READ_ORDERS
from wrencos_commerce.services.order_search import matching
from wrencos_core.api import SYSTEM, Identity, Listing, NotFound, Platform
from wrencos_core.contracts.commerce import Adjustment
from wrencos_core.contracts.orders import OrderCharge, OrderInfo, OrderLine

Row = Mapping[str, Any]

NEWEST = [("created_at", -1), ("_id", -1)]


@dataclass(frozen=True, kw_only=True)
class OrderFilter:
    """What a page of orders is limited to; `placed_from` is included, `placed_before` is not.

    `text` is whatever `order_search.matching` finds orders by.
    """

    user_id: str | None = None
    status: str | None = None
    payment_status: str | None = None
    payment_method: str | None = None
    channel: str | None = None
    text: str | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None

    @property
    def query(self) -> dict[str, Any]:
        """The MongoDB filter, but for `text`."""
        fields = ("user_id", "status", "payment_status", "payment_method", "channel")
        query: dict[str, Any] = {
            field: value for field in fields if (value := getattr(self, field)) is not None
        }
        bounds = {"$gte": self.placed_from, "$lt": self.placed_before}
        if placed := {operator: bound for operator, bound in bounds.items() if bound is not None}:
            query["created_at"] = placed
        return query


class OrderQueries:
    """Reads orders; provides contracts.commerce.OrderReader."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._listing = Listing(Order.raw)

    def page(self, wanted: OrderFilter, skip: int, limit: int) -> tuple[list[Row], int]:
        """The newest orders that fit, and how many fit in all."""
        return self._listing.page(self.query(wanted), sort=NEWEST, skip=skip, limit=limit)

    def query(self, wanted: OrderFilter) -> Row:
        """The MongoDB filter for the orders that fit."""
        if wanted.text is None:
            return wanted.query
        return {**wanted.query, **matching(self._platform, wanted.text)}

    def visible_to(self, identity: Identity, id: str) -> Row:
        """The caller's own order, or anyone's for staff who may read orders; else NotFound."""
        row: Row | None = Order.raw().find_one({"_id": id})
        if row is not None and (
            row.get("user_id", "") == identity.user_id
            or self._platform.allows(identity, READ_ORDERS)
        ):
            return row
        raise NotFound(f"There is no order {id}.")

    def order(self, id: str) -> OrderInfo | None:
        """The order as it is published to other plugins, or None."""
        row = Order.raw().find_one({"_id": id})
        return None if row is None else order_info(row)

    def placed_between(self, start: datetime, end: datetime) -> Iterator[OrderInfo]:
        """Every order placed from `start` up to but not including `end`, oldest first."""
        query = OrderFilter(placed_from=start, placed_before=end).query
        for row in Order.raw().find(query).sort([("created_at", 1), ("_id", 1)]):
            yield order_info(row)


def order_info(row: Row) -> OrderInfo:
    """A stored order as other plugins see it."""
    return OrderInfo(
        id=row["_id"],
        user_id=row.get("user_id"),
        channel=row["channel"],
        status=row["status"],
        payment_method=row["payment_method"],
        payment_status=row["payment_status"],
        lines=lines_of(row),
        charges=charges_of(row),
        adjustments=adjustments_of(row),
        prices_include_tax=row["prices_include_tax"],
        tax_total=row["tax_total"],
        total_price=row["total_price"],
        paid=row["paid"],
        refunded=row["refunded"],
        currency=row["currency"],
        country=row.get("shipping_address", {}).get("country"),
        placed_at=row["created_at"],
    )


def history_for_owner(row: Row) -> list[dict[str, Any]]:
    """The history of a stored order as its customer may see it.

    `actor` is `customer`, `staff` or `system`, and only the customer's own notes are there: those
    of staff are for staff.
    """
    return [_entry_for_owner(entry, str(row.get("user_id"))) for entry in row["history"]]


def _entry_for_owner(entry: Row, owner: str) -> dict[str, Any]:
    if entry["actor"] == owner:
        return {**entry, "actor": "customer"}
    shown = {key: value for key, value in entry.items() if key != "note"}
    return {**shown, "actor": "system" if entry["actor"] == SYSTEM.actor else "staff"}


def lines_of(row: Row) -> tuple[OrderLine, ...]:
    """The lines of a stored order; a missing cost is None."""
    return tuple(
        OrderLine(
            product_id=line["product_id"],
            variant_id=line["variant_id"],
            sku=line["sku"],
            name=line["name"],
            variant_name=line.get("variant_name"),
            quantity=line["quantity"],
            price=line["price"],
            cost_price=line.get("cost_price"),
            line_total=line["line_total"],
            discount=line["discount"],
            tax_rate=line["tax_rate"],
            tax=line["tax"],
            total=line["total"],
            category_id=line.get("category_id"),
            image_url=line.get("image_url"),
        )
        for line in row["lines"]
    )


def charges_of(row: Row) -> tuple[OrderCharge, ...]:
    """What was paid besides the goods of a stored order."""
    names = OrderCharge.__struct_fields__
    return tuple(OrderCharge(**{name: c[name] for name in names}) for c in row["charges"])


def adjustments_of(row: Row) -> tuple[Adjustment, ...]:
    """The adjustments of a stored order."""
    return tuple(Adjustment(**adjustment) for adjustment in row["adjustments"])
