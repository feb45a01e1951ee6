"""Judges every row of a file before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from wrencos_commerce.services.csv.formats import ProductFile
from wrencos_commerce.services.csv.parsed import ParsedProduct, Problem
from wrencos_commerce.services.csv.planning import Plan, Planner, known_brands
from wrencos_commerce.services.csv.report import ImportReport

BATCH = 500


@dataclass
class Listeners:
    """Who is told on the way: of rows done, of each planned product, of each bad row."""

    progress: Callable[[int, int | None], None] = lambda done, total: None
    planned: Callable[[Plan], None] = lambda plan: None
    problem: Callable[[Problem], None] = lambda problem: None


@dataclass
class _Seen:
    """What a file has named so far: some bytes for each of its rows."""

    skus: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)


def judged(file: ProductFile, planner: Planner, listeners: Listeners) -> ImportReport:
    """What importing the file would do, and every bad row of it."""
    report, seen = ImportReport(), _Seen()
    for batch in batches(file.products()):
        for parsed in batch:
            parsed.problems.extend(map(file.in_file, named_twice(parsed, seen.skus)))
        for plan in planner.plan(batch, known_brands(batch), seen.created):
            _count(report, plan, seen, file, listeners)
        report.rows += sum(parsed.group.size for parsed in batch)
        listeners.progress(report.rows, None)
    report.notes = _notes(file)
    return report


def batches(products: Iterable[ParsedProduct]) -> Iterator[list[ParsedProduct]]:
    """Products of about 500 rows together."""
    batch: list[ParsedProduct] = []
    size = 0
    for parsed in products:
        if batch and size + parsed.group.size > BATCH:
            yield batch
            batch, size = [], 0
        batch.append(parsed)
        size += parsed.group.size
    if batch:
        yield batch


def named_twice(parsed: ParsedProduct, skus: set[str]) -> Iterator[Problem]:
    """A problem for each SKU that is among `skus`, those of the file so far; the others join."""
    for variant in parsed.variants:
        sku = variant.values.get("sku")
        if sku in skus:
            yield Problem(variant.row, "sku", f"{sku} stands in an earlier row already.")
        elif sku:
            skus.add(sku)


def told_of(plan: Plan, file: ProductFile) -> list[Problem]:
    """The plan's problems by the columns of the file; those of its cells name them already."""
    if plan.problems == plan.parsed.problems:
        return plan.problems
    return [file.in_file(problem) for problem in plan.problems]


def _count(
    report: ImportReport, plan: Plan, seen: _Seen, file: ProductFile, listeners: Listeners
) -> None:
    if plan.problems:
        report.add(told_of(plan, file), listeners.problem)
        return
    if plan.before is None:
        report.created += 1
        seen.created.add(plan.after["slug"])
    elif plan.changed:
        report.updated += 1
    else:
        report.unchanged += 1
    listeners.planned(plan)


def _notes(file: ProductFile) -> list[str]:
    notes = []
    if file.ignored:
        notes.append(f"These columns are not imported: {', '.join(file.ignored)}.")
    if file.unknown_tags:
        tags = ", ".join(file.unknown_tags)
        notes.append(f"These tags are no skin type or concern: {tags}.")
    return notes
