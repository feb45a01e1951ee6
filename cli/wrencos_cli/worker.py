"""`wrencos worker`: runs background jobs."""

from __future__ import annotations

import click

from wrencos_cli.session import Session, pass_session
from wrencos_core.cli import fail


@click.command("worker")
@click.option("--burst", is_flag=True, help="End when no job waits.")
@click.option(
    "--queues", default="high,default,low", show_default=True, help="Which, the first one first."
)
@pass_session
def command(session: Session, burst: bool, queues: str) -> None:
    """Run background jobs until stopped.

    SIGTERM or Ctrl-C: the running job is finished first. Run as many workers as there is work.
    """
    from wrencos_core.jobs import QUEUES
    from wrencos_core.worker import work

    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = sorted(set(names) - set(QUEUES))
    if unknown or not names:
        fail(f"There is no queue {', '.join(unknown) or queues!r}; there are {', '.join(QUEUES)}.")
    session.export()
    work(names, burst=burst)
