"""`wrencos order invoice`."""

from __future__ import annotations

from pathlib import Path

import click

from wrencos_commerce.commands.options import CLI
from wrencos_commerce.services.documents.order_documents import OrderDocuments
from wrencos_core.api import Platform, pass_platform


@click.command("invoice")
@click.argument("order_id")
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The PDF to write.",
)
@click.option("--locale", type=click.Choice(["vi", "en"]), help="Default: as it was ordered.")
@pass_platform
def invoice(platform: Platform, order_id: str, file: Path, locale: str | None) -> None:
    """Write the invoice of the order ORDER_ID as PDF; it gets its number if it has none."""
    document = platform.services.require(OrderDocuments).invoice(order_id, CLI, locale)
    file.write_bytes(document)
    click.echo(f"{file}: {len(document)} bytes")
