"""`wrencos ingredient`"""

from __future__ import annotations

import json

from click.testing import CliRunner

from wrencos_commerce.commands.ingredients import ingredient


def run(*args: str) -> str:
    result = CliRunner().invoke(ingredient, args)
    assert result.exit_code == 0, result.output
    return result.output


def test_check_shows_what_is_in_a_line() -> None:
    output = run("check", "Aqua, Retinol 0.3%, Foo Extract", "--avoid", "retinol")
    assert "Retinol 0.3%\n" in output
    assert "Foo Extract (unknown)\n" in output
    assert "[high] Contains what you avoid: Retinol." in output
    assert "Free from: " in output


def test_check_as_json_in_vietnamese() -> None:
    shown = json.loads(run("check", "Aqua, Retinol 0,3%", "--json", "--locale", "vi"))
    assert shown["facts"]["keys"] == ["aqua", "retinol"]
    assert shown["warnings"][0]["message"].startswith("Có Retinol.")


def test_show_an_ingredient() -> None:
    output = run("show", "lavender oil")
    assert output.startswith("Lavandula Angustifolia Oil\n")
    assert "allergen: Lavandula Oil/Extract (Annex III, 360)" in output
    assert json.loads(run("show", "rau má", "--json"))["key"] == "centella-asiatica-extract"


def test_show_refuses_what_it_does_not_know() -> None:
    result = CliRunner().invoke(ingredient, ["show", "zzyzx"])
    assert result.exit_code != 0
    assert "zzyzx" in str(result.exception or result.output) + result.output
