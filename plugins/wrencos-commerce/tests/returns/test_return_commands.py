"""`wrencos return …` and `wrencos order return`."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.all import COMMANDS
from wrencos_commerce.models.product import Product
from wrencos_core.api import Platform
from wrencos_core.testing.callers import Caller

Run = Callable[..., Result]

order, returns = (next(c for c in COMMANDS if c.name == name) for name in ("order", "return"))


@pytest.fixture
def run(platform: Platform) -> Run:
    """Returns `run(command, *words)`: runs `wrencos <command> <words>`."""

    def run(command: click.Command, *words: str) -> Result:
        return CliRunner().invoke(command, words, obj=platform)

    return run


def test_a_return_from_the_counter(run: Run, bought: str, shop: Any, serum: str) -> None:
    opened = run(order, "return", bought, "SERUM=3", "--reason", "expired", "--json")
    assert opened.exit_code == 0, opened.output
    id = json.loads(opened.output)["returnId"]
    assert json.loads(opened.output)["state"] == "approved"
    received = run(returns, "receive", id, "SERUM=1/1", "--deduction", "9.98")
    assert (received.exit_code, received.output) == (0, f"{id}: received.\n")
    assert (shop.counts(bought), shop.stock(serum)) == ((0, 2), 8)
    (refund,) = shop.refunds(bought)
    assert refund["amount"] == 5000
    shown = run(returns, "show", id).output
    for part in (id, bought, "expired", "50.00 USD"):
        assert part in shown
    assert json.loads(run(returns, "show", id, "--json").output)["credit"] == 50


def test_returns_are_listed_and_decided(
    run: Run, me: Caller, bought: str, ask: Any, shop: Any
) -> None:
    assert "No returns." in run(returns, "list").output
    first, second = (ask(me, bought)["returnId"] for _ in range(2))
    listed = run(returns, "list", "--limit", "1")
    assert "damaged" in listed.output
    assert "1 more" in listed.output
    found = json.loads(run(returns, "list", "--order", bought, "--json").output)
    assert found["totalCount"] == 2
    assert run(returns, "approve", first, "--note", "Fine").output == f"{first}: approved.\n"
    assert (
        json.loads(run(returns, "list", "--state", "approved", "--json").output)["returns"][0][
            "returnId"
        ]
        == first
    )
    rejected = run(returns, "reject", second, "--reason", "It was opened.", "--json")
    assert json.loads(rejected.output)["rejection"] == "It was opened."
    assert shop.counts(bought) == (1, 0)
    all_written_off = run(returns, "receive", first)
    assert all_written_off.exit_code == 0
    assert shop.back(first)["items"][0]["written_off"] == 1


def test_what_is_wrong_is_said(run: Run, bought: str, shop: Any) -> None:
    wrong = [
        ((order, "return", "order_nothing", "SERUM=1"), "There is no order order_nothing."),
        ((order, "return", bought, "SERUM"), "SERUM is not SKU=QTY."),
        ((order, "return", bought, "OTHER=1"), "There is no OTHER in it."),
        ((order, "return", bought, "SERUM=x"), "is no number of pieces"),
        ((order, "return", bought, "SERUM=1", "SERUM=1"), "Named twice: SERUM."),
    ]
    for words, message in wrong:
        answer = run(*words)
        assert answer.exit_code == 2, words
        assert message in answer.output
    id = json.loads(run(order, "return", bought, "SERUM=1", "--json").output)["returnId"]
    for found in (("SERUM=1",), ("SERUM=1/0", "--deduction", "much")):
        assert run(returns, "receive", id, *found).exit_code == 2
    assert shop.back(id)["state"] == "approved"


def test_an_exchange_is_received_or_paid_back(
    run: Run, clerk: Caller, bought: str, ask: Any, shop: Any, make_product: Any
) -> None:
    make_product(sku="CREAM", price=Decimal("35.00"), inventory=1)
    cream = Product.raw().find_one({"variants.sku": "CREAM"})["variants"][0]["id"]
    wish = {"resolution": "exchange", "item": {"wantedVariantId": cream}}
    first, second = (ask(clerk, bought, **wish)["returnId"] for _ in range(2))
    done = run(returns, "receive", first, "--payment-method", "cod", "--json")
    assert done.exit_code == 0, done.output
    new = shop.order(json.loads(done.output)["exchangeOrderId"])
    assert (new["total_price"], new["paid"]) == (3500, 2999)
    assert run(returns, "receive", second).exit_code == 1
    paid = json.loads(run(returns, "receive", second, "--refund", "--json").output)
    assert (paid["resolution"], paid["credit"]) == ("refund", 29.99)
    assert run(returns, "close", second, "--note", "In cash").output == f"{second}: closed.\n"
