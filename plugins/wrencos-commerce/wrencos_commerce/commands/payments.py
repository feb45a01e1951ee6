"""`wrencos payment`: look at payments, ask gateways about them, and decide about the doubtful."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.payment import PaymentState
from wrencos_commerce.services.payments.collecting import Collecting
from wrencos_commerce.services.payments.queries import PaymentQueries
from wrencos_commerce.services.payments.reconciliation import Asked, Reconciliation
from wrencos_commerce.services.payments.review_desk import Resolution, ReviewDesk
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.views.payments import payment_view, review_view, staff_payment_view
from wrencos_core.api import Platform, money, pass_platform, print_json, print_table

Row = Mapping[str, Any]

_limit_option = click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
_note_option = click.option("--note", help="Kept with it.")


@click.group()
def payment() -> None:
    """Payments: find them, ask gateways about them, decide about the doubtful."""


@payment.command("list")
@click.option("--state", type=click.Choice([state.value for state in PaymentState]), help="Only.")
@click.option("--method", help="Only paid so.")
@click.option("--order", "order_id", help="Only of this order.")
@click.option("--user", "user_id", help="Only this user's.")
@_limit_option
@as_json_option
@pass_platform
def list_payments(platform: Platform, /, limit: int, as_json: bool, **limits: Any) -> None:
    """List attempts to pay, the newest first."""
    wanted = {name: value for name, value in limits.items() if value}
    rows, total = platform.services.require(PaymentQueries).page(wanted, 0, limit)
    if as_json:
        print_json({"payments": [payment_view(row) for row in rows], "totalCount": total})
        return
    print_table(
        ("Payment", "Order", "Begun", "Method", "State", "Amount"),
        [
            (
                row["_id"],
                row["order_id"],
                _moment(platform, row["created_at"]),
                row["method"],
                row["state"],
                _amount(row["amount"], row["currency"]),
            )
            for row in rows
        ],
        empty="No payments.",
    )
    _tell_more(total, rows)


@payment.command("show")
@click.argument("payment_id")
@as_json_option
@pass_platform
def show(platform: Platform, payment_id: str, as_json: bool) -> None:
    """Show the payment PAYMENT_ID with its history and what its gateway said."""
    queries = platform.services.require(PaymentQueries)
    row = queries.visible_to(CLI, payment_id)
    messages = queries.messages(payment_id)
    if as_json:
        print_json(staff_payment_view(row, messages))
        return
    currency = row["currency"]
    facts = {
        "Payment": row["_id"],
        "Order": row["order_id"],
        "Method": f"{row['method']}, reference {row['reference']}",
        "State": row["state"],
        "Amount": _amount(row["amount"], currency),
        "Received": _amount(row["received"], currency),
        "Refunded": _amount(row["refunded"], currency),
        "Transaction": row.get("transaction_id"),
    }
    print_table(("", ""), list(facts.items()))
    told = [(it["created_at"], it["source"], it["outcome"], it["event_id"]) for it in messages]
    steps = [(it["at"], it["actor"], it["state"], it.get("reason")) for it in row["history"]]
    print_table(
        ("When", "By", "What", "Why"),
        [(_moment(platform, at), *rest) for at, *rest in sorted(steps + told)],
    )


@payment.command("reconcile")
@click.option("--all", "all_open", is_flag=True, help="Every open payment, not only what is due.")
@as_json_option
@pass_platform
def reconcile(platform: Platform, all_open: bool, as_json: bool) -> None:
    """Ask the gateways what became of payments that nobody told us of."""
    reconciliation = platform.services.require(Reconciliation)
    payments = reconciliation.open_payments() if all_open else reconciliation.due()
    console = Console(stderr=True)
    asked = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Payments", total=len(payments))
        for one in reconciliation.run_over(payments):
            asked.append(one)
            bar.advance(task)
    changed = [one for one in asked if one.before != one.payment["state"]]
    if as_json:
        print_json({"asked": len(asked), "changed": [_changed(one) for one in changed]})
        return
    print_table(
        ("Payment", "Order", "Before", "Now"),
        [list(_changed(one).values()) for one in changed],
        empty="Nothing changed.",
    )
    silent = sum(one.answer != "answered" for one in asked)
    click.echo(f"{len(asked)} payments asked about, {silent} without an answer.")


def _changed(one: Asked) -> dict[str, str]:
    return {
        "paymentId": one.payment["_id"],
        "orderId": one.payment["order_id"],
        "before": one.before,
        "now": one.payment["state"],
    }


@payment.command("collect")
@click.argument("payment_id")
@_note_option
@as_json_option
@pass_platform
def collect(platform: Platform, payment_id: str, note: str | None, as_json: bool) -> None:
    """Say that the money of PAYMENT_ID is there: in cash, or on the bank's statement."""
    row = platform.services.require(Collecting).collect(payment_id, CLI, note)
    if as_json:
        print_json(payment_view(row))
    else:
        click.echo(f"{payment_id}: {_amount(row['amount'], row['currency'])}, {row['state']}.")


@payment.command("reviews")
@click.option(
    "--state",
    type=click.Choice(["open", "resolved", "all"]),
    default="open",
    show_default=True,
    help="Only those.",
)
@_limit_option
@as_json_option
@pass_platform
def reviews(platform: Platform, state: str, limit: int, as_json: bool) -> None:
    """List what about payments needs a human, the newest first."""
    wanted = None if state == "all" else state
    rows, total = platform.services.require(PaymentReviews).page(wanted, 0, limit)
    if as_json:
        print_json({"reviews": [review_view(row) for row in rows], "totalCount": total})
        return
    print_table(
        ("Review", "Since", "Reason", "Order", "Detail"),
        [
            (
                row["_id"],
                _moment(platform, row["created_at"]),
                row["reason"],
                row.get("order_id"),
                row["detail"],
            )
            for row in rows
        ],
        empty="Nothing needs a human.",
    )
    _tell_more(total, rows)


@payment.command("resolve")
@click.argument("review_id")
@click.argument("resolution", type=click.Choice([one.value for one in Resolution]))
@_note_option
@as_json_option
@pass_platform
def resolve(
    platform: Platform, review_id: str, resolution: str, note: str | None, as_json: bool
) -> None:
    """Decide about REVIEW_ID.

    `accept`: the money is there. `fulfil`: the pieces are there again. `reject`: it was not paid.
    `refund`: what is not owed goes back. `close`: nothing more.
    """
    desk = platform.services.require(ReviewDesk)
    row = desk.resolve(review_id, Resolution(resolution), note, CLI)
    if as_json:
        print_json(review_view(row))
    else:
        click.echo(f"{review_id}: {row['resolution']}.")


def _tell_more(total: int, rows: list[Row]) -> None:
    if total > len(rows):
        click.echo(f"{total - len(rows)} more: see --limit.")


def _moment(platform: Platform, at: Any) -> str:
    return f"{at.astimezone(ZoneInfo(platform.settings.timezone)):%Y-%m-%d %H:%M}"


def _amount(amount: int, currency: str) -> str:
    return f"{money.to_major(amount, currency)} {currency}"
