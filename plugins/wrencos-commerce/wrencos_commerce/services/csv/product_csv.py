"""Importing the catalogue: a dry run, the import itself in batches, and going on with one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv import runs
from wrencos_commerce.services.csv.category_index import CategoryIndex
from wrencos_commerce.services.csv.formats import ProductFile
from wrencos_commerce.services.csv.judging import (
    Listeners,
    batches,
    judged,
    named_twice,
    told_of,
)
from wrencos_commerce.services.csv.options import ImportOptions
from wrencos_commerce.services.csv.parsed import ParsedProduct, Problem
from wrencos_commerce.services.csv.planning import Planner
from wrencos_commerce.services.csv.report import DESCRIBED, ImportReport
from wrencos_commerce.services.csv.runs import RunState
from wrencos_commerce.services.csv.tables import CsvRow, Table, table_of_rows
from wrencos_commerce.services.csv.writing import Writer, Written
from wrencos_core.api import Identity, Invalid, audit, transaction

_NO_LISTENERS = Listeners()


class _Held(NamedTuple):
    """A run that this process works on."""

    run_id: str
    token: str


class ProductCsv:
    """Imports files of products, in bounded memory whatever their size."""

    def __init__(self, planner: Planner, writer: Writer, categories: Categories) -> None:
        self._planner = planner
        self._writer = writer
        self._categories = categories

    def load(
        self,
        source: Callable[[], Iterable[CsvRow]],
        identity: Identity,
        *,
        dry_run: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> ImportReport:
        """Create or update products from the rows of `source()`, unless any row is bad.

        The rows have the columns of the own format. `source` is called anew for each reading.
        `progress` gets the rows written and all. Raises Invalid for a file without the needed
        columns or with unknown ones.
        """
        table = table_of_rows(source)
        report = self.check(table, ImportOptions())
        if report.bad_rows or dry_run:
            return report

        def told(done: int, total: int | None) -> None:
            progress(done, total or done)

        return self.run(table, ImportOptions(), report, identity, listeners=Listeners(told))

    def check(
        self, table: Table, options: ImportOptions, listeners: Listeners = _NO_LISTENERS
    ) -> ImportReport:
        """What an import would do; nothing is written. Raises Invalid for no such file."""
        file = self.opened(table, options)
        report = judged(file, self._planner, listeners)
        if report.bad_rows and not options.skip_bad:
            report.created = report.updated = report.unchanged = 0
        return report

    def opened(self, table: Table, options: ImportOptions) -> ProductFile:
        """The file, its header checked."""
        categories = CategoryIndex(self._categories, creating=options.create_categories)
        return ProductFile(table, options, categories)

    def slugs(self) -> dict[str, str]:
        """The slugs of the categories by id, to show what is planned."""
        return {str(row["_id"]): str(row["slug"]) for row in self._categories.all()}

    def run(
        self,
        table: Table,
        options: ImportOptions,
        report: ImportReport,
        identity: Identity,
        *,
        listeners: Listeners = _NO_LISTENERS,
        **fields: Any,
    ) -> ImportReport:
        """Import what `check` reported on; `fields` (filename, digest) are kept in the run."""
        found = {**runs.report_fields(report), **fields}
        run_id = runs.begin(identity, RunState.READY, options, **found)
        return self.go_on(run_id, table, identity, listeners)

    def go_on(
        self, run_id: str, table: Table, identity: Identity, listeners: Listeners = _NO_LISTENERS
    ) -> ImportReport:
        """Write what of a run is not written yet, each batch in a transaction of its own.

        Of a run that is done it returns the report. Raises Conflict while somebody else works on
        it, and Invalid when the catalogue has changed so that a row does not fit any more: the run
        is interrupted then, and can be continued or undone.
        """
        if runs.state_of(runs.get(run_id)) is RunState.DONE:
            return report_of(run_id)
        row, token = runs.claim(run_id, [RunState.READY], RunState.RUNNING)
        options = ImportOptions.of_stored(row["options"])
        try:
            held = _Held(run_id, token)
            if options.skip_bad and not row["batches"]:
                # Counted anew as they are left out: since the check the catalogue may have changed.
                runs.hold(run_id, token, set={"bad_rows": 0, "errors": []})
            self._create_categories(table, options, held, identity)
            file = self.opened(table, options)
            self._write_all(file, row, held, identity, listeners)
        except Exception as error:
            runs.give_up(run_id, token, f"Interrupted: {error}")
            raise
        transaction(lambda: _finish(run_id, token, identity))
        return report_of(run_id)

    def _create_categories(
        self, table: Table, options: ImportOptions, held: _Held, identity: Identity
    ) -> None:
        if options.create_categories:
            index = CategoryIndex(self._categories, creating=True)
            for _ in batches(ProductFile(table, options, index).products()):
                runs.hold(held.run_id, held.token)
            index.create_missing(identity)

    def _write_all(
        self,
        file: ProductFile,
        row: runs.Row,
        held: _Held,
        identity: Identity,
        listeners: Listeners,
    ) -> None:
        done, number, skus = 0, int(row["batches"]), set[str]()
        for batch in batches(file.products()):
            for parsed in batch:
                parsed.problems.extend(map(file.in_file, named_twice(parsed, skus)))
            done += sum(parsed.group.size for parsed in batch)
            left = [parsed for parsed in batch if parsed.group.last_row > row["done_rows"]]
            if left:
                number += 1
                self._write(left, held, number, identity, file)
            else:
                runs.hold(held.run_id, held.token)
            listeners.progress(done, int(row["rows"]))

    def _write(
        self,
        batch: list[ParsedProduct],
        held: _Held,
        number: int,
        identity: Identity,
        file: ProductFile,
    ) -> None:
        def write() -> Written:
            written = self._writer.write(batch, held.run_id, number, identity)
            bad = [one for plan in written.bad for one in told_of(plan, file)]
            if bad and not file.skips_bad:
                errors = {f"row {one.row}, {one.column}": [one.words] for one in bad[:10]}
                raise Invalid("The catalogue has changed meanwhile.", errors=errors)
            runs.hold(
                held.run_id,
                held.token,
                set={"done_rows": batch[-1].group.last_row, "batches": number},
                inc={
                    "created": written.created,
                    "updated": written.updated,
                    "unchanged": written.unchanged,
                    "bad_rows": len({one.row for one in bad}),
                },
                push={"errors": {"$each": runs.stored_problems(bad), "$slice": runs.SHOWN}},
            )
            return written

        transaction(write)


def report_of(run_id: str) -> ImportReport:
    """What a run has done so far."""
    row = runs.get(run_id)
    report = ImportReport(run_id=run_id, notes=list(row["notes"]))
    report.errors = [Problem(**one) for one in row["errors"][:DESCRIBED]]
    for name in ("rows", "created", "updated", "unchanged", "bad_rows"):
        setattr(report, name, row[name])
    return report


def _finish(run_id: str, token: str, identity: Identity) -> None:
    row = runs.get(run_id)
    counts = {name: row[name] for name in ("created", "updated", "unchanged", "bad_rows")}
    audit.record(identity, "commerce.products.import", run_id, counts)
    runs.end(run_id, token, RunState.DONE)
