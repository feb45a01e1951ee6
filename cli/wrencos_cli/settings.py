"""`wrencos settings`: what is in effect, and the reference of all there are."""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import click

from wrencos_core.cli import print_json, print_table

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from wrencos_core.settings import Settings

_WORDS = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "`true` or `false`",
    "SecretStr": "secret",
    "Path": "path",
    "Decimal": "number",
    "tuple": "comma-separated list",
}


@click.group("settings")
def command() -> None:
    """Show the settings in effect, or document them all."""


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """Show every setting in effect, wherever it comes from; secrets are masked."""
    from wrencos_cli.catalogue import settings_classes
    from wrencos_core.settings import load, read_sources

    classes = settings_classes()
    book = load(classes, read_sources(), sections=_installed())
    values = {name: value for part in book for name, value in part.shown().items()}
    if as_json:
        print_json(values)
    else:
        print_table(["Variable", "Value"], [(name, as_text(v)) for name, v in values.items()])


@command.command("markdown")
def markdown() -> None:
    """Print the reference of all settings, as in docs/settings.md."""
    from wrencos_cli.catalogue import settings_classes

    click.echo(reference(settings_classes()), nl=False)


def _installed() -> list[str]:
    from wrencos_core.plugins import discover

    return list(discover())


def reference(classes: list[type[Settings]]) -> str:
    """Markdown with a table for each settings class."""
    lines = ["# Settings", "", "Environment first, then `.env`, then `wrencos.toml`.", ""]
    for cls in classes:
        where = f"Table `[{cls.section}]`" if cls.section else "Top level"
        lines += [f"## {cls.section or 'core'}", "", f"{where} of `wrencos.toml`.", ""]
        lines += ["| variable | type | default | meaning |", "|---|---|---|---|"]
        for name, field in cls.model_fields.items():
            cells = [f"`{cls.environment_name(name)}`", type_text(field)]
            cells += [f"`{default_text(field)}`" if default_text(field) else ""]
            cells += [(field.description or "").replace("|", "\\|")]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def type_text(field: FieldInfo) -> str:
    """The type of a setting in words, with its bounds."""
    words = _words(field.annotation)
    bounds = [
        f"{sign}{getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in (
            ("ge", "at least "),
            ("gt", "above "),
            ("le", "at most "),
            ("lt", "below "),
        )
        if getattr(rule, name, None) is not None
    ]
    return ", ".join([words, *bounds])


def _words(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _words(get_args(annotation)[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin in (Union, types.UnionType):
        parts = [_words(part) for part in get_args(annotation) if part is not types.NoneType]
        return " or ".join(parts)
    name = getattr(origin or annotation, "__name__", str(annotation))
    return _WORDS.get(name, name)


def default_text(field: FieldInfo) -> str:
    """The default as one would write it in the environment; empty when there is none."""
    if field.is_required():
        return "(required)"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "***" if hasattr(value, "get_secret_value") else as_text(value)


def as_text(value: Any) -> str:
    """A value as one would write it in the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return value.as_posix() if isinstance(value, Path) else str(value)
