"""`wrencos order create`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from marshmallow import ValidationError

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.schemas.staff_orders import StaffOrderBody, sale_of
from wrencos_commerce.services.staff_orders import StaffOrders
from wrencos_commerce.views.orders import order_detail
from wrencos_commerce.views.staff_orders import order_quote
from wrencos_core.api import Platform, fail, money, pass_platform, print_json


@click.command("create")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what it would cost.")
@as_json_option
@pass_platform
def create(platform: Platform, file: Path, dry_run: bool, as_json: bool) -> None:
    """Enter the order that FILE describes: JSON, as POST /api/orders takes it."""
    try:
        body = StaffOrderBody().load(json.loads(file.read_text("utf-8")))
    except (ValueError, ValidationError) as error:
        fail(f"{file}: {error}")
    orders, sale = platform.services.require(StaffOrders), sale_of(body)
    if dry_run:
        quote = order_quote(orders.quote(sale, CLI))
        if as_json:
            print_json(quote)
        else:
            click.echo(f"It would cost {quote.total} {quote.currency}.")
        return
    row = orders.create(sale, CLI)
    if as_json:
        print_json(order_detail(row, for_staff=True))
        return
    total = money.to_major(row["total_price"], row["currency"])
    click.echo(f"{row['_id']}: {total} {row['currency']}, {row['status']}.")
