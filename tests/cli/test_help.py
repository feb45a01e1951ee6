"""`wrencos --help`: every command has help, and showing it imports next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import wrencos_core
from tests.cli.places import Place, Run, offer
from wrencos_cli.main import COMMANDS, cli


def commands() -> Iterator[tuple[str, click.Command]]:
    for name, (module, _) in COMMANDS.items():
        command = import_module(f"wrencos_cli.{module}").command
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {child}", found) for child, found in command.commands.items())


@pytest.mark.parametrize(("name", "command"), [pytest.param(*c, id=c[0]) for c in commands()])
def test_every_command_has_help(name: str, command: click.Command) -> None:
    shown = CliRunner().invoke(cli, [*name.split(), "--help"])
    assert shown.exit_code == 0, shown.output
    assert command.help
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert not [option.name for option in options if not option.help]


def test_the_list_says_what_the_commands_say() -> None:
    for name, (module, text) in COMMANDS.items():
        command = import_module(f"wrencos_cli.{module}").command
        assert command.name == name
        assert (command.help or "").splitlines()[0] == text


def test_the_help_imports_neither_drivers_nor_flask() -> None:
    program = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from wrencos_cli.main import cli\n"
        "cli.from_plugins.listed = list\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "heavy = {'pymongo', 'redis', 'rq', 'flask', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_the_facade_for_commands_needs_no_flask() -> None:
    program = "import sys, wrencos_core.cli; sys.exit('flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_version(run: Run) -> None:
    assert wrencos_core.__version__ in run("--version").output


def test_an_unknown_command_is_refused(run: Run) -> None:
    refused = run("nonsense")
    assert refused.exit_code == 2
    assert "No such command 'nonsense'" in refused.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script(run: Run, shell: str) -> None:
    script = run("completion", shell)
    assert script.exit_code == 0
    assert "_WRENCOS_COMPLETE" in script.output


PLUGIN = """
import click
from wrencos_core.api import PluginInfo, hookimpl

PLUGIN = PluginInfo(name="parrot", title="Parrot", description="Talks.", version="0", core=">=0.1")

@click.command("{name}")
def speak():
    "Say something."
    click.echo("squawk")

@click.command("user")
def user():
    "Take a name of the core."

@hookimpl
def register_commands():
    return [speak, user]
"""


def test_a_plugins_commands_are_listed_and_run(place: Place) -> None:
    site = offer(place.folder, "parrot", PLUGIN.format(name="squawk"))
    place.environ["PYTHONPATH"] = str(site)
    first = place.run("--help")
    assert "Say something. (parrot)" in first.stdout, first.stderr
    # The second time from the cache, until the plugin's file changes.
    assert place.run("--help").stdout == first.stdout
    assert next((place.folder / "cache").rglob("commands-*.json"))
    spoken = place.run("squawk")
    assert (spoken.returncode, spoken.stdout) == (0, "squawk\n")
    assert "there is a command 'user' already" in spoken.stderr
    (site / "wrencos_parrot_plugin.py").write_text(PLUGIN.format(name="whistle"))
    assert "whistle" in place.run("--help").stdout


def test_a_broken_plugin_does_not_break_the_rest(place: Place) -> None:
    site = offer(place.folder, "broken", "raise ImportError('no such feather')")
    place.environ["PYTHONPATH"] = str(site)
    listed = place.run("plugin", "list")
    assert listed.returncode == 0
    assert "refused" in listed.stdout
    assert "no such feather" in listed.stdout
    checked = place.run("check")
    assert checked.returncode == 1
    assert "no such feather" in checked.stdout
    assert place.run("--help").returncode == 0
    unknown = place.run("squawk")
    assert unknown.returncode == 2
    assert "plugin broken was refused" in unknown.stderr


def test_a_plugin_that_fails_at_start_is_refused_by_name(place: Place) -> None:
    source = PLUGIN.format(name="squawk") + (
        "\n@hookimpl\ndef register_services(platform, services):\n    1 / 0\n"
    )
    place.environ["PYTHONPATH"] = str(offer(place.folder, "parrot", source))
    shown = place.run("plugin", "show", "parrot", "--json")
    assert json.loads(shown.stdout)["state"] == "refused", shown.stderr
    assert "ZeroDivisionError" in shown.stdout
    assert place.run("check").returncode == 1


def test_wrong_settings_are_told_in_one_message(place: Place) -> None:
    place.environ |= {"WRENCOS_CURRENCY": "GOLD", "WRENCOS_TIMEZONE": "Mars/Olympus"}
    refused = place.run("migrate")
    assert refused.returncode == 2
    assert "WRENCOS_CURRENCY" in refused.stderr
    assert "WRENCOS_TIMEZONE" in refused.stderr
    assert "Traceback" not in refused.stderr
    checked = place.run("check", "--json")
    assert checked.returncode == 1
    assert "WRENCOS_CURRENCY" in checked.stdout


def test_production_does_not_fall_back_to_embedded_servers(place: Place) -> None:
    place.environ["WRENCOS_ENVIRONMENT"] = "production"
    refused = place.run("migrate")
    assert refused.returncode == 2
    assert "WRENCOS_MONGODB_URI" in refused.stderr
    assert not (place.folder / "wrencos-data" / "mongodb").exists()


def test_a_server_that_does_not_answer_is_told_in_one_message(place: Place) -> None:
    place.environ |= {
        "WRENCOS_MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200",
        "WRENCOS_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    refused = place.run("events", "list")
    assert refused.returncode == 2
    assert "MongoDB does not answer" in refused.stderr
    assert "Traceback" not in refused.stderr
    checked = place.run("check")
    assert checked.returncode == 1
    assert "MongoDB does not answer" in checked.stdout


def test_the_data_folder_is_where_the_settings_say(place: Place, tmp_path: Path) -> None:
    place.environ["WRENCOS_DATA_DIR"] = str(place.folder / "elsewhere")
    assert place.run("migrate").returncode == 0
    assert (place.folder / "elsewhere" / "mongodb").is_dir()
    again = place.run("migrate")
    assert (again.returncode, again.stdout.strip()) == (0, "The database is up to date.")
