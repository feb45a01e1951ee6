"""What the tests of commerce share: the plugin under test, and a stocked shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM, CoreSettings, Platform, Settings
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]


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
