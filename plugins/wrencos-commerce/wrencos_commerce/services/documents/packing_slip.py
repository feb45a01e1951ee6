"""The packing slip of an order, or of one of its parcels: what to put in, and no prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from wrencos_commerce.services.documents.money_parts import item_cell
from wrencos_commerce.services.documents.parties import Seller, address_lines
from wrencos_commerce.services.documents.sheet import (
    LEFT,
    RIGHT,
    Block,
    Cell,
    Column,
    Frame,
    Sheet,
    drawn,
)
from wrencos_commerce.services.documents.words import Say, words_of
from wrencos_commerce.services.labels.codes import qr_modules
from wrencos_commerce.services.order_customers import Customer
from wrencos_core.api import localised, pdf

Row = Mapping[str, Any]

_QR_SIDE = 22.0


class PackingSlipData(NamedTuple):
    """All that a packing slip says. `shipment` None: all that was ordered."""

    order: Row
    shipment: Row | None
    seller: Seller
    customer: Customer
    ordered_on: date
    locale: str


def packing_slip(data: PackingSlipData) -> bytes:
    """The PDF. It asks the database nothing, so it may run in a thread of its own."""
    say = words_of(data.locale)
    number = data.order["_id"]
    frame = Frame(
        shop=data.seller.shop,
        title=say("packing_slip"),
        number=number,
        foot=data.seller.foot(say),
        author=data.seller.name,
    )
    facts = [
        (say("order"), number),
        (say("order_date"), localised.date_text(data.ordered_on, data.locale)),
    ]
    if data.shipment:
        facts.append((say("parcel"), data.shipment["id"]))

    def draw(sheet: Sheet) -> None:
        sheet.begin(data.seller.lines(say), facts)
        top = sheet.y
        sheet.blocks(_blocks(data, say))
        sheet.code(RIGHT - _QR_SIDE, top, _QR_SIDE, qr_modules(data.order["_id"]))
        sheet.y = max(sheet.y, top + _QR_SIDE + 4)
        _table(sheet, data, say)

    return drawn(frame, say, draw)


def _blocks(data: PackingSlipData, say: Say) -> Sequence[Block]:
    order, parcel = data.order, data.shipment or {}
    address = address_lines(order, data.locale)
    phone = (order.get("shipping_address") or {}).get("phone")
    where = [line for line in (data.customer.name, *address, phone) if line]
    method = (order.get("shipping_method") or {}).get("name")
    how = [
        line for line in (parcel.get("carrier") or method, parcel.get("tracking_number")) if line
    ]
    return (
        Block(say("ship_to"), where if address else [say("no_address")], 80),
        Block(say("delivery"), how, 60),
    )


def _table(sheet: Sheet, data: PackingSlipData, say: Say) -> None:
    wanted = {line["variant_id"]: line["quantity"] for line in data.order["lines"]}
    if data.shipment:
        wanted = {item["variant_id"]: item["quantity"] for item in data.shipment["items"]}
    columns = (
        Column("", 8, "left"),
        Column(say("item"), 98, "left"),
        Column(say("batch"), 32, "left"),
        Column(say("quantity"), 16),
        Column(say("packed"), 20),
    )
    lines = [line for line in data.order["lines"] if line["variant_id"] in wanted]
    rows = [
        (
            Cell(str(number)),
            item_cell(line),
            Cell("", ", ".join(batch["code"] for batch in line.get("batches", ()))),
            Cell(str(wanted[line["variant_id"]]), bold=True),
            Cell("", box=True),
        )
        for number, line in enumerate(lines, start=1)
    ]
    sheet.table(columns, rows)
    note = pdf.wrapped(data.order.get("note") or "", RIGHT - LEFT, 8, size=9)
    sheet.keep_together(12 + len(note) * 4.6)
    sheet.text(LEFT, f"{say('pieces')}: {sum(wanted.values())}", bold=True)
    if note:
        sheet.y += 8
        sheet.text(LEFT, say("note"), grey=True)
    for line in note:
        sheet.y += 4.6
        sheet.text(LEFT, line, size=9)
