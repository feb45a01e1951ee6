"""`wrencos up`: everything that a shop needs, in one process tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from wrencos_cli import web
from wrencos_cli.session import Session, pass_session
from wrencos_cli.supervisor import Part, Supervisor
from wrencos_core.cli import fail


@click.command("up")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port."
)
@click.option("--workers", type=click.IntRange(1, 256), help="Web processes [default: one a core].")
@click.option(
    "--worker-processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that run background jobs.",
)
@pass_session
def command(
    session: Session, host: str, port: int, workers: int | None, worker_processes: int
) -> None:
    """Run web server, workers and scheduler together.

    Starts the embedded servers when none are configured. What dies is started again. Ctrl-C or
    SIGTERM stops all of it in order: web, workers, scheduler, servers.
    """
    import structlog

    from wrencos_core import logs

    bind = web.Bind(host, port)
    web.require_free(bind)
    session.export()
    platform = session.platform()
    platform.prepare()
    logs.configure(platform.settings)
    session.disconnect()
    log = structlog.get_logger(__name__)
    waiting = [bind]

    def announce() -> None:
        if waiting and web.is_ready(bind):
            waiting.clear()
            log.info("up.ready", url=bind.url)

    environ = {**os.environ, web.METRICS_DIR: str(web.metrics_dir())}
    parts = parts_of(bind, workers or web.default_workers(), worker_processes, environ)
    try:
        reason = Supervisor(parts).run(announce)
    finally:
        web.remove_metrics_dir(environ)
    if reason:
        fail(reason)
    log.info("up.stopped")


def parts_of(
    bind: web.Bind,
    workers: int,
    worker_processes: int,
    environ: Mapping[str, str],
    folder: Path | None = None,
) -> list[Part]:
    """Web server, workers and scheduler, in the order in which they are stopped."""
    others = {name: value for name, value in environ.items() if name != web.METRICS_DIR}
    me = [sys.executable, "-m", "wrencos_cli"]
    return [
        Part("web", web.gunicorn_command(bind, workers), environ, folder),
        *[Part("worker", [*me, "worker"], others, folder)] * worker_processes,
        Part("scheduler", [*me, "scheduler"], others, folder),
    ]
