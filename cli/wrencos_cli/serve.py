"""`wrencos serve`: the API on gunicorn with gevent workers."""

from __future__ import annotations

import os

import click

from wrencos_cli import web
from wrencos_cli.session import Session, pass_session
from wrencos_core.cli import fail


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port."
)
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes [default: one a core]."
)
@click.option("--dev", is_flag=True, help="One worker that reloads when the code changes.")
@pass_session
def command(session: Session, host: str, port: int, workers: int | None, dev: bool) -> None:
    """Serve the API with gunicorn.

    Indexes and migrations are brought up to date first. Put a reverse proxy in front of it for TLS.
    """
    bind = web.Bind(host, port)
    web.require_free(bind)
    session.export()
    session.platform().prepare()
    session.disconnect()
    environ = {**os.environ, web.METRICS_DIR: str(web.metrics_dir())}
    arguments = web.gunicorn_command(bind, workers or web.default_workers(), dev)
    if not session.owns_servers:
        os.execve(arguments[0], arguments, environ)  # noqa: S606 - our own command
    # The embedded servers end with this process, so it stays.
    from wrencos_cli.supervisor import Part, Supervisor

    reason = Supervisor([Part("web", arguments, environ)]).run()
    web.remove_metrics_dir(environ)
    if reason:
        fail(reason)
