"""Orders as CSV, piece by piece: constant memory however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from wrencos_commerce.models.order import Order
from wrencos_commerce.services.csv.cells import harmless
from wrencos_commerce.services.csv.export import written
from wrencos_commerce.services.order_queries import OrderFilter, OrderQueries
from wrencos_commerce.services.priced import SHIPPING
from wrencos_core.api import Identity, Platform, audit, money, transaction
from wrencos_core.contracts.auth import UserDirectory, UserSummary

Row = Mapping[str, Any]
Cells = dict[str, str]

OLDEST = [("created_at", 1), ("_id", 1)]
COLUMNS = (
    *("orderId", "placedAt", "status", "paymentStatus", "paymentMethod", "channel"),
    *("invoiceNumber", "userId", "email", "name", "phone", "street", "city", "state", "zip"),
    *("country", "trackingNumbers", "sku", "product", "variant", "quantity", "price", "discount"),
    *("taxRate", "tax", "lineTotal", "currency"),
    # In the first row of an order alone, so that a column can be summed up.
    *("shipping", "fees", "orderTax", "orderTotal", "paid", "refunded"),
)
_FETCHED = 200
_BOM = "\ufeff".encode()


class OrderExport:
    """Writes orders, the oldest first, one row for each line; amounts in major units."""

    def __init__(self, platform: Platform, queries: OrderQueries) -> None:
        self._platform = platform
        self._queries = queries
        self._zone = ZoneInfo(platform.settings.timezone)

    def count(self, wanted: OrderFilter) -> int:
        """How many orders fit."""
        return int(Order.raw().count_documents(self._queries.query(wanted)))

    def pieces(
        self,
        wanted: OrderFilter,
        identity: Identity,
        *,
        with_bom: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[bytes]:
        """The file in UTF-8, in pieces of about 64 KiB; who asked for it is audited.

        `progress` is told how many orders more were read, some hundred at a time.
        """
        changes = {name: str(value) for name, value in vars(wanted).items() if value is not None}
        transaction(lambda: audit.record(identity, "commerce.orders.export", "orders", changes))
        query = self._queries.query(wanted)
        # The driver would fetch 16 MB at a time.
        found = Order.raw().find(query, {"history": 0}).sort(OLDEST).batch_size(_FETCHED)
        return self._written(found, with_bom=with_bom, progress=progress or (lambda _: None))

    def _written(
        self, orders: Iterable[Row], *, with_bom: bool, progress: Callable[[int], None]
    ) -> Iterator[bytes]:
        if with_bom:
            yield _BOM
        yield from written(COLUMNS, self._rows(iter(orders), progress))

    def _rows(self, orders: Iterator[Row], progress: Callable[[int], None]) -> Iterator[Cells]:
        directory = self._platform.services.require(UserDirectory)
        while batch := list(islice(orders, _FETCHED)):
            users = directory.find_many({row["user_id"] for row in batch if row.get("user_id")})
            for row in batch:
                yield from self._order(row, users.get(row.get("user_id") or ""))
            progress(len(batch))

    def _order(self, row: Row, user: UserSummary | None) -> Iterator[Cells]:
        email = user.email if user else row.get("email")
        address, contact = row.get("shipping_address") or {}, row.get("contact") or {}
        parcels = [parcel.get("tracking_number") for parcel in row.get("shipments", ())]
        texts = {
            "orderId": row["_id"],
            "placedAt": row["created_at"].astimezone(self._zone).isoformat(timespec="seconds"),
            "status": row["status"],
            "paymentStatus": row["payment_status"],
            "paymentMethod": row["payment_method"],
            "channel": row["channel"],
            "invoiceNumber": row.get("invoice_number"),
            "userId": row.get("user_id"),
            "email": email,
            **{name: address.get(name) or contact.get(name) for name in ("name", "phone")},
            **{name: address.get(name) for name in ("street", "city", "state", "zip", "country")},
            "trackingNumbers": "; ".join(filter(None, parcels)),
        }
        common = {name: harmless(text or "") for name, text in texts.items()}
        for number, line in enumerate(row["lines"]):
            cells = {**common, **_line(line, row["currency"])}
            yield cells if number else {**cells, **_whole(row)}


def _line(line: Row, currency: str) -> Cells:
    return {
        "sku": harmless(line["sku"]),
        "product": harmless(line["name"]),
        "variant": harmless(line.get("variant_name") or ""),
        "quantity": str(line["quantity"]),
        "price": _major(line["price"], currency),
        "discount": _major(line["discount"], currency),
        "taxRate": line["tax_rate"],
        "tax": _major(line["tax"], currency),
        "lineTotal": _major(line["total"], currency),
        "currency": currency,
    }


def _whole(row: Row) -> Cells:
    """What belongs to all lines together."""
    charges = row.get("charges", ())
    amounts = {
        "shipping": sum(c["total"] for c in charges if c["code"] == SHIPPING),
        "fees": sum(c["total"] for c in charges if c["code"] != SHIPPING),
        "orderTax": row["tax_total"],
        "orderTotal": row["total_price"],
        "paid": row["paid"],
        "refunded": row["refunded"],
    }
    return {name: _major(amount, row["currency"]) for name, amount in amounts.items()}


def _major(amount: int, currency: str) -> str:
    return f"{money.to_major(amount, currency):f}"
