"""`wrencos job`: background jobs by hand."""

from __future__ import annotations

import inspect
import json
from typing import Any

import click

from wrencos_cli.session import Session, pass_session
from wrencos_core.cli import fail, pass_platform, print_json, print_table
from wrencos_core.platform import Platform


@click.group("job")
def command() -> None:
    """List background jobs, or run one here and now."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_session
def list_jobs(session: Session, as_json: bool) -> None:
    """List the jobs and when they run by themselves."""
    platform = session.offline()
    when: dict[str, list[str]] = {}
    for schedule in platform.schedules:
        when.setdefault(schedule.job, []).append(schedule.cron or f"every {schedule.every}")
    rows = [
        {
            "name": job.name,
            "description": job.description,
            "queue": job.queue,
            "timeout_seconds": int(job.timeout.total_seconds()),
            "schedules": when.get(job.name, []),
        }
        for job in platform.jobs.all()
    ]
    if as_json:
        print_json(rows)
        return
    columns = ["Job", "What it does", "Queue", "Runs by itself"]
    cells = [(r["name"], r["description"], r["queue"], _joined(r["schedules"])) for r in rows]
    print_table(columns, cells)


def _joined(texts: Any) -> str | None:
    return ", ".join(texts) or None


@command.command("run")
@click.argument("name")
@click.option("--arg", "arguments", multiple=True, metavar="KEY=VALUE", help="JSON, or text.")
@pass_platform
def run_job(platform: Platform, name: str, arguments: tuple[str, ...]) -> None:
    """Run the job NAME in this process and wait for it.

    An argument's value is read as JSON when it is JSON, else as text. A job that raises ends the
    command with exit status 2; nothing tries it again.
    """
    job = platform.jobs.get(name)
    values = dict(_argument(text) for text in arguments)
    try:
        inspect.signature(job.handler).bind(**values)
    except TypeError as error:
        fail(f"{name}: {error}.")
    try:
        job.handler(**values)
    except Exception as error:  # noqa: BLE001 - a handler may raise anything; it is for the reader
        fail(f"{name} failed: {type(error).__name__}: {error}")
    click.echo(f"{name} is done.")


def _argument(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key.isidentifier():
        fail(f"--arg {text!r} is not KEY=VALUE.")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
