"""`wrencos order create`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.staff_orders import create
from wrencos_core.api import Platform


@pytest.fixture
def run(platform: Platform, tmp_path: Path) -> Callable[..., Result]:
    """Returns `run(body, *options)`: runs the command on a file with this body."""

    def run(body: Any, *options: str) -> Result:
        file = tmp_path / "order.json"
        file.write_text(body if isinstance(body, str) else json.dumps(body), "utf-8")
        return CliRunner().invoke(create, [str(file), *options], obj=platform)

    return run


def test_an_order_is_entered(run: Any, counter: Any, serum: str, shop: Any) -> None:
    dry = run(counter, "--dry-run")
    assert (dry.exit_code, dry.output) == (0, "It would cost 59.98 USD.\n")
    assert json.loads(run(counter, "--dry-run", "--json").output)["total"] == 59.98
    assert shop.stock(serum) == 10
    made = run(counter)
    assert made.exit_code == 0, made.output
    assert made.output.endswith(": 59.98 USD, delivered.\n")
    discounted = {**counter, "discount": {"amount": 0.98, "reason": "Rounded"}}
    order = json.loads(run(discounted, "--json").output)
    assert (order["totalPrice"], order["channel"]) == (59, "counter")
    assert shop.stock(serum) == 6


def test_what_is_wrong_is_said(run: Any, counter: Any) -> None:
    for body in ("{", "[]", {**counter, "channel": "web"}):
        answer = run(body)
        assert answer.exit_code == 2
        assert "order.json" in answer.output
