"""`wrencos demo`: a whole shop on this machine, with a year of data, in one command."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrencos_cli import web
from wrencos_cli.demo_data import PASSWORD, accounts_wanted, fill_shop
from wrencos_cli.demo_folder import DemoFolder, demo_environment, has_display
from wrencos_cli.supervisor import Supervisor
from wrencos_cli.up import parts_of
from wrencos_core.cli import fail

if TYPE_CHECKING:
    from wrencos_core.embedded.servers import EmbeddedServers

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_WORKERS = 2
# Shown when an installed plugin serves it.
_SHOWN = (("Products", "/api/products"),)


@click.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port."
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("wrencos-demo"),
    show_default=True,
    help="Folder of the demo's data.",
)
@click.option(
    "--products", type=click.IntRange(1, 20_000), default=240, show_default=True, help="How many."
)
@click.option("--reset", is_flag=True, help="Delete the data of an earlier demo first.")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
@click.option("--no-demo-data", is_flag=True, help="An empty shop with just the admin.")
def command(
    host: str,
    port: int,
    data_dir: Path,
    products: int,
    reset: bool,
    no_browser: bool,
    no_demo_data: bool,
) -> None:
    """Start a whole shop with demo data on this machine.

    It needs no server and no settings, reads no .env, sends no mail and listens on this machine
    only: its passwords are public. The data is kept, so the second start is quick. Ctrl-C ends it.
    """
    if host not in _LOOPBACK:
        fail(f"The demo's passwords are public, so it listens on 127.0.0.1 only, not on {host}.")
    bind = web.Bind(host, port)
    folder = DemoFolder(data_dir)
    with folder.in_use():
        if reset:
            folder.reset()
        web.require_free(bind)
        folder.claim()
        with _servers(folder) as servers:
            _run(folder, servers, bind, products, not no_demo_data, not no_browser)


def _servers(folder: DemoFolder) -> EmbeddedServers:
    from wrencos_core.embedded import servers

    return servers.start(folder.path)


def _run(
    folder: DemoFolder,
    servers: EmbeddedServers,
    bind: web.Bind,
    products: int,
    with_data: bool,
    open_browser: bool,
) -> None:
    environ = demo_environment(folder.path, servers.mongodb_uri, servers.redis_url, bind.url)
    fill_shop(environ, folder, products if with_data else None)
    environ[web.METRICS_DIR] = str(web.metrics_dir())
    waiting = [bind]

    def announce() -> None:
        if waiting and web.is_ready(bind):
            waiting.clear()
            show(bind, with_data, folder.path)
            if open_browser and has_display():
                webbrowser.open(f"{bind.url}/docs")

    try:
        # In its folder there is no .env and no wrencos.toml of some other shop.
        parts = parts_of(bind, _WORKERS, 1, environ, folder.path)
        reason = Supervisor(parts).run(announce)
    finally:
        web.remove_metrics_dir(environ)
    if reason:
        fail(reason)
    click.echo("The demo has stopped; its data is kept.")


def show(bind: web.Bind, with_data: bool, data_dir: Path) -> None:
    """Where things are and whom to log in as."""
    from rich.console import Console
    from rich.panel import Panel

    rows = [
        ("API documentation", f"{bind.url}/docs"),
        ("OpenAPI", f"{bind.url}/openapi.json"),
        *[(label, f"{bind.url}{path}") for label, path in _SHOWN if web.answers(bind, path)],
        *[
            (account.role.value.capitalize(), account.email)
            for account in accounts_wanted(with_data)
        ],
        ("Password", PASSWORD),
        ("Data", str(data_dir)),
        ("To end it", "Ctrl-C"),
    ]
    width = max(len(label) for label, _ in rows)
    text = "\n".join(f"{label:<{width}}  {value}" for label, value in rows)
    console = Console(highlight=False, markup=False)
    console.print(Panel(text, title="Wrencos", expand=False))
    click.echo(f"Wrencos is ready: {bind.url}")
