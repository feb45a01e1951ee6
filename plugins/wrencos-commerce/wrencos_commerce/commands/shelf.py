"""`wrencos product shelf-cards` and `wrencos product low-stock`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from wrencos_commerce.commands.options import as_json_option
from wrencos_commerce.services.labels.formats import FORMATS
from wrencos_commerce.services.labels.shelf_cards import MOST_CARDS, CardOrder, ShelfCards
from wrencos_commerce.services.low_stock import LowStock
from wrencos_core.api import Platform, pass_platform, print_json, print_table


@click.command("shelf-cards")
@click.argument("product_ids", metavar="[PRODUCT]...", nargs=-1)
@click.option("--category", help="Id or slug of a category, instead of products.")
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The PDF to write.",
)
@click.option(
    "--format",
    "sheet",
    type=click.Choice(list(FORMATS)),
    default="a4-3x8",
    show_default=True,
    help="The sheet to print on.",
)
@click.option(
    "--copies",
    type=click.IntRange(1, MOST_CARDS),
    default=1,
    show_default=True,
    help="How many cards of each.",
)
@click.option("--locale", type=click.Choice(["vi", "en"]), help="Default: the shop's.")
@click.option(
    "--price/--no-price", "show_price", default=True, show_default=True, help="Print the price."
)
@click.option("--qr/--no-qr", "show_qr", default=True, show_default=True, help="Print the QR code.")
@click.option("--ingredients", "show_ingredients", is_flag=True, help="Only with --format a6.")
@pass_platform
def shelf_cards(
    platform: Platform,
    product_ids: Sequence[str],
    category: str | None,
    file: Path,
    sheet: str,
    copies: int,
    locale: str | None,
    show_price: bool,
    show_qr: bool,
    show_ingredients: bool,
) -> None:
    """Write a PDF with a shelf card for each variant of the given PRODUCTs or of a category.

    A card has the name, brand, shade and size, the price and that of 100 ml or g, a bar code and
    a QR code. At most 500 cards in one file.
    """
    order = CardOrder(
        product_ids=product_ids,
        category=category,
        format=sheet,
        copies=copies,
        locale=locale or platform.settings.locale,
        show_price=show_price,
        show_qr=show_qr,
        show_ingredients=show_ingredients,
    )
    document = platform.services.require(ShelfCards).print(order)
    file.write_bytes(document)
    click.echo(f"{file}: {len(document)} bytes")


@click.command("low-stock")
@as_json_option
@pass_platform
def low_stock(platform: Platform, as_json: bool) -> None:
    """List the variants for sale that run low or are sold out, sold-out ones first.

    WRENCOS_COMMERCE_LOW_STOCK_THRESHOLD says how many pieces count as low.
    """
    found = platform.services.require(LowStock)
    rows = found.all()
    if as_json:
        variants = [
            {
                "productId": row.product_id,
                "variantId": row.variant_id,
                "sku": row.sku,
                "name": row.name,
                "variantName": row.variant,
                "inventory": row.inventory,
            }
            for row in rows
        ]
        print_json({"threshold": found.threshold, "variants": variants})
        return
    print_table(
        ("SKU", "Name", "Variant", "Pieces"),
        ((row.sku, row.name, row.variant, row.inventory) for row in rows),
        empty=f"No variant has {found.threshold} pieces or fewer.",
    )
