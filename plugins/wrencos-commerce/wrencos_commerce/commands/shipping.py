"""`wrencos shipping`: how orders are sent, and what that costs."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.shipping_method import PricedBy
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.views.shipping import shipping_method_view
from wrencos_core.api import Platform, fail, pass_platform, print_json, print_table


@click.group()
def shipping() -> None:
    """Shipping methods: list, add, switch on and off, remove."""


@shipping.command("list")
@as_json_option
@pass_platform
def list_methods(platform: Platform, as_json: bool) -> None:
    """List the methods by position."""
    rows, _ = platform.services.require(ShippingMethods).page(None, 0, 100)
    views = [shipping_method_view(row) for row in rows]
    if as_json:
        print_json({"shippingMethods": views})
        return
    print_table(
        ["Method", "Name", "On", "Where", "Price", "Free from", "Days"],
        [
            [
                view.shipping_method_id,
                view.name,
                "yes" if view.is_active else "no",
                " ".join(filter(None, [rate.country or "elsewhere", *rate.regions])),
                f"by {rate.priced_by}" if rate.price is None else rate.price,
                rate.free_from,
                f"{rate.min_days}-{rate.max_days}",
            ]
            for view in views
            for rate in view.rates
        ],
    )


@shipping.command("add")
@click.argument("name")
@click.option("--price", help="The flat price, in major units.")
@click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="UP_TO=PRICE",
    help="A price up to so much, such as 500=20000; `+=PRICE` above all. Repeat it.",
)
@click.option("--by", type=click.Choice(["weight", "total"]), help="What the steps go by.")
@click.option("--free-from", help="Free for goods of so much.")
@click.option("--country", help="Only there, such as VN; without it everywhere.")
@click.option("--region", "regions", multiple=True, help="Only in this state or city. Repeat it.")
@click.option(
    "--min-days",
    type=click.IntRange(0, 365),
    default=1,
    show_default=True,
    help="At least so long.",
)
@click.option(
    "--max-days", type=click.IntRange(0, 365), default=5, show_default=True, help="At most so long."
)
@click.option(
    "--position", type=click.IntRange(-1000, 1000), default=0, show_default=True, help="In lists."
)
@as_json_option
@pass_platform
def add_method(platform: Platform, /, name: str, position: int, as_json: bool, **told: Any) -> None:
    """Add the method NAME with one rate; the API sets several."""
    if (told["by"] is None) != (not told["steps"]):
        fail("Steps need --by, and --by needs steps.")
    rate = {
        "country": told["country"],
        "regions": told["regions"],
        "priced_by": told["by"] or PricedBy.FLAT.value,
        "price": _amount(told["price"]),
        "steps": [_step(step) for step in told["steps"]],
        "free_from": _amount(told["free_from"]),
        "min_days": told["min_days"],
        "max_days": told["max_days"],
    }
    values = {"name": name, "position": position, "rates": [rate]}
    row = platform.services.require(ShippingMethods).create(values, CLI)
    if as_json:
        print_json(shipping_method_view(row))
    else:
        click.echo(f"Added {name}: {row['_id']}")


@shipping.command("on")
@click.argument("method_id")
@pass_platform
def switch_on(platform: Platform, method_id: str) -> None:
    """Offer the method METHOD_ID."""
    platform.services.require(ShippingMethods).update(method_id, {"is_active": True}, CLI)
    click.echo(f"{method_id} is offered.")


@shipping.command("off")
@click.argument("method_id")
@pass_platform
def switch_off(platform: Platform, method_id: str) -> None:
    """Offer the method METHOD_ID no longer."""
    platform.services.require(ShippingMethods).update(method_id, {"is_active": False}, CLI)
    click.echo(f"{method_id} is not offered any more.")


@shipping.command("remove")
@click.argument("method_id")
@pass_platform
def remove_method(platform: Platform, method_id: str) -> None:
    """Remove the method METHOD_ID."""
    platform.services.require(ShippingMethods).delete(method_id, CLI)
    click.echo(f"Removed {method_id}.")


def _amount(told: str | None) -> Decimal | None:
    if told is None:
        return None
    try:
        return Decimal(told)
    except InvalidOperation:
        fail(f"Is no amount: {told}.")


def _step(told: str) -> dict[str, Decimal | None]:
    up_to, sign, price = told.partition("=")
    if not sign:
        fail(f"A step looks like 500=20000, not {told}.")
    amount = _amount(price)
    return {"up_to": None if up_to == "+" else _amount(up_to), "price": amount}
