"""`wrencos brand` and `wrencos product translations`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.all import COMMANDS
from wrencos_commerce.models.brand import Brand
from wrencos_core.api import Platform, database

MakeProduct = Callable[..., str]


@pytest.fixture
def run(platform: Platform) -> Callable[..., Result]:
    """Returns `run(*words)`: runs `wrencos <words>`."""

    def run(*words: str) -> Result:
        command = next(one for one in COMMANDS if one.name == words[0])
        return CliRunner().invoke(command, words[1:], obj=platform)

    return run


def test_brands_are_added_and_listed(run: Callable[..., Result]) -> None:
    added = run("brand", "add", "Lá Sen", "--description", "From the lake.", "--json")
    assert added.exit_code == 0, added.output
    brand = Brand.raw().find_one({"_id": json.loads(added.output)["brandId"]})
    assert (brand["slug"], brand["description"]) == ("la-sen", "From the lake.")
    entries: Any = database()["core_audit_entries"]
    entry = entries.find_one({"target": brand["_id"]})
    assert (entry["channel"], entry["action"]) == ("cli", "commerce.brands.create")
    assert "Added Mộc" in run("brand", "add", "Mộc").output
    listed = json.loads(run("brand", "list", "--limit", "1", "--json").output)
    assert [one["name"] for one in listed["brands"]] == ["Lá Sen"]
    assert listed["totalCount"] == 2
    shown = run("brand", "list", "--limit", "1").output
    assert "la-sen" in shown
    assert "1 more" in shown


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "LA SEN"])
def test_a_bad_brand_is_refused(run: Callable[..., Result], name: str) -> None:
    run("brand", "add", "Lá Sen")
    assert run("brand", "add", name).exit_code != 0
    assert Brand.raw().count_documents({}) == 1


def test_missing_translations_are_listed(
    run: Callable[..., Result], make_product: MakeProduct
) -> None:
    words = ("product", "translations", "missing", "--locale")
    assert "Everything" in run(*words, "vi").output
    id = make_product(name="Lotus gel", description="Clear.", sku="LG-1")
    (row,) = json.loads(run(*words, "vi", "--json").output)["products"]
    assert row == {
        "productId": id,
        "sku": "LG-1",
        "name": "Lotus gel",
        "missing": ["name", "description"],
    }
    assert "LG-1" in run(*words, "vi").output
    for wrong in ("en", "fr"):
        assert run(*words, wrong).exit_code != 0
    assert "--locale" in run("product", "translations", "missing", "--help").output
