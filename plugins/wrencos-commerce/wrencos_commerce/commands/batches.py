"""`wrencos batch`: what expires when, and what came and went."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.batch import BatchState
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.batches import Batches, Delivery, pieces_of
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.variants import full_name
from wrencos_core.api import Platform, fail, pass_platform, print_json, print_table


@click.group()
def batch() -> None:
    """Batches: receive them, see what expires, write off, return, recall."""


@batch.command("list")
@click.option("--within", type=click.IntRange(0), help="Only what expires in so many days.")
@click.option(
    "--state", type=click.Choice([state.value for state in BatchState]), help="Only those."
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many."
)
@as_json_option
@pass_platform
def list_batches(
    platform: Platform, within: int | None, state: str | None, limit: int, as_json: bool
) -> None:
    """List batches, those that expire first in front."""
    wanted = {"state": state} if state else {}
    rows, total = platform.services.require(Batches).page(wanted, within, 0, limit)
    products = platform.services.require(ProductQueries).by_ids([r["product_id"] for r in rows])
    shown = [_shown(row, products) for row in rows]
    if as_json:
        print_json({"batches": shown, "totalCount": total})
        return
    print_table(
        ["Batch", "Code", "Product", "SKU", "Expires", "State", "Pieces"],
        [list(row.values()) for row in shown],
    )
    if total > len(rows):
        click.echo(f"{total - len(rows)} more: see --limit.")


def _shown(row: Any, products: Any) -> dict[str, Any]:
    product = products.get(row["product_id"])
    variants = product["variants"] if product else []
    variant = next((v for v in variants if v["id"] == row["variant_id"]), None)
    return {
        "batchId": row["_id"],
        "code": row["code"],
        "product": full_name(product, variant) if product else row["product_id"],
        "sku": variant["sku"] if variant else "",
        "expiresOn": row["expires_on"],
        "state": row["state"],
        "quantity": row["quantity"],
    }


@batch.command("receive")
@click.argument("sku")
@click.argument("code")
@click.argument("quantity", type=click.IntRange(1))
@click.option(
    "--expires",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day on which it may be sold.",
)
@click.option("--from-stock", is_flag=True, help="The pieces are counted already.")
@pass_platform
def receive(
    platform: Platform,
    sku: str,
    code: str,
    quantity: int,
    expires: datetime,
    from_stock: bool,
) -> None:
    """Book QUANTITY pieces of the variant SKU in, as batch CODE."""
    row = Product.raw().find_one({"variants.sku": sku}, {"variants": 1})
    if row is None:
        fail(f"There is no variant with the SKU {sku}.")
    variant = next(v for v in row["variants"] if v["sku"] == sku)
    delivery = Delivery(
        product_id=row["_id"],
        variant_id=variant["id"],
        code=code,
        expires_on=expires.replace(tzinfo=UTC).date(),
        quantity=quantity,
        from_stock=from_stock,
    )
    batch = platform.services.require(Batches).receive(delivery, CLI)
    click.echo(f"{batch['_id']}: {batch['quantity']} pieces until {batch['expires_on']}.")


@batch.command("write-off")
@click.argument("batch_id")
@click.option("--quantity", type=click.IntRange(1), help="All of it, unless told.")
@click.option("--note", required=True, help="Why.")
@pass_platform
def write_off(platform: Platform, batch_id: str, quantity: int | None, note: str) -> None:
    """Write pieces of a batch off."""
    row = platform.services.require(Batches).write_off(batch_id, quantity, note, CLI)
    click.echo(f"{row['quantity']} pieces are left.")


@batch.command("return")
@click.argument("batch_id")
@click.option("--quantity", type=click.IntRange(1), help="All of it, unless told.")
@click.option("--note", required=True, help="Why.")
@pass_platform
def return_pieces(platform: Platform, batch_id: str, quantity: int | None, note: str) -> None:
    """Send pieces of a batch back to the supplier."""
    row = platform.services.require(Batches).return_to_supplier(batch_id, quantity, note, CLI)
    click.echo(f"{row['quantity']} pieces are left.")


@batch.command("recall")
@click.argument("batch_id")
@click.option("--note", required=True, help="Why.")
@as_json_option
@pass_platform
def recall(platform: Platform, batch_id: str, note: str, as_json: bool) -> None:
    """Stop the sale of a batch, and list the orders that have pieces of it."""
    batches = platform.services.require(Batches)
    row = batches.recall(batch_id, note, CLI)
    orders, total = batches.orders_with(batch_id, limit=1000)
    shown = [
        {
            "orderId": order["_id"],
            "userId": order.get("user_id"),
            "status": order["status"],
            "quantity": pieces_of(order, batch_id),
        }
        for order in orders
    ]
    if as_json:
        print_json({"batchId": batch_id, "stopped": row["quantity"], "orders": shown})
        return
    click.echo(f"{row['quantity']} pieces are stopped. Orders that have some: {total}.")
    if shown:
        print_table(
            ["Order", "Customer", "Status", "Pieces"],
            [list(order.values()) for order in shown],
        )


@batch.command("expire")
@pass_platform
def expire(platform: Platform) -> None:
    """Take what has expired out of the stock now, as the job does four times a day."""
    count = platform.services.require(Batches).expire_due(CLI)
    click.echo(f"Batches that have expired: {count}.")
