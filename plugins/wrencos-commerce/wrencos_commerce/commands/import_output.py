"""How `wrencos product import` tells what it would do, and which rows are bad."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

import click

from wrencos_commerce.services.csv.cells import harmless
from wrencos_commerce.services.csv.diff import difference
from wrencos_commerce.services.csv.parsed import Problem
from wrencos_commerce.services.csv.planning import Plan
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.report import ImportReport
from wrencos_core.api import Platform, fail, print_table

_COLUMNS = ("row", "column", "reason")
_WIDTH = 60


class BadRows:
    """Writes every bad row to a file as it is found; without a file, does nothing."""

    def __init__(self, file: Path | None) -> None:
        self._target = file.open("w", encoding="utf-8-sig", newline="") if file else None
        self._writer = csv.writer(self._target) if self._target else None
        if self._writer:
            self._writer.writerow(_COLUMNS)

    def add(self, problem: Problem) -> None:
        if self._writer:
            row = (problem.row, problem.column, harmless(problem.words))
            self._writer.writerow(row)

    def close(self) -> None:
        if self._target:
            self._target.close()


class Differences:
    """Shows the first `limit` changed products in a table, or streams all of them as JSON."""

    def __init__(self, platform: Platform, limit: int, as_json: bool) -> None:
        self._currency = platform.settings.currency
        self._slugs = platform.services.require(ProductCsv).slugs()
        self._limit = limit
        self.as_json = as_json
        self._shown: list[dict[str, Any]] = []
        self._separators = itertools.chain(["\n"], itertools.repeat(",\n"))

    def __enter__(self) -> Differences:
        if self.as_json:
            click.echo('{"changes": [', nl=False)
        return self

    def add(self, plan: Plan) -> None:
        if self.as_json:
            if plan.changed:
                click.echo(next(self._separators) + _json(self._told(plan)), nl=False)
        elif plan.changed and len(self._shown) < self._limit:
            self._shown.append(self._told(plan))

    def _told(self, plan: Plan) -> dict[str, Any]:
        return difference(plan, self._currency, self._slugs)

    def __exit__(self, *_: object) -> None:
        """Ends the list; the report follows."""
        if self.as_json:
            click.echo("\n]", nl=False)

    def show(self) -> None:
        rows = [
            (
                one["action"],
                one["handle"],
                change.get("sku", ""),
                change["column"],
                f"{_cut(change['old'])} -> {_cut(change['new'])}",
            )
            for one in self._shown
            for change in one["changes"]
        ]
        print_table(("Action", "Product", "SKU", "Column", "Change"), rows, empty="No changes.")


def tell(
    report: ImportReport, differences: Differences | None, *, dry_run: bool, skipped: bool
) -> None:
    """The report, in words or as the end of the JSON; exit status 2 when nothing was written."""
    stopped = bool(report.bad_rows) and not skipped
    if differences and differences.as_json:
        click.echo(f', "report": {_json({**report.as_dict(), "dry_run": dry_run})}}}')
    else:
        if differences:
            differences.show()
        for note in report.notes:
            click.echo(note)
        if not stopped:
            words = "To create: {}. To update: {}. " if dry_run else "Created: {}. Updated: {}. "
            words += "Unchanged: {}."
            click.echo(words.format(report.created, report.updated, report.unchanged))
            if report.run_id:
                click.echo(f"Import {report.run_id}")
    if report.bad_rows:
        lines = [f"row {one.row}: {one.column}: {one.words}" for one in report.errors]
        more = report.bad_rows - len({one.row for one in report.errors})
        lines += [f"and {more} more rows"] if more else []
        if stopped:
            fail("Nothing was written.\n" + "\n".join(lines))
        click.echo("Left out:\n" + "\n".join(lines), err=True)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def _cut(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
