"""`wrencos order status|ship|cancel`: moving orders on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.services.order_shipments import Parcel
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.views.orders import order_detail
from wrencos_core.api import Platform, fail, pass_platform, print_json

Row = Mapping[str, Any]

_NEXT = [
    status.value
    for status in OrderStatus
    if status not in (OrderStatus.PENDING, OrderStatus.PARTIALLY_SHIPPED)
]
_note_option = click.option("--note", help="Kept in the order's history.")


@click.command("status")
@click.argument("order_id")
@click.argument("new_status", type=click.Choice(_NEXT))
@_note_option
@as_json_option
@pass_platform
def status(
    platform: Platform, order_id: str, new_status: str, note: str | None, as_json: bool
) -> None:
    """Move the order ORDER_ID on to NEW_STATUS."""
    change = StatusChange(status=OrderStatus(new_status), note=note)
    _show(platform.services.require(Orders).change_status(order_id, change, CLI), as_json)


@click.command("ship")
@click.argument("order_id")
@click.argument("pieces", metavar="[SKU=QTY]...", nargs=-1)
@click.option("--carrier", help="Who brings it.")
@click.option("--tracking-number", help="The carrier's number of the parcel.")
@_note_option
@as_json_option
@pass_platform
def ship(
    platform: Platform,
    order_id: str,
    pieces: Sequence[str],
    carrier: str | None,
    tracking_number: str | None,
    note: str | None,
    as_json: bool,
) -> None:
    """Send a parcel of the order ORDER_ID off: with these pieces, or with all that is left."""
    parcel = Parcel(
        pieces=_pieces(order_id, pieces) if pieces else None,
        carrier=carrier,
        tracking_number=tracking_number,
        note=note,
    )
    _show(platform.services.require(Orders).ship(order_id, parcel, CLI), as_json)


@click.command("cancel")
@click.argument("order_id")
@_note_option
@as_json_option
@pass_platform
def cancel(platform: Platform, order_id: str, note: str | None, as_json: bool) -> None:
    """Cancel the order ORDER_ID: its pieces are for sale again, what was paid goes back."""
    change = StatusChange(status=OrderStatus.CANCELLED, note=note)
    _show(platform.services.require(Orders).change_status(order_id, change, CLI), as_json)


def _pieces(order_id: str, words: Sequence[str]) -> Mapping[str, int]:
    row = Order.raw().find_one({"_id": order_id}, {"lines": 1})
    known = {line["sku"]: line["variant_id"] for line in row["lines"]} if row else {}
    wanted: Counter[str] = Counter()
    for word in words:
        sku, _, count = word.rpartition("=")
        if sku not in known:
            fail(f"{sku or word} is not in the order {order_id}.")
        if not (count.isascii() and count.isdigit() and 0 < int(count) < 10_000):
            fail(f"{word}: {count!r} is no number of pieces.")
        wanted[known[sku]] += int(count)
    return wanted


def _show(row: Row, as_json: bool) -> None:
    if as_json:
        print_json(order_detail(row, for_staff=True))
    else:
        click.echo(f"{row['_id']}: {row['status']}, payment {row['payment_status']}.")
