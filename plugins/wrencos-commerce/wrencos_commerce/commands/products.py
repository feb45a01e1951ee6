"""`wrencos product`: the catalogue in and out as CSV."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, BinaryIO

import click
from rich.console import Console
from rich.progress import Progress

from wrencos_commerce.commands.import_output import BadRows, Differences, tell
from wrencos_commerce.commands.options import CLI
from wrencos_commerce.services.csv import runs
from wrencos_commerce.services.csv.export import ProductExport
from wrencos_commerce.services.csv.judging import Listeners
from wrencos_commerce.services.csv.options import (
    FORMATS,
    ImportOptions,
    parse_columns,
    read_mapping,
    written_mapping,
)
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.report import ImportReport
from wrencos_commerce.services.csv.tables import Table, table_of_file
from wrencos_commerce.services.csv.undoing import ImportUndo
from wrencos_core.api import (
    Conflict,
    Platform,
    fail,
    pass_platform,
    print_json,
    print_table,
)

_SHOWN_RUNS = 50
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def product() -> None:
    """Move the catalogue in and out as CSV."""


@product.command("import")
@click.argument("file", type=_EXISTING)
@click.option("--format", type=click.Choice(FORMATS), help="Else the header tells which it is.")
@click.option("--map", "pairs", multiple=True, metavar="NAME=COLUMN", help="Rename a column.")
@click.option("--ignore", multiple=True, metavar="NAME", help="Leave a column out.")
@click.option("--mapping", type=_EXISTING, help="A saved mapping (JSON).")
@click.option("--save-mapping", type=_WRITABLE, help="Save the mapping that is used.")
@click.option("--create-categories", is_flag=True, help="Make the categories that there are not.")
@click.option("--skip-bad", is_flag=True, help="Import the good products although rows are bad.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--show", default=20, show_default=True, help="Changed products that are shown.")
@click.option("--report", "report_file", type=_WRITABLE, help="Write all bad rows here, as CSV.")
@click.option("--continue", "run_id", metavar="RUN_ID", help="Go on with an interrupted import.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@pass_platform
def import_products(
    platform: Platform,
    /,
    file: Path,
    dry_run: bool,
    show: int,
    report_file: Path | None,
    run_id: str | None,
    as_json: bool,
    save_mapping: Path | None,
    **given: Any,
) -> None:
    """Create or update products from FILE: CSV in UTF-8 or UTF-16, the shop's own or Shopify's.

    One row is one variant; rows with the same handle are one product. When any row is bad nothing
    is written, and the exit status is 2. Each import can be undone: `wrencos product imports`.
    """
    options = _options(**given)
    if save_mapping:
        save_mapping.write_text(written_mapping(options), encoding="utf-8")
    digest = _digest(file)
    if run_id:
        options = _continued(run_id, digest)
    service, table = platform.services.require(ProductCsv), table_of_file(file)
    differences = Differences(platform, show, as_json) if dry_run or as_json else None
    with _progress() as bar:
        report = _checked(service, table, options, bar, differences, report_file)
        if not dry_run and (options.skip_bad or not report.bad_rows):
            writing = Listeners(_advance(bar, "Importing"))
            if run_id:
                report = service.go_on(run_id, table, CLI, writing)
            else:
                known = {"filename": file.name, "digest": digest}
                report = service.run(table, options, report, CLI, listeners=writing, **known)
    tell(report, differences, dry_run=dry_run, skipped=options.skip_bad)


def _checked(
    service: ProductCsv,
    table: Table,
    options: ImportOptions,
    bar: Progress,
    differences: Differences | None,
    report_file: Path | None,
) -> ImportReport:
    """Judge the file; differences and bad rows are written as they are found."""
    # Before the first of them is told: a wrong header is refused without half a list.
    service.opened(table, options)
    with ExitStack() as stack:
        bad = stack.enter_context(closing(BadRows(report_file)))
        planned = stack.enter_context(differences).add if differences else lambda plan: None
        listeners = Listeners(_advance(bar, "Checking"), planned, bad.add)
        return service.check(table, options, listeners)


def _options(
    pairs: tuple[str, ...], ignore: tuple[str, ...], mapping: Path | None, **others: Any
) -> ImportOptions:
    columns: dict[str, str] = {}
    if mapping:
        saved, columns, left_out = read_mapping(mapping.read_text(encoding="utf-8"))
        others["format"] = others["format"] or saved
        ignore = (*left_out, *ignore)
    return ImportOptions(columns=columns | parse_columns(pairs), ignore=ignore, **others)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _continued(run_id: str, digest: str) -> ImportOptions:
    """The options of an interrupted run of the same file."""
    row = runs.get(run_id)
    if row.get("digest") != digest:
        fail(f"The import {run_id} was of another file.")
    if runs.state_of(row) is not runs.RunState.INTERRUPTED:
        raise Conflict(f"The import {run_id} is {runs.state_of(row).value}.")
    return ImportOptions.of_stored(row["options"])


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _advance(bar: Progress, words: str) -> Any:
    task = bar.add_task(words, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


@product.command("imports")
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON.")
@pass_platform
def list_imports(platform: Platform, as_json: bool) -> None:  # noqa: ARG001 - it is connected
    """List the newest imports."""
    rows, _ = runs.page(0, _SHOWN_RUNS)
    counts = ("created", "updated", "unchanged", "bad_rows")
    found = [
        {
            "id": row["_id"],
            "state": runs.state_of(row).value,
            "file": row.get("filename"),
            "by": row["by"],
            "createdAt": row["created_at"],
            "rows": row["rows"],
            **{name: row[name] for name in counts},
        }
        for row in rows
    ]
    if as_json:
        print_json(found)
        return
    columns = ("Import", "State", "File", "By", "Begun", "Rows", "Created", "Updated")
    keys = ("id", "state", "file", "by", "createdAt", "rows", "created", "updated")
    print_table(columns, [[run[key] for key in keys] for run in found], empty="No imports.")


@product.command("import-undo")
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="Print what was undone as JSON.")
@pass_platform
def undo_import(platform: Platform, run_id: str, as_json: bool) -> None:
    """Undo the import RUN_ID: what was changed since stays, and is told.

    Products that it created are deleted, or withdrawn when anybody ordered, reviewed or kept them.
    """
    with _progress() as bar:
        undo = platform.services.require(ImportUndo)
        undone = undo.undo(run_id, CLI, progress=_advance(bar, "Undoing"))
    if as_json:
        print_json(undone)
        return
    click.echo(
        "Restored: {restored}. Deleted: {deleted}. Withdrawn: {withdrawn}. Kept: {kept}.".format(
            **undone
        )
    )
    for one in undone["kept_fields"]:
        click.echo("kept {product_id}: {what} ({reason})".format(**one))


@product.command("export")
@click.argument("file", type=_WRITABLE, required=False)
@click.option(
    "--format", type=click.Choice(FORMATS), default="own", show_default=True, help="The columns."
)
@click.option("--category", help="Only products of this category (id or slug) and below it.")
@pass_platform
def export_products(
    platform: Platform, file: Path | None, format: str, category: str | None
) -> None:
    """Write every product to FILE, or to standard output, as an import reads it."""
    pieces = platform.services.require(ProductExport).pieces(format, category, with_cost=True)
    if file is None:
        _write(sys.stdout.buffer, pieces)
        return
    with file.open("wb") as target:
        _write(target, pieces)


def _write(target: BinaryIO, pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        target.write(piece)
    target.flush()
