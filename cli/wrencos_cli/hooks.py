"""`wrencos hooks`: what a plugin can implement, and who does."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from wrencos_cli.session import Session, pass_session
from wrencos_core.cli import print_json, print_table

if TYPE_CHECKING:
    from wrencos_core.platform import Platform


@click.command("hooks")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_session
def command(session: Session, as_json: bool) -> None:
    """List every hook, and who implements it."""
    rows = described(session.offline())
    if as_json:
        print_json(rows)
        return
    print_table(
        ["Hook", "Owner", "What it is for", "Implemented by"],
        [(r["name"], r["owner"], r["help"], ", ".join(r["implemented_by"]) or None) for r in rows],
    )


def described(platform: Platform) -> list[dict[str, Any]]:
    """Every hook: the core's in the order of a platform's life, then those of plugins."""
    callers = {
        name: caller
        for name, caller in vars(platform.plugins.pluggy.hook).items()
        if not name.startswith("_") and caller.has_spec()
    }
    rows = [_described(name, caller) for name, caller in callers.items()]
    return sorted(rows, key=lambda row: (row["owner"] != "core", row["owner"], row.pop("line")))


def _described(name: str, caller: Any) -> dict[str, Any]:
    spec = caller.spec
    function = spec.function
    text = inspect.getdoc(function) or ""
    return {
        "name": name,
        "owner": _owner(function.__module__),
        "arguments": [argument for argument in spec.argnames if argument != "self"],
        "first_result": bool(spec.opts.get("firstresult")),
        "help": text.partition("\n\n")[0].replace("\n", " "),
        "implemented_by": sorted(impl.plugin_name for impl in caller.get_hookimpls()),
        "line": inspect.unwrap(function).__code__.co_firstlineno,
    }


def _owner(module: str) -> str:
    package = module.partition(".")[0]
    return "core" if package == "wrencos_core" else package.removeprefix("wrencos_")
