"""`wrencos completion`: the script that completes commands in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from wrencos_core.cli import fail


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    For bash: put `eval "$(wrencos completion bash)"` into ~/.bashrc.
    """
    completer = get_completion_class(shell)
    root = context.find_root().command
    if completer is None:
        fail(f"click has no completion for {shell}.")
    click.echo(completer(root, {}, "wrencos", "_WRENCOS_COMPLETE").source())
