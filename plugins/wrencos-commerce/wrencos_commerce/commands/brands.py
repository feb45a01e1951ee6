"""`wrencos brand`: list brands and add one."""

from __future__ import annotations

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.services.brands import Brands
from wrencos_core.api import Platform, fail, pass_platform, print_json, print_table


@click.group()
def brand() -> None:
    """See and add brands."""


@brand.command("list")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many."
)
@as_json_option
@pass_platform
def list_brands(platform: Platform, page: int, limit: int, as_json: bool) -> None:
    """List brands by name."""
    rows, total = platform.services.require(Brands).page((page - 1) * limit, limit)
    if as_json:
        shown = [{"brandId": row["_id"], "slug": row["slug"], "name": row["name"]} for row in rows]
        print_json({"brands": shown, "totalCount": total})
        return
    print_table(["Brand", "Slug", "Name"], [[r["_id"], r["slug"], r["name"]] for r in rows])
    if total > page * limit:
        click.echo(f"{total - page * limit} more: see --page.")


@brand.command("add")
@click.argument("name")
@click.option("--description", default="", help="What the brand is.")
@as_json_option
@pass_platform
def add_brand(platform: Platform, name: str, description: str, as_json: bool) -> None:
    """Add the brand NAME."""
    name = name.strip()
    if not name or len(name) > 100:
        fail("The name must have 1 to 100 characters.")
    values = {"name": name, "description": description}
    id = platform.services.require(Brands).create(values, CLI)
    if as_json:
        print_json({"brandId": id})
    else:
        click.echo(f"Added {name}: {id}")
