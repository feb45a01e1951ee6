"""`wrencos return`, and `wrencos order return`: goods that come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.commands.pieces import decimal, pairs, variant_id, whole
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.order_return import ReturnReason, ReturnResolution, ReturnState
from wrencos_commerce.services.returns.exchanging import ExchangeTerms
from wrencos_commerce.services.returns.queries import ReturnQueries
from wrencos_commerce.services.returns.receiving import Inspected, Inspection, ReturnReceiving
from wrencos_commerce.services.returns.requests import OrderReturns, ReturnedItem, ReturnWish
from wrencos_commerce.views.returns import return_view
from wrencos_core.api import Platform, fail, money, pass_platform, print_json, print_table

Row = Mapping[str, Any]


@click.group("return")
def returns() -> None:
    """Goods that come back: decide about them, and book what came."""


@returns.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in ReturnState]), help="Only those."
)
@click.option("--order", "order_id", help="Only of this order.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@as_json_option
@pass_platform
def list_returns(
    platform: Platform, state: str | None, order_id: str | None, limit: int, as_json: bool
) -> None:
    """List returns, the newest first."""
    limits = {"state": state, "order_id": order_id}
    wanted = {name: value for name, value in limits.items() if value}
    rows, total = platform.services.require(ReturnQueries).page(wanted, 0, limit)
    if as_json:
        views = [return_view(row, for_staff=True) for row in rows]
        print_json({"returns": views, "totalCount": total})
        return
    print_table(
        ("Return", "Order", "State", "For", "Pieces", "Reasons"),
        [
            (
                row["_id"],
                row["order_id"],
                row["state"],
                row["resolution"],
                sum(item["quantity"] for item in row["items"]),
                ", ".join(sorted({item["reason"] for item in row["items"]})),
            )
            for row in rows
        ],
        empty="No returns.",
    )
    if total > len(rows):
        click.echo(f"{total - len(rows)} more: see --limit.")


@returns.command("show")
@click.argument("return_id")
@as_json_option
@pass_platform
def show(platform: Platform, return_id: str, as_json: bool) -> None:
    """Show the return RETURN_ID with its pieces and its history."""
    row = platform.services.require(ReturnQueries).visible_to(CLI, return_id)
    if as_json:
        print_json(return_view(row, for_staff=True))
        return
    credit, currency = row.get("credit"), row["currency"]
    facts = {
        "Return": row["_id"],
        "Order": row["order_id"],
        "Customer": row.get("user_id") or "(no account)",
        "State": row["state"],
        "For": row["resolution"],
        "Note": row.get("note"),
        "Photos": ", ".join(photo["url"] for photo in row["photos"]) or None,
        "Worth": None if credit is None else f"{money.to_major(credit, currency)} {currency}",
    }
    print_table(("", ""), [list(fact) for fact in facts.items()])
    fields = ("sku", "name", "quantity", "reason", "restocked", "written_off")
    print_table(
        ("SKU", "Name", "Pieces", "Reason", "Restocked", "Written off"),
        [[item.get(field) for field in fields] for item in row["items"]],
    )
    zone = ZoneInfo(platform.settings.timezone)
    print_table(
        ("When", "By", "What"),
        [
            (
                f"{entry['at'].astimezone(zone):%Y-%m-%d %H:%M}",
                entry["actor"],
                ": ".join(filter(None, (entry["state"], entry.get("note")))),
            )
            for entry in row["history"]
        ],
    )


@returns.command("approve")
@click.argument("return_id")
@click.option("--note", help="For the staff.")
@as_json_option
@pass_platform
def approve(platform: Platform, return_id: str, note: str | None, as_json: bool) -> None:
    """Let the customer send the pieces of RETURN_ID."""
    _done(platform.services.require(OrderReturns).approve(return_id, CLI, note), as_json)


@returns.command("reject")
@click.argument("return_id")
@click.option("--reason", required=True, help="Why; the customer gets to read it.")
@as_json_option
@pass_platform
def reject(platform: Platform, return_id: str, reason: str, as_json: bool) -> None:
    """Refuse the return RETURN_ID."""
    _done(platform.services.require(OrderReturns).reject(return_id, reason, CLI), as_json)


@returns.command("close")
@click.argument("return_id")
@click.option("--note", help="How the money went back.")
@as_json_option
@pass_platform
def close(platform: Platform, return_id: str, note: str | None, as_json: bool) -> None:
    """Say that the money of RETURN_ID went back another way than by its refund."""
    _done(platform.services.require(OrderReturns).close(return_id, CLI, note), as_json)


@returns.command("receive")
@click.argument("return_id")
@click.argument("found", metavar="SKU=RESTOCK/WRITE_OFF...", nargs=-1)
@click.option("--refund-shipping", is_flag=True, help="Pay the shipping back too.")
@click.option("--deduction", help="Kept of what the pieces were worth, in major units.")
@click.option("--refund", is_flag=True, help="Pay money back instead of an exchange.")
@click.option("--payment-method", help="For what an exchange costs more.")
@click.option("--charge-shipping", is_flag=True, help="The customer pays to have it sent.")
@click.option("--note", help="For the staff.")
@as_json_option
@pass_platform
def receive(
    platform: Platform,
    return_id: str,
    found: Sequence[str],
    refund_shipping: bool,
    deduction: str | None,
    refund: bool,
    payment_method: str | None,
    charge_shipping: bool,
    note: str | None,
    as_json: bool,
) -> None:
    """Book what came of RETURN_ID: stock, and money or the order that replaces it, once.

    SERUM-30=1/2 says that of this one piece can be sold again and two can't. With no SKU all came,
    and is written off.
    """
    row = platform.services.require(ReturnQueries).visible_to(CLI, return_id)
    inspection = Inspection(
        items=_inspected(row, found) if found else None,
        refund_shipping=refund_shipping,
        deduction=decimal(deduction),
        resolution=ReturnResolution.REFUND if refund else None,
        terms=ExchangeTerms(payment_method_id=payment_method, charge_shipping=charge_shipping),
        note=note,
    )
    received = platform.services.require(ReturnReceiving).receive(return_id, inspection, CLI)
    _done(received, as_json)


@click.command("return")
@click.argument("order_id")
@click.argument("pieces", metavar="SKU=QTY...", nargs=-1, required=True)
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in ReturnReason]),
    default=ReturnReason.OTHER.value,
    show_default=True,
    help="Why they come back.",
)
@click.option("--no-money", is_flag=True, help="The pieces alone come back.")
@click.option("--note", help="For the staff.")
@as_json_option
@pass_platform
def open_return(
    platform: Platform,
    order_id: str,
    pieces: Sequence[str],
    reason: str,
    no_money: bool,
    note: str | None,
    as_json: bool,
) -> None:
    """Open a return of pieces of ORDER_ID, at any time after they arrived; it is approved."""
    order = Order.raw().find_one({"_id": order_id}, {"lines": 1})
    if order is None:
        fail(f"There is no order {order_id}.")
    items = [
        ReturnedItem(
            variant_id=variant_id(order["lines"], sku),
            quantity=whole(quantity, sku),
            reason=ReturnReason(reason),
        )
        for sku, quantity in pairs(pieces, "SKU=QTY")
    ]
    resolution = ReturnResolution.NONE if no_money else ReturnResolution.REFUND
    wish = ReturnWish(items=items, resolution=resolution, note=note)
    _done(platform.services.require(OrderReturns).open(order_id, wish, CLI), as_json)


def _inspected(row: Row, found: Sequence[str]) -> dict[str, Inspected]:
    came = {}
    for sku, counts in pairs(found, "SKU=RESTOCK/WRITE_OFF"):
        restock, slash, write_off = counts.partition("/")
        if not slash:
            fail(f"{sku}={counts} is not SKU=RESTOCK/WRITE_OFF.")
        came[variant_id(row["items"], sku)] = Inspected(
            restock=whole(restock, sku), write_off=whole(write_off, sku)
        )
    return came


def _done(row: Row, as_json: bool) -> None:
    if as_json:
        print_json(return_view(row, for_staff=True))
        return
    click.echo(f"{row['_id']}: {row['state']}.")
