"""`wrencos recommend learn` and `wrencos recommend for`."""

from __future__ import annotations

from dataclasses import asdict

import click

from wrencos_commerce.commands.options import as_json_option
from wrencos_commerce.services.recommendations.advice import Advice, Advisor, Wanted
from wrencos_commerce.services.recommendations.exclusions import explained
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_commerce.services.recommendations.reasons import shown_name
from wrencos_core.api import Platform, fail, pass_platform, print_json, print_table
from wrencos_core.contracts.auth import UserDirectory


@click.group()
def recommend() -> None:
    """Count what is bought together, and see what a customer is recommended."""


@recommend.command("learn")
@as_json_option
@pass_platform
def learn_now(_: Platform, as_json: bool) -> None:
    """Count the orders of the last 365 days now, as the nightly job does."""
    report = learn()
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"Counted {report.orders} orders of {report.customers} customers: {report.products} "
        f"products sold, {report.with_neighbours} with neighbours, {report.with_counts} bought or "
        f"rated by people with a skin profile. Sold counts changed: {report.sold_changed}."
    )


@recommend.command("for")
@click.argument("who", metavar="EMAIL|USER_ID")
@click.option("--limit", type=click.IntRange(1, 50), default=10, help="How many, at most.")
@click.option("--locale", type=click.Choice(["vi", "en"]), help="Language; else the customer's.")
@click.option("--explain", is_flag=True, help="Also the parts of the scores and what is left out.")
@as_json_option
@pass_platform
def recommend_for(
    platform: Platform, who: str, limit: int, locale: str | None, explain: bool, as_json: bool
) -> None:
    """Show what the customer EMAIL|USER_ID is recommended."""
    directory = platform.services.require(UserDirectory)
    user = directory.find_by_email(who) if "@" in who else directory.find(who)
    if user is None:
        fail(f"There is no user {who}.")
    language = locale or user.locale
    wanted = Wanted(user_id=user.user_id, limit=limit, locale=language, explain=explain)
    advice = platform.services.require(Advisor).advise(wanted)
    if as_json:
        print_json(_as_json(advice, language, explain))
    else:
        _print(advice, language, explain)


def _print(advice: Advice, locale: str, explain: bool) -> None:
    columns = ["Product", "Name", "Relevance", "Reason", *(["Parts"] if explain else [])]
    rows = []
    for item in advice.suggested:
        scored = item.scored
        parts = ", ".join(f"{name} {part:.2f}" for name, part in scored.parts.items())
        cells = [scored.row["_id"], shown_name(scored.row, locale), f"{scored.relevance:.3f}"]
        rows.append([*cells, item.reason, *([parts] if explain else [])])
    print_table(columns, rows, empty="Nothing to recommend.")
    if explain:
        left_out = [
            (item.row["_id"], shown_name(item.row, locale), explained(item, locale))
            for item in advice.excluded
        ]
        print_table(["Left out", "Name", "Why"], left_out, empty="Nothing was left out.")


def _as_json(advice: Advice, locale: str, explain: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "recommendations": [
            {
                "productId": item.scored.row["_id"],
                "name": shown_name(item.scored.row, locale),
                "relevanceScore": round(item.scored.relevance, 4),
                "reason": item.reason,
                **({"parts": dict(item.scored.parts)} if explain else {}),
            }
            for item in advice.suggested
        ]
    }
    if explain:
        shown["excluded"] = [
            {
                "productId": item.row["_id"],
                "name": shown_name(item.row, locale),
                "kind": item.why.value,
                "why": explained(item, locale),
            }
            for item in advice.excluded
        ]
        shown["counts"] = dict(advice.counts)
    return shown
