"""The command `wrencos`. Groups are imported when they are used, so that `--help` is quick."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

import wrencos_core
from wrencos_cli.plugin_commands import PluginCommands
from wrencos_core.cli import errors_reported

# name -> (module that has it as `command`, the first line of its help)
COMMANDS = {
    "check": ("check", "Check settings, servers, plugins and migrations."),
    "completion": ("completion", "Print the script that completes commands in a shell."),
    "demo": ("demo", "Start a whole shop with demo data on this machine."),
    "events": ("events", "Look at events, replay them, revive dead deliveries."),
    "hooks": ("hooks", "List every hook, and who implements it."),
    "init": ("init", "Write a .env with a fresh secret key."),
    "job": ("job", "List background jobs, or run one here and now."),
    "migrate": ("migrate", "Build indexes and apply pending migrations."),
    "plugin": ("plugin", "List plugins, show one, or begin a new one."),
    "scheduler": ("scheduler", "Fire schedules until stopped."),
    "serve": ("serve", "Serve the API with gunicorn."),
    "settings": ("settings", "Show the settings in effect, or document them all."),
    "up": ("up", "Run web server, workers and scheduler together."),
    "user": ("user", "Create users and change their role or state."),
    "worker": ("worker", "Run background jobs until stopped."),
}


class Commands(click.Group):
    """The core's commands, imported on demand, and those that plugins register."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.from_plugins = PluginCommands(reserved=frozenset(COMMANDS))

    def list_commands(self, ctx: click.Context) -> list[str]:
        offered = {name for _, name, _ in self.from_plugins.listed()}
        return sorted({*COMMANDS, *offered})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = import_module(f"wrencos_cli.{COMMANDS[cmd_name][0]}")
            command: click.Command = module.command
            return command
        return self.from_plugins.get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in sorted(COMMANDS.items())])
        offered = self.from_plugins.listed()
        if offered:
            with formatter.section("Commands of plugins"):
                rows = [(name, f"{help} ({plugin})") for plugin, name, help in offered]
                formatter.write_dl(sorted(rows))

    def invoke(self, ctx: click.Context) -> Any:
        with errors_reported():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(wrencos_core.__version__, prog_name="wrencos")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run a beauty business: its shop, its staff, its books.

    Settings come from WRENCOS_ variables, then .env, then wrencos.toml in this folder. Without a
    MongoDB and a Redis in them, commands use the embedded servers of the data folder
    (WRENCOS_DATA_DIR).
    """
    if context.obj is None:
        from wrencos_cli.session import Session

        session = context.obj = Session()
        context.call_on_close(session.close)
