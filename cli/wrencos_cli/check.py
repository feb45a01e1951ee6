"""`wrencos check`: whether this shop could serve, and what to put right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from wrencos_cli.session import Session, pass_session
from wrencos_core.cli import CommandFailed, errors_reported, print_json, print_table

if TYPE_CHECKING:
    from wrencos_core.platform import Platform


@dataclass(frozen=True)
class Finding:
    """What was looked at, and how it is. An `error` must be put right."""

    area: str
    name: str
    state: Literal["ok", "warning", "error"]
    detail: str = ""


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_session
def command(session: Session, as_json: bool) -> None:
    """Check settings, servers, plugins and migrations.

    The exit status is 1 when something is wrong.
    """
    findings = list(_all(session))
    wrong = [finding for finding in findings if finding.state == "error"]
    if as_json:
        print_json({"ok": not wrong, "findings": findings})
    else:
        cells = [(f.state.upper(), f.area, f.name, f.detail or None) for f in findings]
        print_table(["", "What", "Which", "Detail"], cells)
        click.echo(f"{len(wrong)} wrong." if wrong else "All is well.")
    if wrong:
        click.get_current_context().exit(1)


def _all(session: Session) -> Iterator[Finding]:
    yield from _variables()
    try:
        with errors_reported():
            offline = session.offline()
    except CommandFailed as error:
        yield from _start_problems(error.message)
        return
    yield Finding("settings", "all", "ok")
    yield from _plugins(offline)
    try:
        with errors_reported():
            platform = session.platform()
            yield from _servers(platform)
    except CommandFailed as error:
        yield Finding("servers", "all", "error", error.message)


def _start_problems(message: str) -> Iterator[Finding]:
    head, *lines = message.splitlines()
    for line in [line.strip() for line in lines] or [head]:
        yield Finding("settings", line.partition(":")[0] if lines else "start", "error", line)


def _variables() -> Iterator[Finding]:
    from wrencos_cli.catalogue import settings_classes
    from wrencos_core.errors import StartupError
    from wrencos_core.settings import read_sources, unknown_variables

    try:
        unknown = unknown_variables(settings_classes(), read_sources().environ)
    except StartupError:
        return  # the start reports it
    for name in unknown:
        yield Finding("settings", name, "warning", "no setting has this name")


def _plugins(platform: Platform) -> Iterator[Finding]:
    for status in sorted(platform.plugins.statuses.values(), key=lambda s: s.name):
        version = status.info.version if status.info else ""
        detail = f"{status.state} {version}".strip()
        if status.state == "refused":
            yield Finding("plugin", status.name, "error", f"refused: {status.reason}")
        else:
            yield Finding("plugin", status.name, "ok", detail)


def _servers(platform: Platform) -> Iterator[Finding]:
    """What /ready asks, too: the core's own checks name the servers and migrations."""
    from wrencos_core.checks import Checkup

    checks = platform.plugins.collect("register_health_checks", platform=platform)
    owners = [owner for owner, _ in checks]
    for owner, result in zip(owners, Checkup(check for _, check in checks).run(), strict=True):
        fine = result.status == "ok"
        hint = "; run `wrencos migrate`" if result.name == "migrations" and not fine else ""
        detail = f"{result.problem or ''}{hint}"
        yield Finding(f"health ({owner})", result.name, "ok" if fine else "error", detail)
