"""`wrencos ingredient`: the dictionary, and what it makes of lists."""

from __future__ import annotations

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from wrencos_commerce.commands.options import as_json_option
from wrencos_commerce.services.ingredients.avoiding import avoid_keys
from wrencos_commerce.services.ingredients.checking import CheckedProduct, IngredientChecker
from wrencos_commerce.services.ingredients.dictionary import LOCALES, dictionary
from wrencos_commerce.services.ingredients.facts import facts
from wrencos_commerce.services.rereading import IngredientReader
from wrencos_core.api import Platform, fail, pass_platform, print_json

_LOCALE = click.option(
    "--locale", type=click.Choice(LOCALES), default="en", show_default=True, help="Language."
)


@click.group()
def ingredient() -> None:
    """Look ingredients up and check lists of them."""


@ingredient.command("check")
@click.argument("line")
@click.option("--avoid", multiple=True, help="What to avoid; may be given several times.")
@_LOCALE
@as_json_option
def check_line(line: str, avoid: tuple[str, ...], locale: str, as_json: bool) -> None:
    """Tell what is in LINE, a list of ingredients as on a pack, and warn of it."""
    found = facts([line])
    product = CheckedProduct(None, "", found)
    warnings = IngredientChecker().check([product], avoid_keys(avoid), locale)
    if as_json:
        shown = {"facts": found, "warnings": warnings}
        print_json(msgspec.to_builtins(shown, str_keys=True))
        return
    for one in found.listed:
        amount = "" if one.percent is None else f" {one.percent:f}%"
        click.echo(f"{one.inci_name or one.name}{amount}{'' if one.inci_name else ' (unknown)'}")
    click.echo(f"\nFree from: {', '.join(found.free_from) or '-'}")
    for warning in warnings:
        reference = f"{warning.source.title}, {warning.source.reference}"
        click.echo(f"\n[{warning.severity.value}] {warning.message}\n  ({reference})")


@ingredient.command("show")
@click.argument("name")
@_LOCALE
@as_json_option
def show_ingredient(name: str, locale: str, as_json: bool) -> None:
    """Tell what the dictionary knows of NAME; the exit status is 2 when it knows nothing."""
    words = dictionary()
    found = words.find(name)
    if found is None:
        fail(f"The dictionary has no ingredient {name}.")
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    functions = [words.functions[id][locale] for id in found.functions]
    groups = [words.groups[id].names[locale] for id in found.groups]
    click.echo(found.inci)
    for title, texts in (
        ("functions", functions),
        ("groups", groups),
        ("also called", found.synonyms),
    ):
        click.echo(f"  {title}: {', '.join(texts) or '-'}")
    if found.allergen:
        click.echo(f"  allergen: {found.allergen.label} (Annex III, {found.allergen.entry})")


@ingredient.command("reread")
@pass_platform
def reread(platform: Platform) -> None:
    """Read the ingredients of all products again, after the dictionary has changed."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Products", total=None)
        changed = platform.services.require(IngredientReader).reread(
            lambda done, total: bar.update(task, completed=done, total=total)
        )
    click.echo(f"Changed: {changed}.")
