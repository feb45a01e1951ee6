"""The invoice of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from wrencos_commerce.models.order import PaymentStatus
from wrencos_commerce.services.documents.money_parts import (
    Shown,
    amounts_in,
    charge_label,
    draw_taxes,
    item_cell,
    rate_text,
    tax_by_rate,
)
from wrencos_commerce.services.documents.parties import Seller, address_lines
from wrencos_commerce.services.documents.sheet import Block, Cell, Column, Frame, Sheet, drawn
from wrencos_commerce.services.documents.words import Say, words_of
from wrencos_commerce.services.order_customers import Customer
from wrencos_core.api import localised

Row = Mapping[str, Any]

_AMOUNTS_FROM = 120.0


class InvoiceData(NamedTuple):
    """All that an invoice says; the days are those of the shop's time zone."""

    order: Row
    seller: Seller
    customer: Customer
    method: str
    issued_on: date
    ordered_on: date
    locale: str


def invoice(data: InvoiceData) -> bytes:
    """The PDF. It asks the database nothing, so it may run in a thread of its own."""
    say = words_of(data.locale)
    number = data.order["invoice_number"]
    frame = Frame(
        shop=data.seller.shop,
        title=say("invoice"),
        number=number,
        foot=data.seller.foot(say),
        author=data.seller.name,
    )
    facts = (
        (say("invoice_number"), number),
        (say("date"), localised.date_text(data.issued_on, data.locale)),
        (say("order"), data.order["_id"]),
        (say("order_date"), localised.date_text(data.ordered_on, data.locale)),
    )

    def draw(sheet: Sheet) -> None:
        sheet.begin(data.seller.lines(say), facts)
        sheet.blocks(_blocks(data, say))
        _lines(sheet, data, say)
        _totals(sheet, data, say)

    return drawn(frame, say, draw)


def _blocks(data: InvoiceData, say: Say) -> Sequence[Block]:
    order = data.order
    phone = (order.get("shipping_address") or {}).get("phone")
    status = say(f"payment.{order['payment_status']}")
    shipping = (order.get("shipping_method") or {}).get("name")
    where = address_lines(order, data.locale) or [say("no_address")]
    return (
        Block(say("customer"), _filled(data.customer.name, phone, data.customer.email), 58),
        Block(say("ship_to"), _filled(*where), 70, names=False),
        Block(say("payment"), _filled(data.method, status, shipping), 46),
    )


def _filled(*lines: str | None) -> list[str]:
    return [line for line in lines if line]


def _lines(sheet: Sheet, data: InvoiceData, say: Say) -> None:
    """The goods; a column that would hold nothing but zeros is left out."""
    order, shown = data.order, amounts_in(data.order["currency"], data.locale)
    discounted = any(line["discount"] for line in order["lines"])
    taxed = any(line["tax"] for line in order["lines"])
    optional = [
        *([Column(say("discount"), 23)] if discounted else []),
        *([Column(say("tax"), 23)] if taxed else []),
    ]
    fixed = (Column("", 8, "left"), Column(say("quantity"), 12), Column(say("price"), 25))
    total = Column(say("total"), 27)
    room = 174 - sum(column.width for column in (*fixed, *optional, total))
    columns = (fixed[0], Column(say("item"), room, "left"), *fixed[1:], *optional, total)
    rows = []
    for number, line in enumerate(order["lines"], start=1):
        row = [Cell(str(number)), item_cell(line), Cell(str(line["quantity"]))]
        row.append(Cell(shown(line["price"])))
        if discounted:
            row.append(Cell(shown(-line["discount"]) if line["discount"] else ""))
        if taxed:
            row.append(Cell(shown(line["tax"]), rate_text(line["tax_rate"], data.locale)))
        rows.append([*row, Cell(shown(line["total"]), bold=True)])
    sheet.table(columns, rows)


def _totals(sheet: Sheet, data: InvoiceData, say: Say) -> None:
    """The sums at the right, the tax by rate at the left, on one page."""
    order, shown = data.order, amounts_in(data.order["currency"], data.locale)
    parts = [*order["lines"], *order["charges"]]
    taxes = tax_by_rate((part["tax_rate"], part["tax"], part["total"]) for part in parts)
    sums = _sums(order, shown, say)
    sheet.keep_together(max(len(sums) * 5 + 12, len(taxes) * 7 + 18))
    top = sheet.y
    draw_taxes(sheet, say, data.locale, shown, taxes)
    sheet.y = top
    sheet.amounts(_AMOUNTS_FROM, sums)


def _sums(order: Row, shown: Shown, say: Say) -> list[tuple[str, str, bool]]:
    """From the price of the goods to what is still to be paid."""
    sums = [(say("subtotal"), shown(order["subtotal"]), False)]
    if discount := sum(line["discount"] for line in order["lines"]):
        sums.append((say("discount"), shown(-discount), False))
    for charge in order["charges"]:
        amount = charge["amount"] - charge["discount"]
        sums.append((charge_label(charge, say), shown(amount), False))
    on_top = not order["prices_include_tax"] and order["tax_total"]
    if on_top:
        sums.append((say("tax_on_top"), shown(order["tax_total"]), False))
    sums.append((say("grand_total"), shown(order["total_price"]), True))
    if order["tax_total"] and not on_top:
        sums.append((say("tax_within"), shown(order["tax_total"]), False))
    if order["paid"]:
        sums.append((say("paid"), shown(order["paid"]), False))
    if order["refunded"]:
        sums.append((say("refunded"), shown(-order["refunded"]), False))
    due = order["total_price"] - order["paid"]
    if order["payment_status"] == PaymentStatus.PENDING and due > 0:
        sums.append((say("due"), shown(due), True))
    return sums
