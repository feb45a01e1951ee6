"""`wrencos recommend`: what people and programs read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.recommendations import recommend
from wrencos_commerce.models.learned import Generation
from wrencos_core.api import Platform


@pytest.fixture
def run(platform: Platform) -> Any:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(recommend, list(arguments), obj=platform)

    return run


def test_learning_says_what_it_counted(run: Any, past: Any) -> None:
    a, b = past.products(2)
    for _ in range(2):
        past.order(past.person(skin_type="dry"), a, b)
    result = run("learn")
    assert result.exit_code == 0, result.output
    assert "Counted 2 orders of 2 customers: 2 products sold, 2 with neighbours" in result.output
    report = json.loads(run("learn", "--json").stdout)
    assert (report["orders"], report["sold_changed"]) == (2, 0)
    assert Generation.raw().count_documents({}) == 2


def test_what_a_customer_is_recommended(run: Any, past: Any, login: Any) -> None:
    me = login(email="lan@example.test")
    past.product("For dry skin", skin_types=["dry"])
    past.product("Scented", ingredients=["Aqua", "Parfum"])
    values = {"skin_type": "dry", "avoid": ["fragrance"], "use_for_recommendations": True}
    past.profiles.save(me.user_id, values)
    for who in ("lan@example.test", me.user_id):
        shown = json.loads(run("for", who, "--json", "--locale", "en").stdout)
        (row,) = shown["recommendations"]
        assert (row["name"], row["reason"]) == ("For dry skin", "For dry skin")
        assert "excluded" not in shown
    explained = json.loads(run("for", me.user_id, "--json", "--explain", "--locale", "en").stdout)
    assert [row["kind"] for row in explained["excluded"]] == ["contains-avoided"]
    assert set(explained["recommendations"][0]["parts"]) == {"content", "rating"}
    table = run("for", me.user_id, "--explain", "--locale", "en").output
    assert "contains Parfum, which you avoid as" in table
    assert "content 1.00" in table


def test_an_unknown_customer_is_told(run: Any) -> None:
    for who in ("nobody@example.test", "user_nobody"):
        result = run("for", who)
        assert result.exit_code == 2
        assert who in result.output
