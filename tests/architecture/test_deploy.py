"""The units in deploy/ run commands that exist, with options that they take."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

import click
import pytest

from wrencos_cli.main import cli

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))


def service(unit: Path) -> dict[str, str]:
    parser = RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(unit, "utf-8")
    return dict(parser["Service"])


def test_each_kind_of_process_has_a_unit() -> None:
    assert [unit.name.split(".")[0].rstrip("@") for unit in UNITS] == [
        "wrencos-scheduler",
        "wrencos-serve",
        "wrencos-worker",
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_there_is(unit: Path) -> None:
    program, name, *arguments = service(unit)["ExecStart"].split()
    assert program.endswith("/bin/wrencos")
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command is not None
    command.make_context(name, arguments, parent=context)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_no_more_rights_than_it_needs(unit: Path) -> None:
    settings = service(unit)
    assert settings["User"] == "wrencos"
    assert settings["NoNewPrivileges"] == "yes"
    assert settings["ReadWritePaths"] == settings["WorkingDirectory"]
