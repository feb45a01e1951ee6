"""A shop with an order that arrived, and the people around it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.order_return import OrderReturn
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.testing.order_books import differences
from wrencos_core.api import Platform
from wrencos_core.testing.callers import Caller


class Shop:
    """What the shop's own books say."""

    def order(self, id: str) -> Any:
        return Order.raw().find_one({"_id": id})

    def line(self, order_id: str, number: int = 0) -> Any:
        return self.order(order_id)["lines"][number]

    def counts(self, order_id: str, number: int = 0) -> tuple[int, int]:
        """How many pieces of a line are in open returns, and in finished ones."""
        line = self.line(order_id, number)
        return line["returning"], line["returned"]

    def back(self, id: str) -> Any:
        return OrderReturn.raw().find_one({"_id": id})

    def refunds(self, order_id: str) -> list[Any]:
        return list(Refund.raw().find({"order_id": order_id}).sort("_id", 1))

    def stock(self, product_id: str) -> int:
        """How many can be sold; checked against the ledger."""
        left = int(Product.raw().find_one({"_id": product_id})["inventory"])
        rows = StockMovement.raw().find({"product_id": product_id})
        assert sum(row["quantity"] for row in rows) == left
        return left


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
    """A member of staff who manages returns."""
    return login("staff", ("commerce.returns.manage",))  # type: ignore[no-any-return]


@pytest.fixture
def serum(make_product: Callable[..., str]) -> str:
    """A product at 29.99 USD, 10 in stock."""
    return make_product(price=Decimal("29.99"), cost_price=Decimal("12.00"), sku="SERUM")


@pytest.fixture
def deliver(clerk: Caller) -> Callable[[str], str]:
    """Returns `deliver(order_id)`: the order arrives, and is paid at the door."""

    def deliver(order_id: str) -> str:
        for status in ("shipped", "delivered"):
            body = {"newStatus": status}
            answer = clerk.put(f"/api/orders/{order_id}/status", json=body)
            assert answer.status_code == 200, answer.get_json()
        return order_id

    return deliver


@pytest.fixture
def bought(
    me: Caller, serum: str, place_order: Callable[..., str], deliver: Callable[[str], str]
) -> str:
    """My order of three serums, which arrived: 89.97 USD, paid at the door."""
    return deliver(place_order(me, serum, 3))


@pytest.fixture
def ask(shop: Shop) -> Callable[..., Any]:
    """Returns `ask(caller, order_id, quantity=1, status=201, **fields)`: asks to return pieces of
    the order's first line; the return, or the problem."""

    def ask(
        caller: Caller, order_id: str, quantity: int = 1, status: int = 201, **fields: Any
    ) -> Any:
        item = {
            "variantId": shop.line(order_id)["variant_id"],
            "quantity": quantity,
            "reason": "damaged",
            **fields.pop("item", {}),
        }
        answer = caller.post(f"/api/orders/{order_id}/returns", json={"items": [item], **fields})
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()["orderReturn"] if status == 201 else answer.get_json()

    return ask


@pytest.fixture
def act() -> Callable[..., Any]:
    """Returns `act(caller, return_id, step, status=200, **body)`: a step of a return; the return as
    it is then, or the problem."""

    def act(caller: Caller, return_id: str, step: str, status: int = 200, **body: Any) -> Any:
        answer = caller.post(f"/api/returns/{return_id}/{step}", json=body)
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()["orderReturn"] if status == 200 else answer.get_json()

    return act


@pytest.fixture
def upload() -> Callable[[Caller], str]:
    """Returns `upload(caller)`: uploads a picture, and the image's id."""

    def upload(caller: Caller) -> str:
        content = io.BytesIO()
        Image.effect_noise((400, 400), 60).save(content, "PNG")
        content.seek(0)
        answer = caller.post("/api/images", data={"file": (content, "photo.png")})
        assert answer.status_code == 201, answer.get_json()
        return str(answer.get_json()["imageId"])

    return upload


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]
