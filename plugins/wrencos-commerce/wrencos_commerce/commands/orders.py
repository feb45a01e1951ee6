"""`wrencos order`: find orders, look at one, and write them to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.order import Channel, Order, OrderStatus, PaymentStatus
from wrencos_commerce.services.order_export import OrderExport
from wrencos_commerce.services.order_queries import OrderFilter, OrderQueries
from wrencos_commerce.views.orders import order_detail, order_view
from wrencos_core.api import Platform, clock, fail, money, pass_platform, print_json, print_table

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@click.group()
def order() -> None:
    """Orders: find them, look at one, move them on, export them."""


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that limit a list of orders; the command takes them as `**limits`."""
    for option in (
        click.option("--text", help="Id, invoice or tracking number, e-mail address or phone."),
        click.option("--to", "placed_before", type=_DAY, help="Placed before, in the shop's zone."),
        click.option("--from", "placed_from", type=_DAY, help="Placed from, in the shop's zone."),
        click.option("--user", "user_id", help="Only this user's."),
        click.option("--channel", type=_choice(Channel), help="Only from there."),
        click.option("--payment-method", help="Only paid so."),
        click.option("--payment-status", type=_choice(PaymentStatus), help="Only those."),
        click.option("--status", type=_choice(OrderStatus), help="Only those."),
    ):
        command = option(command)
    return command


def _choice(values: Any) -> click.Choice[str]:
    return click.Choice([one.value for one in values])


@order.command("list")
@filter_options
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@as_json_option
@pass_platform
def list_orders(platform: Platform, /, limit: int, as_json: bool, **limits: Any) -> None:
    """List orders, the newest first."""
    wanted = _filter(platform, limits)
    rows, total = platform.services.require(OrderQueries).page(wanted, 0, limit)
    if as_json:
        print_json({"orders": [order_view(row) for row in rows], "totalCount": total})
        return
    zone = ZoneInfo(platform.settings.timezone)
    print_table(
        ["Order", "Placed", "Status", "Payment", "Pieces", "Total"],
        [
            [
                row["_id"],
                f"{row['created_at'].astimezone(zone):%Y-%m-%d %H:%M}",
                row["status"],
                row["payment_status"],
                row["item_count"],
                _amount(row["total_price"], row["currency"]),
            ]
            for row in rows
        ],
        empty="No orders.",
    )
    if total > len(rows):
        click.echo(f"{total - len(rows)} more: see --limit.")


@order.command("show")
@click.argument("order_id")
@as_json_option
@pass_platform
def show_order(platform: Platform, order_id: str, as_json: bool) -> None:
    """Show the order ORDER_ID with its lines, history and notes."""
    row = Order.raw().find_one({"_id": order_id})
    if row is None:
        fail(f"There is no order {order_id}.")
    if as_json:
        print_json(order_detail(row, for_staff=True))
        return
    zone = ZoneInfo(platform.settings.timezone)
    currency, address = row["currency"], row.get("shipping_address") or {}
    where = ("name", "phone", "street", "city", "state", "zip", "country")
    facts = {
        "Order": row["_id"],
        "Customer": row.get("user_id") or row.get("email") or "(no account)",
        "Status": row["status"],
        "Payment": f"{row['payment_method']}, {row['payment_status']}",
        "Address": ", ".join(address[name] for name in where if address.get(name)) or None,
        "Invoice": row.get("invoice_number"),
        "Total": _amount(row["total_price"], currency),
    }
    print_table(["", ""], [list(fact) for fact in facts.items()])
    print_table(
        ["SKU", "Name", "Pieces", "Total"],
        [
            [line["sku"], line["name"], line["quantity"], _amount(line["total"], currency)]
            for line in row["lines"]
        ],
    )
    notes = [(note["at"], note["actor"], note["text"]) for note in row.get("staff_notes", ())]
    steps = [
        (entry["at"], entry["actor"], ": ".join(filter(None, (entry["status"], entry.get("note")))))
        for entry in row["history"]
    ]
    print_table(
        ["When", "By", "What"],
        [(f"{at.astimezone(zone):%Y-%m-%d %H:%M}", *rest) for at, *rest in sorted(steps + notes)],
    )


@order.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@filter_options
@click.option("--bom", is_flag=True, help="Begin with a byte order mark, for Excel.")
@pass_platform
def export_orders(platform: Platform, /, file: Path | None, bom: bool, **limits: Any) -> None:
    """Write orders as CSV to FILE, or to standard output: one row for each line of an order."""
    wanted, export = _filter(platform, limits), platform.services.require(OrderExport)
    console = Console(stderr=True)
    with ExitStack() as stack:
        target = stack.enter_context(file.open("wb")) if file else sys.stdout.buffer
        bar = Progress(console=console, transient=True, disable=not console.is_terminal)
        task = stack.enter_context(bar).add_task("Exporting", total=export.count(wanted))
        for piece in export.pieces(
            wanted, CLI, with_bom=bom, progress=lambda count: bar.advance(task, count)
        ):
            target.write(piece)
        target.flush()


def _filter(platform: Platform, limits: dict[str, Any]) -> OrderFilter:
    zone = ZoneInfo(platform.settings.timezone)
    for name in ("placed_from", "placed_before"):
        day: datetime | None = limits[name]
        limits[name] = day and clock.to_milliseconds(day.replace(tzinfo=zone))
    return OrderFilter(**limits)


def _amount(amount: int, currency: str) -> str:
    return f"{money.to_major(amount, currency)} {currency}"
