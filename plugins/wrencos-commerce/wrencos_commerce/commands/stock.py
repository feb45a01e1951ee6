"""`wrencos stock`: how much there is, what came and went, counting it, and proving that it fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services.csv.tables import table_of_file
from wrencos_commerce.services.stock_audit import Difference, StockAudit
from wrencos_commerce.services.stock_counts import MOST_COUNTED, Counted, Outcome, StockCounts
from wrencos_commerce.services.stock_ledger import on_hand
from wrencos_commerce.services.stock_queries import (
    LevelFilter,
    LevelSort,
    MovementFilter,
    StockQueries,
)
from wrencos_commerce.services.variants import full_name
from wrencos_core.api import Platform, fail, pass_platform, print_json, print_table

_limit_option = click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many."
)


@click.group()
def stock() -> None:
    """The stock: levels, movements, counts, and a proof that all of it adds up."""


@stock.command("list")
@click.option(
    "--sort",
    type=click.Choice([sort.value for sort in LevelSort]),
    default=LevelSort.LOWEST.value,
    show_default=True,
    help="The products with the scarcest variant in front, or by name.",
)
@click.option("--withdrawn", is_flag=True, help="Only what is not for sale.")
@_limit_option
@as_json_option
@pass_platform
def list_levels(platform: Platform, sort: str, withdrawn: bool, limit: int, as_json: bool) -> None:
    """List products with what there is of their variants."""
    wanted = LevelFilter(is_active=not withdrawn)
    rows, total = platform.services.require(StockQueries).page(wanted, LevelSort(sort), 0, limit)
    shown = [_level(row, variant) for row in rows for variant in row["variants"]]
    if as_json:
        print_json({"variants": shown, "totalProducts": total})
        return
    print_table(
        ("SKU", "Product", "For sale", "Held", "On hand"),
        ([one[key] for key in ("sku", "name", "available", "held", "onHand")] for one in shown),
        empty="There are no products.",
    )
    if total > len(rows):
        click.echo(f"{total - len(rows)} more products: see --limit.")


def _level(product: Any, variant: Any) -> dict[str, Any]:
    return {
        "productId": product["_id"],
        "variantId": variant["id"],
        "sku": variant["sku"],
        "name": full_name(product, variant),
        "available": variant["inventory"],
        "held": variant.get("held") or 0,
        "onHand": on_hand(variant),
    }


@stock.command("movements")
@click.option("--sku", help="Only of this variant.")
@click.option(
    "--reason", type=click.Choice([reason.value for reason in MovementReason]), help="Only those."
)
@click.option("--reference", help="Only of this order, batch, return, count or import.")
@_limit_option
@as_json_option
@pass_platform
def movements(
    platform: Platform,
    sku: str | None,
    reason: str | None,
    reference: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what came and went, the newest first."""
    wanted = MovementFilter(
        variant_id=_variant_id(sku) if sku else None, reason=reason, reference=reference
    )
    rows, total = platform.services.require(StockQueries).movements(wanted, 0, limit)
    shown = [
        {
            "movementId": row["_id"],
            "at": row["at"].isoformat(),
            "variantId": row["variant_id"],
            "quantity": row["quantity"],
            "reason": row["reason"],
            "reference": row.get("reference"),
            "actor": row["actor"],
            "note": row.get("note"),
        }
        for row in rows
    ]
    if as_json:
        print_json({"movements": shown, "totalCount": total})
        return
    print_table(
        ("Movement", "At", "Variant", "Pieces", "Reason", "Reference", "By", "Note"),
        (list(row.values()) for row in shown),
        empty="Nothing came or went.",
    )


def _variant_id(sku: str) -> str:
    row = Product.raw().find_one({"variants.sku": sku}, {"variants.id": 1, "variants.sku": 1})
    if row is None:
        fail(f"There is no variant with the SKU {sku}.")
    return next(str(v["id"]) for v in row["variants"] if v["sku"] == sku)


@stock.command("count")
@click.argument("counted", metavar="FILE.csv|SKU=QTY...", nargs=-1, required=True)
@click.option("--note", help="Kept with each change.")
@click.option("--dry-run", is_flag=True, help="Only show what it would change.")
@as_json_option
@pass_platform
def count(
    platform: Platform, counted: Sequence[str], note: str | None, dry_run: bool, as_json: bool
) -> None:
    """Make what was counted what is on hand.

    A file has the columns `sku` and `counted`. Count every piece that is there, those held for
    orders and those in batches too, but not what has expired or was recalled. Nothing is written
    when anything is wrong with the counts; a file of more than 500 rows is written 500 at a time,
    and can be counted again.
    """
    counts = platform.services.require(StockCounts)
    items = list(_items(counted))
    names = Counter(str(item.sku) for item in items)
    if twice := sorted(name for name, times in names.items() if times > 1):
        fail(f"Counted twice: {', '.join(twice)}.")
    outcomes = [one for part in _parts(items) for one in counts.plan(part)]
    ids = []
    if not dry_run:
        outcomes = []
        for part in _parts(items):
            id, written = counts.count(part, note, CLI)
            ids.append(id)
            outcomes += written
    _print_outcomes(outcomes, ids, as_json)


def _items(counted: Sequence[str]) -> Iterator[Counted]:
    for word in counted:
        sku, equals, pieces = word.rpartition("=")
        if equals:
            yield Counted(sku=sku, counted=_pieces(pieces, word))
        else:
            yield from _items_of_file(Path(word))


def _items_of_file(file: Path) -> Iterator[Counted]:
    if not file.is_file():
        fail(f"{file} is no file, and no SKU=QTY.")
    table = table_of_file(file)
    if missing := {"sku", "counted"} - set(table.header):
        fail(f"{file} has no column {' and no column '.join(sorted(missing))}.")
    for row in table.rows():
        where = f"{file}, row {row.number}"
        if row.cells is None:
            fail(f"{where}: it has more or fewer cells than there are columns.")
        yield Counted(sku=row.cells["sku"].strip(), counted=_pieces(row.cells["counted"], where))


def _pieces(text: str, where: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        fail(f"{where}: {text!r} is no number of pieces.")
    return int(digits)


def _parts(items: Sequence[Counted]) -> Iterator[list[Counted]]:
    rest = iter(items)
    while part := list(islice(rest, MOST_COUNTED)):
        yield part


def _print_outcomes(outcomes: Sequence[Outcome], ids: Sequence[str], as_json: bool) -> None:
    changed = [one for one in outcomes if one.difference]
    if as_json:
        rows = [
            {"sku": one.sku, "before": one.before, "after": one.after, "difference": one.difference}
            for one in outcomes
        ]
        print_json({"countIds": list(ids), "items": rows})
        return
    print_table(
        ("SKU", "On hand", "Counted", "Difference"),
        ((one.sku, one.before, one.after, f"{one.difference:+d}") for one in changed),
        empty="All is as it was counted.",
    )
    done = f"written as {', '.join(ids)}" if ids else "nothing was written"
    click.echo(f"{len(outcomes)} variants counted, {len(changed)} differ: {done}.")


@stock.command("audit")
@as_json_option
@pass_platform
def audit_stock(platform: Platform, as_json: bool) -> None:
    """Prove that the stock adds up; exit with 1 and print each difference when it does not.

    For each variant: the ledger's sum is what is on hand, what is held is what unpaid orders hold,
    and no more is in batches than can be sold; and a product has what its variants have. The shop
    can go on selling meanwhile.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Products", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        found = platform.services.require(StockAudit).differences(advance)
        shown = [_difference(one) for one in found]
    if as_json:
        print_json({"differences": shown})
    elif shown:
        print_table(
            ("Check", "Product", "Variant", "SKU", "Expected", "Found"),
            (list(one.values()) for one in shown),
        )
    else:
        click.echo("The stock adds up.")
    if shown:
        click.get_current_context().exit(1)


def _difference(one: Difference) -> dict[str, Any]:
    names = ("check", "productId", "variantId", "sku", "expected", "found")
    return dict(zip(names, asdict(one).values(), strict=True))
