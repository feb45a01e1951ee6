"""`wrencos init`: the first .env of a shop."""

from __future__ import annotations

import os
import secrets
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrencos_core.cli import fail

if TYPE_CHECKING:
    from wrencos_core.settings import Settings

_HEAD = """\
# Settings of Wrencos in this folder. A variable of the real environment goes over what stands here.
# Keep this file secret: whoever has the key below can log in as anyone.

WRENCOS_SECRET_KEY={key}
"""


@click.command("init")
@click.option(
    "--path",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the shop [default: this one].",
)
@click.option("--force", is_flag=True, help="Overwrite a .env; logins made with its key end.")
def command(path: Path, force: bool) -> None:
    """Write a .env with a fresh secret key.

    All other settings stand in it as comments, with their defaults.
    """
    from wrencos_cli.catalogue import settings_classes

    file = path / ".env"
    if file.exists() and not force:
        fail(f"{file} exists already; --force overwrites it, and ends all logins.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        _write_private(file, env_text(settings_classes()))
    except OSError as error:
        fail(f"Can't write {file}: {error.strerror}.")
    click.echo(f"Wrote {file}. Next: `wrencos check`, then `wrencos up`.")


def env_text(classes: list[type[Settings]]) -> str:
    """A .env with a new key and every other setting as a comment."""
    from wrencos_cli.settings import default_text

    lines = [_HEAD.format(key=secrets.token_urlsafe(48))]
    for cls in classes:
        lines.append(f"\n# --- {cls.section or 'core'} ---")
        for name, field in cls.model_fields.items():
            if (cls.section, name) == ("", "secret_key"):
                continue
            lines += [f"# {line}" for line in textwrap.wrap(field.description or "", 96)]
            default = default_text(field)
            value = "" if default in ("***", "(required)") else default
            lines.append(f"#{cls.environment_name(name)}={_quoted(value)}")
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return f'"{value}"' if any(char in value for char in " #'") else value


def _write_private(file: Path, text: str) -> None:
    scratch = file.with_name(f".env.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    scratch.replace(file)
