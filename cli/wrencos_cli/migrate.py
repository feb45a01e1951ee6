"""`wrencos migrate`: brings the database up to the installed versions."""

from __future__ import annotations

import click

from wrencos_core.cli import pass_platform, print_json
from wrencos_core.migrations import Migration
from wrencos_core.platform import Platform


@click.command("migrate")
@click.option("--plan", is_flag=True, help="Only show what would be applied.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_platform
def command(platform: Platform, plan: bool, as_json: bool) -> None:
    """Build indexes and apply pending migrations.

    Safe to run again: what was applied once is not applied a second time.
    """
    if plan:
        from wrencos_core import database

        database.require_replica_set()
        pending = platform.pending_migrations()
        _report(pending, as_json, "pending", "Nothing is pending.")
        return
    report = (lambda m: None) if as_json else (lambda m: click.echo(f"applied {m.id}"))
    applied = platform.prepare(report)
    if as_json or not applied:
        _report(applied, as_json, "applied", "The database is up to date.")


def _report(migrations: list[Migration], as_json: bool, key: str, nothing: str) -> None:
    ids = [migration.id for migration in migrations]
    if as_json:
        print_json({key: ids})
    else:
        click.echo("\n".join(ids) or nothing)
