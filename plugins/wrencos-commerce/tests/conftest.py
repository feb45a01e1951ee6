"""What the tests of commerce share: the plugin under test, and a stocked shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from pymongo import monitoring

from wrencos_commerce import plugin
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM, CoreSettings, Platform, Settings
from wrencos_core.database import database
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
Command = Mapping[str, Any]

_OF_THE_DRIVER = {"lsid", "$db", "$clusterTime", "$readPreference", "txnNumber"}


class SentCommands(monitoring.CommandListener):
    """What this process sends to MongoDB, while it is asked for."""

    def __init__(self) -> None:
        self._kept: list[Command] | None = None

    @contextmanager
    def kept(self) -> Iterator[list[Command]]:
        """The commands that are sent in the block, in their order."""
        self._kept = []
        try:
            yield self._kept
        finally:
            self._kept = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self._kept is not None:
            command = {k: v for k, v in event.command.items() if k not in _OF_THE_DRIVER}
            self._kept.append(command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


# Before the first client is made: the driver asks only those who listen by then.
SENT = SentCommands()
monitoring.register(SENT)


@pytest.fixture
def commands_of() -> Callable[[Callable[[], Any]], list[Command]]:
    """Returns `commands_of(work)`: what `work()` sends to MongoDB, in its order."""

    def commands_of(work: Callable[[], Any]) -> list[Command]:
        with SENT.kept() as kept:
            work()
        return list(kept)

    return commands_of


@pytest.fixture
def plans_of() -> Callable[[Command], Sequence[Command]]:
    """Returns `plans_of(command)`: an explained plan for each query in it, in their order.

    Each has `stages`, by name, and how many `keys` and `documents` were examined.
    """

    def plans_of(command: Command) -> Sequence[Command]:
        explained = database().command({"explain": dict(command), "verbosity": "executionStats"})
        return [
            {
                "stages": list(_stages(plan["queryPlanner"]["winningPlan"])),
                "keys": plan["executionStats"]["totalKeysExamined"],
                "documents": plan["executionStats"]["totalDocsExamined"],
            }
            for plan in _plans(explained)
        ]

    return plans_of


def _plans(explained: Any) -> Iterator[Command]:
    if isinstance(explained, Mapping):
        if "queryPlanner" in explained:
            yield explained
            return
        for part in explained.values():
            yield from _plans(part)
    elif isinstance(explained, list):
        for part in explained:
            yield from _plans(part)


def _stages(plan: Any) -> Iterator[str]:
    if isinstance(plan, Mapping):
        if "stage" in plan:
            yield str(plan["stage"])
        for name, part in plan.items():
            if name != "slotBasedPlan":
                yield from _stages(part)
    elif isinstance(plan, list):
        for part in plan:
            yield from _stages(part)


@pytest.fixture(scope="session")
def wrencos_plugins() -> Mapping[str, ModuleType]:
    return {"commerce": plugin}


@pytest.fixture(scope="session")
def wrencos_settings() -> Mapping[type[Settings], Mapping[str, Any]]:
    return {CoreSettings: {"currency": "USD"}}


@pytest.fixture
def make_product(platform: Platform) -> MakeProduct:
    """Returns `make(**fields)`: stores a product, 10 of it at 29.99 USD unless told, and its id."""

    def make(**fields: Any) -> str:
        values = {"name": "Hydrating Essence Serum", "price": Decimal("29.99"), "inventory": 10}
        return platform.services.require(Products).create({**values, **fields}, SYSTEM)

    return make


@pytest.fixture
def variant_of() -> Callable[[str], str]:
    """Returns `variant_of(product_id)`: the id of its first variant."""

    def variant_of(product_id: str) -> str:
        return str(Product.raw().find_one({"_id": product_id})["variants"][0]["id"])

    return variant_of


@pytest.fixture
def purchase() -> dict[str, Any]:
    """The body of a checkout, as the specification shows it, but paid on delivery."""
    address = {
        "street": "123 Main St",
        "city": "San Francisco",
        "state": "CA",
        "zip": "94102",
        "country": "US",
    }
    return {"paymentMethodId": "cod", "shippingAddress": address}


@pytest.fixture
def place_order(make_product: MakeProduct, purchase: dict[str, Any]) -> Callable[..., str]:
    """Returns `place(caller, product_id=None, quantity=1)`: orders over the API, and the id."""

    def place(caller: Caller, product_id: str | None = None, quantity: int = 1) -> str:
        item = {"productId": product_id or make_product(), "quantity": quantity}
        assert caller.post("/api/cart/items", json=item).status_code == 201
        answer = caller.post("/api/cart/checkout", json=purchase)
        assert answer.status_code == 201, answer.json
        assert answer.json is not None
        return str(answer.json["orderId"])

    return place
