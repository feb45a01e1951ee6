"""The credit note of a refund: what of an invoice was paid back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from wrencos_commerce.services.documents.money_parts import (
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


class CreditNoteData(NamedTuple):
    """All that a credit note says; the day is that of the shop's time zone."""

    order: Row
    refund: Row
    seller: Seller
    customer: Customer
    method: str
    issued_on: date
    locale: str


def credit_note(data: CreditNoteData) -> bytes:
    """The PDF. It asks the database nothing, so it may run in a thread of its own."""
    say = words_of(data.locale)
    number = data.refund["credit_note_number"]
    frame = Frame(
        shop=data.seller.shop,
        title=say("credit_note"),
        number=number,
        foot=data.seller.foot(say),
        author=data.seller.name,
    )
    facts = (
        (say("credit_note_number"), number),
        (say("date"), localised.date_text(data.issued_on, data.locale)),
        (say("of_invoice"), data.order["invoice_number"]),
        (say("order"), data.order["_id"]),
    )
    phone = (data.order.get("shipping_address") or {}).get("phone")
    customer = [line for line in (data.customer.name, phone, data.customer.email) if line]
    reason = say(f"reason.{data.refund['reason']}")

    def draw(sheet: Sheet) -> None:
        sheet.begin(data.seller.lines(say), facts)
        sheet.blocks(
            (
                Block(say("customer"), customer, 58),
                Block("", address_lines(data.order, data.locale), 70, names=False),
                Block(say("refund"), [data.method, reason], 46),
            )
        )
        _table(sheet, data, say)

    return drawn(frame, say, draw)


def _table(sheet: Sheet, data: CreditNoteData, say: Say) -> None:
    shown = amounts_in(data.refund["currency"], data.locale)
    lines = {line["variant_id"]: line for line in data.order["lines"]}
    charges = {charge["code"]: charge for charge in data.order["charges"]}
    parts: list[tuple[Cell, str, Row, Row]] = [
        (
            item_cell(lines[part["variant_id"]]),
            str(part["quantity"]) if part["quantity"] else say("price_lowered"),
            part,
            lines[part["variant_id"]],
        )
        for part in data.refund["lines"]
    ]
    parts += [
        (Cell(charge_label(charges[part["code"]], say), bold=True), "", part, charges[part["code"]])
        for part in data.refund["charges"]
    ]
    columns = (
        Column("", 8, "left"),
        Column(say("item"), 87, "left"),
        Column(say("quantity"), 25),
        Column(say("tax"), 25),
        Column(say("amount"), 29),
    )
    sheet.table(
        columns,
        [
            (
                Cell(str(number)),
                item,
                Cell(quantity),
                Cell(shown(part["tax"]), rate_text(of["tax_rate"], data.locale)),
                Cell(shown(part["amount"]), bold=True),
            )
            for number, (item, quantity, part, of) in enumerate(parts, start=1)
        ],
    )
    taxes = tax_by_rate((of["tax_rate"], part["tax"], part["amount"]) for *_, part, of in parts)
    sheet.keep_together(max(20, len(taxes) * 7 + 20))
    top = sheet.y
    draw_taxes(sheet, say, data.locale, shown, taxes)
    sheet.y = top
    sheet.amounts(_AMOUNTS_FROM, [(say("refund_total"), shown(data.refund["amount"]), True)])
