"""`wrencos order list|show|export`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.orders import order as command
from wrencos_core.api import Platform, database
from wrencos_core.testing.callers import Caller

PlaceOrder = Callable[..., str]


@pytest.fixture
def run(platform: Platform) -> Callable[..., Result]:
    """Returns `run(*words)`: runs `wrencos order <words>`."""
    return lambda *words: CliRunner().invoke(command, words, obj=platform)


@pytest.fixture
def me(login: Any) -> Caller:
    return login()  # type: ignore[no-any-return]


def test_orders_are_listed(
    clock: Any, run: Callable[..., Result], me: Caller, place_order: PlaceOrder
) -> None:
    first = place_order(me)
    clock.advance(timedelta(minutes=10))
    second = place_order(me)
    assert [row["orderId"] for row in json.loads(run("list", "--json").output)["orders"]] == [
        second,
        first,
    ]
    shown = run("list", "--limit", "1").output
    assert second in shown
    assert "2026-03-02 10:14" in shown
    assert "29.99 USD" in shown
    assert "1 more" in shown
    # The shop's zone is seven hours ahead.
    found = json.loads(run("list", "--from", "2026-03-02T10:10", "--json").output)
    assert [row["orderId"] for row in found["orders"]] == [second]
    assert found["totalCount"] == 1
    assert json.loads(run("list", "--text", first, "--json").output)["totalCount"] == 1
    assert "No orders." in run("list", "--status", "cancelled").output
    assert run("list", "--status", "lost").exit_code == 2


def test_an_order_is_shown(
    run: Callable[..., Result], me: Caller, login: Any, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    login("staff").post(f"/api/orders/{order}/notes", json={"text": "Call before 5 pm"})
    shown = run("show", order).output
    for part in (order, "Hydrating Essence Serum", "123 Main St", "Call before 5 pm", "confirmed"):
        assert part in shown
    found = json.loads(run("show", order, "--json").output)
    assert found["orderId"] == order
    assert found["staffNotes"][0]["text"] == "Call before 5 pm"
    missing = run("show", "order_nothing")
    assert missing.exit_code == 2
    assert "There is no order order_nothing." in missing.output


def test_orders_are_exported(
    run: Callable[..., Result], me: Caller, place_order: PlaceOrder, tmp_path: Path
) -> None:
    order = place_order(me)
    file = tmp_path / "orders.csv"
    answer = run("export", str(file), "--bom", "--status", "confirmed")
    assert (answer.exit_code, answer.output) == (0, "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        assert [row["orderId"] for row in csv.DictReader(opened)] == [order]
    assert order in run("export").output
    assert order not in run("export", "--status", "cancelled").output
    entries: Any = database()["core_audit_entries"]
    assert entries.count_documents({"action": "commerce.orders.export", "channel": "cli"}) == 3
