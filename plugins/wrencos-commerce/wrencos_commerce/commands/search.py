"""`wrencos search`: rebuild the index, keep synonyms, see what customers search for."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import SORTS, ProductSearch
from wrencos_commerce.services.search.report import SearchReport
from wrencos_commerce.services.search.synonyms import Synonyms
from wrencos_core.api import Platform, money, pass_platform, print_json, print_table

_MOST = 10_000


@click.group()
def search() -> None:
    """Keep the search of products."""


@search.command()
@as_json_option
@pass_platform
def reindex(platform: Platform, as_json: bool) -> None:
    """Build the search index anew; searches read the old one until it is done."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Products", total=None)
        count = platform.services.require(SearchIndex).rebuild(
            lambda done, total: bar.update(task, completed=done, total=total)
        )
    if as_json:
        print_json({"products": count})
    else:
        click.echo(f"Indexed {count} products.")


@search.command("try")
@click.argument("query")
@click.option(
    "--sort", type=click.Choice(SORTS), default=SORTS[0], show_default=True, help="The order."
)
@click.option(
    "--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="At most so many."
)
@as_json_option
@pass_platform
def try_query(platform: Platform, query: str, sort: str, limit: int, as_json: bool) -> None:
    """Show what a customer finds who searches for QUERY; it is not counted."""
    page = platform.services.require(ProductSearch).search(query, SearchFilter(), sort, 0, limit)
    if as_json:
        print_json(
            {
                "totalCount": page.total,
                "correctedTo": page.corrected,
                "relaxed": page.is_relaxed,
                "products": [{"sku": row["sku"], "name": row["name"]} for row in page.rows],
            }
        )
        return
    if page.corrected:
        click.echo(f"Searched for: {page.corrected}")
    if page.is_relaxed:
        click.echo("Nothing fits all words; these fit the most.")
    print_table(
        ["SKU", "Name", "Brand", "Price"],
        [
            (
                row["sku"],
                row["name"],
                row.get("brand"),
                money.to_major(row["price"], row["currency"]),
            )
            for row in page.rows
        ],
        empty="Nothing was found.",
    )
    click.echo(f"{page.total} products in all.")


@search.command()
@click.option(
    "--days", type=click.IntRange(1, 180), default=30, show_default=True, help="So far back."
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@click.option("--zero", is_flag=True, help="Only what found nothing the last time.")
@as_json_option
@pass_platform
def report(platform: Platform, days: int, limit: int, zero: bool, as_json: bool) -> None:
    """Show what customers searched for, the most frequent first."""
    rows, total = platform.services.require(SearchReport).page(
        days, 0, limit, only_without_results=zero
    )
    if as_json:
        fields = ("query", "count", "results", "last_at")
        print_json({"total": total, "searches": [{f: row[f] for f in fields} for row in rows]})
        return
    print_table(
        ["Query", "Searches", "Products", "Last"],
        [(r["query"], r["count"], r["results"], f"{r['last_at']:%Y-%m-%d %H:%M}") for r in rows],
        empty="Nobody searched for anything.",
    )


@search.group()
def synonyms() -> None:
    """Keep the shop's own synonyms."""


@synonyms.command("list")
@as_json_option
@pass_platform
def list_synonyms(platform: Platform, as_json: bool) -> None:
    """List the groups of synonyms."""
    rows, _ = platform.services.require(Synonyms).page(0, _MOST)
    if as_json:
        print_json([_shown(row) for row in rows])
        return
    print_table(
        ["Id", "Phrases"],
        [(row["_id"], (" > " if row["one_way"] else " = ").join(row["phrases"])) for row in rows],
        empty="There are none.",
    )


@synonyms.command()
@click.argument("phrases", nargs=-1, required=True)
@click.option("--one-way", is_flag=True, help="Only a search for the first finds the others.")
@as_json_option
@pass_platform
def add(platform: Platform, phrases: tuple[str, ...], one_way: bool, as_json: bool) -> None:
    """Let a search for one of PHRASES find the others too."""
    id = platform.services.require(Synonyms).create(phrases, one_way, CLI)
    if as_json:
        print_json({"id": id})
    else:
        click.echo(f"Added {id}.")


@synonyms.command()
@click.argument("id")
@as_json_option
@pass_platform
def remove(platform: Platform, id: str, as_json: bool) -> None:
    """Delete the group of synonyms ID."""
    platform.services.require(Synonyms).delete(id, CLI)
    if as_json:
        print_json({"removed": id})
    else:
        click.echo(f"Removed {id}.")


def _shown(row: Any) -> dict[str, Any]:
    return {"id": row["_id"], "phrases": row["phrases"], "oneWay": row["one_way"]}
