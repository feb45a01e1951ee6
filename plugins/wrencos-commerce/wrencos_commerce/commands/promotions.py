"""`wrencos promotion`: discounts, and the coupons for them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.promotion import PromotionKind
from wrencos_commerce.services.promotions.coupons import MAX_AT_ONCE, Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.views.promotions import coupon_view, promotion_view
from wrencos_core.api import Platform, fail, pass_platform, print_json, print_table

_LIMIT = click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many."
)
_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@click.group()
def promotion() -> None:
    """Promotions: list, add, switch on and off; their coupons."""


@promotion.command("list")
@_LIMIT
@as_json_option
@pass_platform
def list_promotions(platform: Platform, limit: int, as_json: bool) -> None:
    """List promotions, the newest first."""
    rows, total = platform.services.require(Promotions).page(0, limit)
    if as_json:
        print_json({"promotions": [promotion_view(row) for row in rows], "totalCount": total})
        return
    print_table(
        ["Promotion", "Name", "Kind", "On", "Automatic", "Until", "Uses"],
        [
            [
                row["_id"],
                row["name"],
                row["kind"],
                "yes" if row["is_active"] else "no",
                "yes" if row["is_automatic"] else "no",
                row.get("ends_at"),
                f"{row['uses']} of {row['max_uses']}" if row.get("max_uses") else None,
            ]
            for row in rows
        ],
    )
    if total > len(rows):
        click.echo(f"{total - len(rows)} more: see --limit.")


@promotion.command("show")
@click.argument("promotion_id")
@as_json_option
@pass_platform
def show_promotion(platform: Platform, promotion_id: str, as_json: bool) -> None:
    """Show the promotion PROMOTION_ID, and how many orders it took something off."""
    promotions = platform.services.require(Promotions)
    view, orders = promotion_view(promotions.get(promotion_id)), promotions.used_by(promotion_id)
    if as_json:
        print_json({"promotion": view, "orders": orders})
        return
    shown = {name: getattr(view, name) for name in view.__struct_fields__}
    print_table(["What", "Is"], [*shown.items(), ("orders", orders)])


@promotion.command("add")
@click.argument("name")
@click.option(
    "--kind",
    required=True,
    type=click.Choice([kind.value for kind in PromotionKind]),
    help="What it does.",
)
@click.option("--percent", help="Per cent off, for percent and buy_get.")
@click.option("--amount", help="How much off, in major units.")
@click.option("--buy", type=click.IntRange(1, 99), help="Of so many bought, for buy_get.")
@click.option("--get", type=click.IntRange(1, 99), help="So many more cost less, for buy_get.")
@click.option("--automatic", is_flag=True, help="It counts without a coupon.")
@click.option("--exclusive", is_flag=True, help="It stands alone.")
@click.option("--priority", type=click.IntRange(-1000, 1000), default=0, help="Lower comes first.")
@click.option("--category", "categories", multiple=True, help="Only for this category. Repeat it.")
@click.option("--product", "products", multiple=True, help="Only for this product. Repeat it.")
@click.option("--min-total", help="Only for goods of so much.")
@click.option("--max-discount", help="At most so much off.")
@click.option("--max-uses", type=click.IntRange(1), help="For so many orders in all.")
@click.option("--per-user", type=click.IntRange(1), help="For so many orders of one customer.")
@click.option("--first-order", is_flag=True, help="Only for a customer's first order.")
@click.option("--from", "starts_at", type=_DAY, help="From then on, in UTC.")
@click.option("--until", "ends_at", type=_DAY, help="Until then, in UTC.")
@as_json_option
@pass_platform
def add_promotion(platform: Platform, /, name: str, as_json: bool, **told: Any) -> None:
    """Add the promotion NAME."""
    values = {
        "name": name,
        "kind": told["kind"],
        "percent": told["percent"],
        "amount": _amount(told["amount"]),
        "buy_quantity": told["buy"],
        "get_quantity": told["get"],
        "is_automatic": told["automatic"],
        "is_exclusive": told["exclusive"],
        "priority": told["priority"],
        "category_ids": list(told["categories"]),
        "product_ids": list(told["products"]),
        "min_total": _amount(told["min_total"]),
        "max_discount": _amount(told["max_discount"]),
        "max_uses": told["max_uses"],
        "max_uses_per_user": told["per_user"],
        "first_order_only": told["first_order"],
        "starts_at": _moment(told["starts_at"]),
        "ends_at": _moment(told["ends_at"]),
    }
    row = platform.services.require(Promotions).create(values, CLI)
    if as_json:
        print_json(promotion_view(row))
    else:
        click.echo(f"Added {name}: {row['_id']}")


@promotion.command("on")
@click.argument("promotion_id")
@pass_platform
def switch_on(platform: Platform, promotion_id: str) -> None:
    """Let the promotion PROMOTION_ID count."""
    platform.services.require(Promotions).update(promotion_id, {"is_active": True}, CLI)
    click.echo(f"{promotion_id} counts.")


@promotion.command("off")
@click.argument("promotion_id")
@pass_platform
def switch_off(platform: Platform, promotion_id: str) -> None:
    """End the promotion PROMOTION_ID."""
    platform.services.require(Promotions).update(promotion_id, {"is_active": False}, CLI)
    click.echo(f"{promotion_id} does not count any more.")


@promotion.command("codes")
@click.argument("promotion_id")
@click.option("--add", "added", multiple=True, metavar="CODE", help="Add this code. Repeat it.")
@click.option("--max-uses", type=click.IntRange(1), help="Each added code for so many orders.")
@click.option(
    "--generate", type=click.IntRange(1, MAX_AT_ONCE), help="Make so many, for one order each."
)
@click.option("--prefix", default="", help="What generated codes begin with.")
@_LIMIT
@as_json_option
@pass_platform
def codes(platform: Platform, /, promotion_id: str, as_json: bool, **told: Any) -> None:
    """List the coupons of PROMOTION_ID, or add some and print those."""
    coupons = platform.services.require(Coupons)
    made: list[str] = []
    if told["added"]:
        made += coupons.add(promotion_id, told["added"], told["max_uses"], CLI)
    if told["generate"]:
        made += coupons.generate(promotion_id, told["generate"], told["prefix"], CLI)
    if made:
        if as_json:
            print_json({"codes": made})
        else:
            click.echo("\n".join(made))
        return
    platform.services.require(Promotions).get(promotion_id)
    rows, total = coupons.page(promotion_id, 0, told["limit"])
    if as_json:
        print_json({"coupons": [coupon_view(row) for row in rows], "totalCount": total})
        return
    print_table(
        ["Code", "Uses", "Of"], [[row["code"], row["uses"], row.get("max_uses")] for row in rows]
    )
    if total > len(rows):
        click.echo(f"{total - len(rows)} more: see --limit.")


def _amount(told: str | None) -> Decimal | None:
    if told is None:
        return None
    try:
        return Decimal(told)
    except InvalidOperation:
        fail(f"Is no amount: {told}.")


def _moment(told: datetime | None) -> datetime | None:
    return None if told is None else told.replace(tzinfo=UTC)
