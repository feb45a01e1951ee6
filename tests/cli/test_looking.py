"""`wrencos plugin`, `hooks`, `settings`, `check` and `init`: looking, and beginning."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.places import Place, Run, printed
from wrencos_cli.catalogue import settings_classes
from wrencos_cli.plugin_template import placeholders
from wrencos_cli.settings import reference
from wrencos_core.hookspecs import PROJECT
from wrencos_core.platform import Platform
from wrencos_core.settings import CoreSettings, Sources, load, read_sources


def test_the_built_in_parts_are_listed_and_shown(run: Run) -> None:
    rows = {row["name"]: row for row in printed(run("plugin", "list", "--json"))}
    assert rows["auth"]["built_in"] is True
    assert rows["auth"]["state"] == "enabled"
    assert "built in" in run("plugin", "list").output
    shown = printed(run("plugin", "show", "auth", "--json"))
    assert "auth_users" in shown["collections"]
    assert "auth.users.read" in shown["permissions"]
    assert "register_models" in shown["hooks"]
    assert "auth_users" in run("plugin", "show", "auth").output
    assert run("plugin", "show", "nothing").exit_code == 2


def test_every_hook_is_listed_with_who_implements_it(platform: Platform, run: Run) -> None:
    rows = {row["name"]: row for row in printed(run("hooks", "--json"))}
    specified = {
        name
        for name, caller in vars(platform.plugins.pluggy.hook).items()
        if hasattr(caller, "has_spec") and caller.has_spec()
    }
    assert set(rows) == specified
    assert list(rows)[:2] == ["add_hookspecs", "register_settings"]
    assert all(row["help"] for row in rows.values())
    assert "auth" in rows["register_models"]["implemented_by"]
    assert rows["authenticate"]["first_result"] is True
    assert PROJECT == "wrencos"
    assert "register_models" in run("hooks").output


def test_settings_are_shown_without_secrets(place: Place) -> None:
    secret = "a-secret-that-must-never-be-printed-at-all"
    place.environ |= {"WRENCOS_SECRET_KEY": secret, "WRENCOS_SHOP_NAME": "Sen"}
    shown = place.run("settings", "show", "--json")
    assert '"WRENCOS_SHOP_NAME": "Sen"' in shown.stdout
    assert secret not in shown.stdout
    assert "Sen" in place.run("settings", "show").stdout


def test_the_reference_has_every_setting() -> None:
    classes = settings_classes()
    text = reference(classes)
    for cls in classes:
        for name, field in cls.model_fields.items():
            assert f"`{cls.environment_name(name)}`" in text
            assert (field.description or "?").replace("|", "\\|") in text
    assert "| `WRENCOS_TRUSTED_PROXIES` | whole number, at least 0, at most 5 | `0` |" in text
    assert "| `WRENCOS_LOCALE` | `vi` or `en` | `en` |" in text


def test_check_is_content_with_a_good_platform(run: Run) -> None:
    checked = printed(run("check", "--json"))
    assert checked["ok"] is True
    areas = {finding["area"] for finding in checked["findings"]}
    assert {"settings", "plugin", "health (core)"} <= areas
    assert run("check").output.endswith("All is well.\n")


def test_check_warns_of_a_variable_that_nothing_reads(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRENCOS_SHOP_NAEM", "Sen")
    checked = printed(run("check", "--json"))
    warnings = [f["name"] for f in checked["findings"] if f["state"] == "warning"]
    assert "WRENCOS_SHOP_NAEM" in warnings


def test_init_writes_a_private_file_once(run: Run, tmp_path: Path) -> None:
    made = run("init", "--path", str(tmp_path / "shop"))
    assert made.exit_code == 0, made.output
    file = tmp_path / "shop" / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    sources = read_sources(tmp_path / "shop", environ={})
    assert set(sources.environ) == {"WRENCOS_SECRET_KEY"}
    assert load([CoreSettings], sources).get(CoreSettings).secret_key is not None
    refused = run("init", "--path", str(tmp_path / "shop"))
    assert refused.exit_code == 2
    assert file.read_text() == before
    assert run("init", "--path", str(tmp_path / "shop"), "--force").exit_code == 0
    assert file.read_text() != before


def test_what_init_writes_as_comments_are_the_defaults(run: Run, tmp_path: Path) -> None:
    run("init", "--path", str(tmp_path))
    lines = (tmp_path / ".env").read_text().splitlines()
    (tmp_path / ".env").write_text(
        "\n".join(line.removeprefix("#") for line in lines if line.startswith("#WRENCOS_CURR"))
    )
    core = load([CoreSettings], read_sources(tmp_path, environ={})).get(CoreSettings)
    assert core.currency == load([CoreSettings], Sources()).get(CoreSettings).currency


def test_a_new_plugin_passes_its_own_tests(run: Run, tmp_path: Path) -> None:
    made = run("plugin", "new", "loyalty", "--path", str(tmp_path))
    assert made.exit_code == 0, made.output
    folder = tmp_path / "wrencos-loyalty"
    assert not [file for file in folder.rglob("*") if "NAME" in file.name or ".tmpl" in file.name]
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"wrencos.plugins": {"loyalty": "wrencos_loyalty.plugin"}}
    assert project["dependencies"] == [f"wrencos-core{placeholders('loyalty')['core']}"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout
    again = run("plugin", "new", "loyalty", "--path", str(tmp_path))
    assert again.exit_code == 2
    assert "exists already" in again.stderr


@pytest.mark.parametrize("name", ["Loyalty", "two-words", "x", "auth", "cli", "9lives"])
def test_a_plugins_name_must_be_one(run: Run, tmp_path: Path, name: str) -> None:
    refused = run("plugin", "new", name, "--path", str(tmp_path))
    assert refused.exit_code == 2
    assert name in refused.stderr
    assert not list(tmp_path.glob("wrencos-*"))
