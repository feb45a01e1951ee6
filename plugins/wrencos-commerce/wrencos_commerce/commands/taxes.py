"""`wrencos tax`: what is taxed how."""

from __future__ import annotations

from typing import Any

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.tax_rate import TaxedAs
from wrencos_commerce.services.taxes import Taxes
from wrencos_core.api import Platform, fail, pass_platform, print_json, print_table

_COLUMNS = ("taxRateId", "country", "region", "categoryId", "taxedAs", "name", "percent")


@click.group()
def tax() -> None:
    """Taxes: list, set and remove rates."""


@tax.command("list")
@click.option("--country", help="Only those of this country, such as VN.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many."
)
@as_json_option
@pass_platform
def list_rates(platform: Platform, country: str | None, limit: int, as_json: bool) -> None:
    """List the rates by country, region and category."""
    rows, total = platform.services.require(Taxes).page(country, 0, limit)
    shown = [_shown(row) for row in rows]
    if as_json:
        print_json({"taxRates": shown, "totalCount": total})
        return
    columns = ["Rate", "Country", "Region", "Category", "On", "Name", "%"]
    print_table(columns, [list(row.values()) for row in shown])
    if total > len(rows):
        click.echo(f"{total - len(rows)} more: see --limit.")


@tax.command("set")
@click.argument("country")
@click.argument("percent")
@click.option("--name", default="VAT", show_default=True, help="What it is called.")
@click.option("--region", help="Only there: a state or a city.")
@click.option("--category", help="Only goods of the category with this id, and of those below it.")
@click.option("--shipping", is_flag=True, help="On shipping and fees.")
@as_json_option
@pass_platform
def set_rate(
    platform: Platform,
    country: str,
    percent: str,
    name: str,
    region: str | None,
    category: str | None,
    shipping: bool,
    as_json: bool,
) -> None:
    """Set the rate of COUNTRY (such as VN) to PERCENT (such as 8.25)."""
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        fail("COUNTRY must be two letters, such as VN.")
    values = {
        "country": country.upper(),
        "percent": percent,
        "name": name,
        "region": region,
        "category_id": category,
        "taxed_as": (TaxedAs.SHIPPING if shipping else TaxedAs.GOODS).value,
    }
    row = _shown(platform.services.require(Taxes).put(values, CLI))
    if as_json:
        print_json(row)
    else:
        click.echo(f"{row['name']} in {row['country']}: {row['percent']} % ({row['taxRateId']})")


@tax.command("remove")
@click.argument("rate_id")
@pass_platform
def remove_rate(platform: Platform, rate_id: str) -> None:
    """Remove the rate RATE_ID."""
    platform.services.require(Taxes).delete(rate_id, CLI)
    click.echo(f"Removed {rate_id}.")


def _shown(row: Any) -> dict[str, Any]:
    names = ("_id", "country", "region", "category_id", "taxed_as", "name", "percent")
    return {column: row.get(name) for column, name in zip(_COLUMNS, names, strict=True)}
