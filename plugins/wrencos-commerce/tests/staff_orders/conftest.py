"""A shop whose staff take orders by phone and at the counter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.testing.order_books import differences
from wrencos_core.api import Platform
from wrencos_core.testing.callers import Caller


class Shop:
    """What the shop's own books say."""

    def order(self, id: str) -> Any:
        return Order.raw().find_one({"_id": id})

    def stock(self, product_id: str) -> int:
        """How many can be sold; checked against the ledger, what is held counted in."""
        variant = Product.raw().find_one({"_id": product_id})["variants"][0]
        rows = StockMovement.raw().find({"product_id": product_id})
        on_hand = sum(row["quantity"] for row in rows)
        assert on_hand == variant["inventory"] + (variant.get("held") or 0)
        return int(variant["inventory"])


@pytest.fixture(autouse=True)
def books(platform: Platform) -> Iterator[None]:
    """After each test orders, payments, refunds and stock tell the same."""
    yield
    assert platform
    assert differences({}) == []


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def me(login: Any) -> Caller:
    return login()  # type: ignore[no-any-return]


@pytest.fixture
def clerk(login: Any) -> Caller:
    return login("staff")  # type: ignore[no-any-return]


@pytest.fixture
def serum(make_product: Callable[..., str]) -> str:
    """A product at 29.99 USD, 10 in stock."""
    return make_product(price=Decimal("29.99"), sku="SERUM")


@pytest.fixture
def counter(serum: str) -> dict[str, Any]:
    """The body of an order of two serums at the counter."""
    return {"channel": "counter", "items": [{"sku": "SERUM", "quantity": 2}]}


@pytest.fixture
def phone(serum: str, purchase: dict[str, Any]) -> dict[str, Any]:
    """The body of an order of one serum by phone, of somebody without an account."""
    return {
        "channel": "phone",
        "items": [{"sku": "SERUM"}],
        "customer": {
            "name": "Trần Mai",
            "phone": "0901 234 567",
            "email": "mai@example.test",
            "locale": "vi",
        },
        "shippingAddress": purchase["shippingAddress"],
    }


@pytest.fixture
def enter() -> Callable[..., Any]:
    """Returns `enter(caller, body, status=201, **changes)`: enters an order; the order as it is
    shown, or the problem."""

    def enter(caller: Caller, body: dict[str, Any], status: int = 201, **changes: Any) -> Any:
        answer = caller.post("/api/orders", json={**body, **changes})
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()["order"] if status == 201 else answer.get_json()

    return enter
