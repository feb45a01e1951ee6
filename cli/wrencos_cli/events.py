"""`wrencos events`: what happened, and what became of it at the subscribers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from wrencos_core.cli import fail, pass_platform, print_json, print_table
from wrencos_core.platform import Platform


@click.group("events")
def command() -> None:
    """Look at events, replay them, revive dead deliveries."""


@command.command("list")
@click.option("--name", help="Only this kind, such as auth.user_registered.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_platform
def list_events(_: Platform, name: str | None, limit: int, as_json: bool) -> None:
    """List events, the newest first."""
    from wrencos_core.outbox import Delivery, StoredEvent

    query = {} if name is None else {"name": name}
    found = list(StoredEvent.raw().find(query).sort("occurred_at", -1).limit(limit))
    counts = {row["_id"]: {"pending": 0, "done": 0, "dead": 0} for row in found}
    for delivery in Delivery.raw().find({"event_id": {"$in": list(counts)}}):
        counts[delivery["event_id"]][delivery["state"]] += 1
    rows = [
        {
            "id": row["_id"],
            "name": row["name"],
            "occurred_at": row["occurred_at"],
            "payload": row["payload"],
            "deliveries": counts[row["_id"]],
        }
        for row in found
    ]
    if as_json:
        print_json(rows)
        return
    columns = ["Time (UTC)", "Event", "Id", "Deliveries"]
    print_table(columns, [_line(row) for row in rows], empty="No events.")


def _line(row: dict[str, Any]) -> tuple[str, str, str, str | None]:
    states = ", ".join(f"{count} {state}" for state, count in row["deliveries"].items() if count)
    return moment(row["occurred_at"]), row["name"], row["id"], states or None


def moment(value: datetime) -> str:
    """A time for a table."""
    return value.strftime("%Y-%m-%d %H:%M:%S")


@command.command("replay")
@click.option("--name", help="Only this kind, such as auth.user_registered.")
@click.option("--subscriber", help="Only to this one.")
@click.option(
    "--since", metavar="TIME", help="Only events from then on: 2026-03-01[T15:00[+07:00]]."
)
@click.option("--again", is_flag=True, help="To those that have had them, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_platform
def replay(
    platform: Platform,
    name: str | None,
    subscriber: str | None,
    since: str | None,
    again: bool,
    as_json: bool,
) -> None:
    """Queue past events for subscribers that have not had them.

    For a plugin that was installed after the fact. A time without a zone is the shop's own. The
    workers deliver.
    """
    if name is not None and not platform.outbox.subscribers(name):
        fail(f"Nobody subscribes to {name!r}.")
    begin = None if since is None else _time(since, platform.settings.timezone)
    queued = platform.outbox.replay(name=name, subscriber=subscriber, since=begin, again=again)
    count = _counted(queued)
    if as_json:
        print_json({"queued": count})
    else:
        click.echo(f"Queued {count} {'delivery' if count == 1 else 'deliveries'}.")


def _time(text: str, timezone: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--since {text!r} is no date or time in ISO 8601 form.")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(timezone))


def _counted(items: Iterable[Any]) -> int:
    """How many there were, with the count so far on a terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("Queueing… {task.completed}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    count = 0
    with bar:
        task = bar.add_task("", total=None)
        for _ in items:
            count += 1
            bar.update(task, completed=count)
    return count


@command.command("dead")
@click.option("--retry", is_flag=True, help="Queue them anew, with all their attempts.")
@click.option("--subscriber", help="Only of this one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_platform
def dead(platform: Platform, retry: bool, subscriber: str | None, as_json: bool) -> None:
    """List deliveries that were given up, the longest dead first."""
    from wrencos_core.outbox import Delivery

    query: dict[str, Any] = {"state": "dead"}
    if subscriber is not None:
        query["subscriber"] = subscriber
    found = list(Delivery.raw().find(query).sort("updated_at", 1))
    if retry:
        for row in found:
            platform.outbox.revive(row["_id"])
    rows = [
        {
            "id": row["_id"],
            "event": row["event_name"],
            "subscriber": row["subscriber"],
            "attempts": row["attempts"],
            "last_error": row.get("last_error"),
            "since": row["updated_at"],
        }
        for row in found
    ]
    if as_json:
        print_json({"retried": retry, "deliveries": rows})
        return
    cells = [(moment(r["since"]), r["subscriber"], r["id"], r["last_error"]) for r in rows]
    print_table(["Since (UTC)", "Subscriber", "Delivery", "Error"], cells, empty="None is dead.")
    if retry and rows:
        click.echo(f"Queued {len(rows)} anew.")
