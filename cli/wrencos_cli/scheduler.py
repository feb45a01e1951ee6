"""`wrencos scheduler`: enqueues jobs when their schedules say so."""

from __future__ import annotations

import signal
import threading

import click

from wrencos_cli.session import Session, pass_session


@click.command("scheduler")
@pass_session
def command(session: Session) -> None:
    """Fire schedules until stopped.

    Run two for safety: each slot of a schedule fires once however many there are.
    """
    from wrencos_core import logs
    from wrencos_core.scheduler import Scheduler

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    session.export()
    platform = session.platform()
    logs.configure(platform.settings)
    Scheduler(platform.jobs, platform.schedules, platform.settings.timezone).run(stop)
