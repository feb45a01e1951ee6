"""`wrencos search`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from click.testing import CliRunner

from wrencos_commerce.commands.search import search as command
from wrencos_commerce.services.search.report import SearchReport
from wrencos_core.api import Platform


def run(platform: Platform, *arguments: str) -> Any:
    result = CliRunner().invoke(command, arguments, obj=platform, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_reindex_and_try(platform: Platform, make_product: Callable[..., str]) -> None:
    make_product(name="Kem chống nắng", sku="SUN-1")
    assert json.loads(run(platform, "reindex", "--json")) == {"products": 1}
    assert "1 products" in run(platform, "reindex")
    found = json.loads(run(platform, "try", "kem chong nang", "--json"))
    assert found["products"] == [{"sku": "SUN-1", "name": "Kem chống nắng"}]
    assert "SUN-1" in run(platform, "try", "kem")
    assert "Searched for: nắng" in run(platform, "try", "nagng")


def test_synonyms(platform: Platform) -> None:
    added = json.loads(run(platform, "synonyms", "add", "rouge", "lipstick", "--json"))
    assert "rouge = lipstick" in run(platform, "synonyms", "list")
    listed = json.loads(run(platform, "synonyms", "list", "--json"))
    assert listed == [{"id": added["id"], "phrases": ["rouge", "lipstick"], "oneWay": False}]
    run(platform, "synonyms", "remove", added["id"])
    assert json.loads(run(platform, "synonyms", "list", "--json")) == []


def test_report(platform: Platform) -> None:
    assert "Nobody" in run(platform, "report")
    platform.services.require(SearchReport).record("Rouge", 0)
    assert "rouge" in run(platform, "report", "--zero")
    assert json.loads(run(platform, "report", "--json"))["searches"][0]["query"] == "rouge"
