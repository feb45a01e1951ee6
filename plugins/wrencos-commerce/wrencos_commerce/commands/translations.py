"""`wrencos product translations`: what readers of a language are not shown in it."""

from __future__ import annotations

import click

from wrencos_commerce.commands.options import as_json_option
from wrencos_commerce.services.translations import LOCALES, Translations
from wrencos_core.api import Platform, pass_platform, print_json, print_table


@click.group()
def translations() -> None:
    """Texts in other languages than the shop's own."""


@translations.command("missing")
@click.option("--locale", type=click.Choice(LOCALES), required=True, help="The readers' language.")
@as_json_option
@pass_platform
def missing(platform: Platform, locale: str, as_json: bool) -> None:
    """List the products for sale whose name or description has no translation."""
    rows = list(platform.services.require(Translations).missing(locale))
    if as_json:
        print_json({"locale": locale, "products": rows, "totalCount": len(rows)})
    elif rows:
        print_table(
            ["Product", "SKU", "Name", "Missing"],
            [[r["productId"], r["sku"], r["name"], ", ".join(r["missing"])] for r in rows],
        )
    else:
        click.echo(f"Everything for sale has its texts in {locale}.")
