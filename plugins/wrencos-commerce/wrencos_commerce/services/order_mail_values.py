"""What the mails about orders show, out of an order's row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wrencos_commerce.models.order import Address, PaymentStatus

Row = Mapping[str, Any]


def order_values(row: Row) -> dict[str, Any]:
    """The order's table: lines, what was taken off and put on, and its total (minor units)."""
    charges, address = row["charges"], row.get("shipping_address")
    return {
        "id": row["_id"],
        "currency": row["currency"],
        "lines": [
            {
                "name": piece_name(line),
                "quantity": line["quantity"],
                "amount": line["line_total"],
            }
            for line in row["lines"]
        ],
        "subtotal": row["subtotal"],
        "discounts": _discounts(row),
        "charges": [
            {"code": charge["code"], "label": charge["label"], "amount": charge["amount"]}
            for charge in charges
        ],
        "tax": row["tax_total"],
        "prices_include_tax": row["prices_include_tax"],
        "total": row["total_price"],
        # Goods of another order that came back pay for it.
        "credit": row["paid"] if row["payment_status"] == PaymentStatus.PENDING else 0,
        "is_paid": row["payment_status"] == PaymentStatus.PAID,
        "address": address and {name: address.get(name) for name in Address._fields},
    }


def pieces_of(row: Row, wanted: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """So many pieces of the order's lines by their variants, in words."""
    lines = {line["variant_id"]: line for line in row["lines"]}
    return [
        {"name": piece_name(lines[variant_id]), "quantity": quantity}
        for variant_id, quantity in wanted
        if quantity
    ]


def piece_name(line: Row) -> str:
    """The name of a line with that of its variant."""
    variant = line.get("variant_name")
    return f"{line['name']} ({variant})" if variant else str(line["name"])


def _discounts(row: Row) -> list[dict[str, Any]]:
    """Each by its label; in one sum without a label where they were not applied in full."""
    applied = sum(part["discount"] for part in (*row["lines"], *row["charges"]))
    named = [
        {"label": adjustment["label"], "amount": adjustment["amount"]}
        for adjustment in row["adjustments"]
        if adjustment["amount"] < 0
    ]
    if sum(discount["amount"] for discount in named) == -applied:
        return named
    return [{"label": None, "amount": -applied}]
