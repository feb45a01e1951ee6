"""Orders of before there were taxes, parcels and payments get all three, as they were.

Runs again after a crash half-way: each order is written at once and known by its `channel`, and a
payment is made where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from wrencos_commerce.services.gateways.references import new_reference
from wrencos_core.api import Migration, Mongo, money, new_id
from wrencos_core.contracts.orders import OrderCharge, OrderLine

Row = Mapping[str, Any]

_BATCH = 500
_SHIPPED = ("shipped", "delivered")
# As long as a new attempt to pay on delivery is open.
_ON_DELIVERY = timedelta(days=365)


def apply(database: Mongo) -> None:
    """Give each old order the new fields, and the one attempt to pay it that it stood for."""
    orders, payments = database["commerce_orders"], database["commerce_payments"]
    old = {"channel": {"$exists": False}}
    while rows := list(orders.find(old).limit(_BATCH)):
        for order in rows:
            if not payments.find_one({"order_id": order["_id"]}, {"_id": 1}):
                payments.insert_one(_payment(order))
            values = _order(order)
            _tell_anew(database, {**order, **values})
            orders.update_one({"_id": order["_id"]}, {"$set": values})


def _tell_anew(database: Mongo, order: Row) -> None:
    """The stored events of the order get what they tell today, for plugins that come later."""
    told = {
        "channel": order["channel"],
        "lines": [
            {name: line[name] for name in OrderLine.__struct_fields__ if name in line}
            for line in order["lines"]
        ],
        "charges": [
            {name: charge[name] for name in OrderCharge.__struct_fields__}
            for charge in order["charges"]
        ],
        "adjustments": order.get("adjustments", []),
        "prices_include_tax": order["prices_include_tax"],
        "tax_total": order["tax_total"],
    }
    more: dict[str, dict[str, Any]] = {
        "placed": {"status": "confirmed"},
        "paid": {"payment_id": _payment_id(order["_id"]), "fee": None},
    }
    for name, fields in more.items():
        changes = {f"payload.{key}": value for key, value in {**told, **fields}.items()}
        database["core_events"].update_one({"_id": f"{order['_id']}:{name}"}, {"$set": changes})


def _order(order: Row) -> dict[str, Any]:
    off_lines, off_fees = _discounts(order)
    is_out = order["status"] in _SHIPPED
    lines = [
        {
            **line,
            "discount": share,
            "tax_rate": "0",
            "tax": 0,
            "total": line["line_total"] - share,
            "shipped": line["quantity"] if is_out else 0,
            "returned": 0,
            "refunded_pieces": 0,
            "refunded": 0,
        }
        for line, share in zip(order["lines"], off_lines, strict=True)
    ]
    fees = [a for a in order.get("adjustments", ()) if a["amount"] > 0]
    is_cancelled, is_paid = order["status"] == "cancelled", order["payment_status"] == "paid"
    values: dict[str, Any] = {
        "channel": "web",
        "lines": lines,
        "charges": [
            {
                "code": fee["code"],
                "label": fee["label"],
                "amount": fee["amount"],
                "discount": share,
                "tax_rate": "0",
                "tax": 0,
                "total": fee["amount"] - share,
                "refunded": 0,
            }
            for fee, share in zip(fees, off_fees, strict=True)
        ],
        "promotions": [],
        "prices_include_tax": True,
        "tax_total": 0,
        "paid": order["total_price"] if is_paid else 0,
        "refunded": 0,
        "stock": "returned" if is_cancelled else "taken",
        "shipments": [_shipment(order)] if is_out else [],
        "staff_notes": [],
    }
    if is_cancelled:
        last = order["history"][-1]["actor"]
        values["cancel_reason"] = "customer" if last == order["user_id"] else "staff"
    return values


def _discounts(order: Row) -> tuple[list[int], list[int]]:
    """What of the discounts falls on each line, and on each fee.

    One that was more than the goods took off the fees before it too.
    """
    costs, fees = [line["line_total"] for line in order["lines"]], []
    left, left_of_fees = costs, list[int]()
    for adjustment in order.get("adjustments", ()):
        if adjustment["amount"] > 0:
            fees.append(adjustment["amount"])
            left_of_fees = [*left_of_fees, adjustment["amount"]]
        else:
            left, rest = _less(left, -adjustment["amount"])
            left_of_fees, _ = _less(left_of_fees, rest)
    return _differences(costs, left), _differences(fees, left_of_fees)


def _less(costs: Sequence[int], amount: int) -> tuple[list[int], int]:
    """The costs after so much was taken off, each by its share, and what could not be."""
    taken = min(amount, sum(costs))
    shares = money.split(taken, costs)
    return _differences(costs, shares), amount - taken


def _differences(before: Sequence[int], after: Sequence[int]) -> list[int]:
    return [first - second for first, second in zip(before, after, strict=True)]


def _shipment(order: Row) -> dict[str, Any]:
    moments = {entry["status"]: entry["at"] for entry in order["history"]}
    shipment: dict[str, Any] = {
        "id": new_id("ship"),
        "items": [
            {"variant_id": line["variant_id"], "quantity": line["quantity"]}
            for line in order["lines"]
        ],
        "shipped_at": moments.get("shipped", order["updated_at"]),
    }
    if order.get("tracking_number"):
        shipment["tracking_number"] = order["tracking_number"]
    if order["status"] == "delivered":
        shipment["delivered_at"] = order.get("delivered_at") or order["updated_at"]
    return shipment


def _payment_id(order_id: str) -> str:
    return order_id.replace("order_", "pay_", 1)


def _payment(order: Row) -> dict[str, Any]:
    """Cash on delivery was the only way to pay."""
    is_paid = order["payment_status"] == "paid"
    state = {"paid": "paid", "void": "cancelled"}.get(order["payment_status"], "pending")
    total, moment = order["total_price"], order["created_at"]
    row: dict[str, Any] = {
        "_id": _payment_id(order["_id"]),
        "order_id": order["_id"],
        "user_id": order["user_id"],
        "method": order["payment_method"],
        "kind": "on_delivery",
        "reference": new_reference(),
        "amount": total,
        "currency": order["currency"],
        "state": state,
        "history": [{"state": state, "at": order["updated_at"], "actor": "system"}],
        "expires_at": moment + _ON_DELIVERY,
        "received": total if is_paid else 0,
        "is_late": False,
        "is_counted": is_paid,
        "refund_reserved": 0,
        "refunded": 0,
        "asked": 0,
        "created_at": moment,
        "updated_at": order["updated_at"],
        "version": 0,
    }
    if is_paid:
        row["paid_at"] = order.get("delivered_at") or order["updated_at"]
    if state == "pending":
        row["open_for"] = order["_id"]
    return row


GIVE_ORDERS_PAYMENTS = Migration("commerce", 7, "give_orders_payments", apply)
