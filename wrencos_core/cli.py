"""What the commands of plugins use: the running platform, output for people and for programs."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, ParamSpec, TypeVar

import click

from wrencos_core.errors import DomainError, Invalid, StartupError

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

P = ParamSpec("P")
T = TypeVar("T")

# Text that goes to a file or another program is not wrapped at the width of a terminal.
_PIPE_WIDTH = 240


class CommandFailed(click.ClickException):
    """Ends a command with one message on stderr and the exit status 2."""

    exit_code = 2


def fail(message: str) -> NoReturn:
    """End the command: `message` on stderr, exit status 2."""
    raise CommandFailed(message)


def pass_platform(command: Callable[Concatenate[Platform, P], T]) -> Callable[P, T]:
    """Give a command the started and connected Platform as its first argument.

    It is started when the command runs, not before, so that `--help` needs no server. A test may
    run the command with `obj=platform`.
    """

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        context = click.get_current_context()
        return command(_platform_of(context.obj), *args, **kwargs)

    return wrapper


def _platform_of(obj: Any) -> Platform:
    from wrencos_core.platform import Platform

    platform: Platform = obj if isinstance(obj, Platform) else obj.platform()
    return platform


def print_json(data: Any) -> None:
    """`data` on stdout as indented JSON: Structs, datetimes and Decimals as the API writes them."""
    import msgspec

    encoded = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode(data)
    click.echo(json.dumps(msgspec.json.decode(encoded), indent=2, ensure_ascii=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "None."
) -> None:
    """A table on stdout; `empty` is printed when there are no rows. None is shown as a dash."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, as a cell may hold brackets, which rich would take for markup.
        table.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    if not table.row_count:
        click.echo(empty)
        return
    console = _console()
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    click.echo("\n".join(line for line in lines if line))


def _console() -> Any:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _PIPE_WIDTH, highlight=False)


@contextmanager
def errors_reported() -> Iterator[None]:
    """Turn what an admin can put right into one message and the exit status 2."""
    try:
        yield
    except Invalid as error:
        raise CommandFailed(_explained(error)) from error
    except (DomainError, StartupError) as error:
        raise CommandFailed(str(error)) from error
    except Exception as error:
        message = _server_message(error)
        if message is None:
            raise
        raise CommandFailed(message) from error


def _explained(error: Invalid) -> str:
    problems = error.extra.get("errors") or {}
    lines = [f"  {field}: {_flat(messages)}" for field, messages in problems.items()]
    return "\n".join([error.detail, *lines])


def _flat(messages: Any) -> str:
    if isinstance(messages, dict):
        return "; ".join(f"{key}: {_flat(value)}" for key, value in messages.items())
    return " ".join(map(str, messages)) if isinstance(messages, list | tuple) else str(messages)


def _server_message(error: Exception) -> str | None:
    """In words, an error of the servers behind; None for any other.

    Looked up by loaded modules: importing both drivers would slow every command down.
    """
    for module, name, what in (
        ("wrencos_core.embedded.process", "EmbeddedServerError", "The embedded servers"),
        ("pymongo.errors", "ConnectionFailure", "MongoDB does not answer"),
        ("redis.exceptions", "ConnectionError", "Redis does not answer"),
        ("redis.exceptions", "TimeoutError", "Redis does not answer"),
    ):
        cls = getattr(sys.modules.get(module), name, None)
        if cls is not None and isinstance(error, cls):
            return f"{what}: {error}"
    return None
