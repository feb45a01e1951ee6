"""`wrencos product import` and `wrencos product export`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import Progress

from wrencos_commerce.services.product_csv import ImportReport, ProductCsv
from wrencos_commerce.services.product_rows import NAMES
from wrencos_core.api import Identity, Platform, fail, pass_platform, print_json

CLI = Identity(is_system=True, channel="cli")


@click.group()
def product() -> None:
    """Move the catalogue in and out as CSV."""


@product.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_platform
def import_products(platform: Platform, file: Path, dry_run: bool, as_json: bool) -> None:
    """Create or update a product for each row of FILE (UTF-8), known by its SKU.

    The needed columns are sku, name and price. When any row is bad nothing is written, and the
    exit status is 2.
    """

    def rows() -> Iterator[dict[str, str]]:
        with file.open(encoding="utf-8-sig", newline="") as source:
            yield from csv.DictReader(source, strict=True)

    service = platform.services.require(ProductCsv)
    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("Products", total=None)
            report = service.load(
                rows,
                CLI,
                dry_run=dry_run,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except (UnicodeDecodeError, csv.Error) as error:
        fail(f"{file.name} is no CSV in UTF-8: {error}")
    _print(report, dry_run, as_json)


def _print(report: ImportReport, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(report), "dryRun": dry_run})
    elif not report.bad_rows:
        done = "To create: {}. To update: {}." if dry_run else "Created: {}. Updated: {}."
        click.echo(done.format(report.created, report.updated))
    if report.bad_rows:
        lines = [f"row {number}: {'; '.join(texts)}" for number, texts in report.errors.items()]
        more = report.bad_rows - len(lines)
        lines += [f"and {more} more rows"] if more else []
        fail("Nothing was written.\n" + "\n".join(lines))


@product.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@pass_platform
def export_products(platform: Platform, file: Path | None) -> None:
    """Write every product to FILE, or to standard output, with the columns of an import."""
    rows = platform.services.require(ProductCsv).rows()
    if file is None:
        _write(sys.stdout, rows)
        return
    with file.open("w", encoding="utf-8", newline="") as target:
        _write(target, rows)


def _write(target: TextIO, rows: Iterator[dict[str, str]]) -> None:
    writer = csv.DictWriter(target, NAMES)
    writer.writeheader()
    writer.writerows(rows)
