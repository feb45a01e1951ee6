"""A shop in đồng that is paid through local gateways, which speak the published protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from flask import Flask

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.payment_review import PaymentReview
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.api import CoreSettings, Platform
from wrencos_core.testing.callers import Caller


@pytest.fixture
def vnpay() -> Iterator[FakeVNPay]:
    """A VNPay on this machine."""
    with FakeVNPay() as fake:
        yield fake


@pytest.fixture
def platform(make_platform: Any, vnpay: FakeVNPay) -> Platform:
    """A shop in đồng that takes VNPay, cash on delivery and cash at the counter."""
    settings = {
        CoreSettings: {"currency": "VND"},
        CommerceSettings: {
            "vnpay_tmn_code": vnpay.tmn_code,
            "vnpay_secret": vnpay.secret,
            "vnpay_pay_url": vnpay.pay_url,
            "vnpay_api_url": vnpay.api_url,
        },
    }
    return make_platform(None, settings)  # type: ignore[no-any-return]


@pytest.fixture
def serum(make_product: Callable[..., str]) -> str:
    """A product at 300,000 VND, 10 in stock."""
    return make_product(price=Decimal(300_000), cost_price=Decimal(120_000), sku="SERUM")


class Shop:
    """What the shop's own books say."""

    def order(self, id: str) -> Any:
        return Order.raw().find_one({"_id": id})

    def payment(self, id: str) -> Any:
        return Payment.raw().find_one({"_id": id})

    def refunds(self, order_id: str) -> list[Any]:
        return list(Refund.raw().find({"order_id": order_id}).sort("_id", 1))

    def reviews(self, state: str = "open") -> list[str]:
        """The reasons of what waits for a human."""
        rows = PaymentReview.raw().find({"state": state}).sort("created_at", 1)
        return [row["reason"] for row in rows]

    def stock(self, product_id: str) -> tuple[int, int]:
        """How many can be sold, and how many are held."""
        variant = Product.raw().find_one({"_id": product_id})["variants"][0]
        return variant["inventory"], variant.get("held") or 0

    def on_hand(self, product_id: str) -> int:
        """What the ledger adds up to; checked against the product."""
        rows = StockMovement.raw().find({"product_id": product_id})
        total = sum(row["quantity"] for row in rows)
        assert total == sum(self.stock(product_id))
        return int(total)


class Shopper:
    """A customer who orders and pays, over HTTP."""

    def __init__(self, caller: Caller, purchase: dict[str, Any]) -> None:
        self.caller = caller
        self.purchase = purchase
        self.said = ""

    def order(self, product: str, quantity: int = 1, method: str = "vnpay") -> str:
        item = {"productId": product, "quantity": quantity}
        assert self.caller.post("/api/cart/items", json=item).status_code == 201
        body = {**self.purchase, "paymentMethodId": method}
        answer = self.caller.post("/api/cart/checkout", json=body)
        assert answer.status_code == 201, answer.get_json()
        self.said = answer.get_json()["message"]
        return str(answer.get_json()["orderId"])

    def start(self, order_id: str, method: str | None = None, status: int = 200) -> Any:
        """Begin to pay; the payment as the API shows it, or the problem."""
        body = {"orderId": order_id, **({"paymentMethodId": method} if method else {})}
        answer = self.caller.post("/api/payments", json=body)
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()["payment"] if status == 200 else answer.get_json()

    def open_page(self, order_id: str) -> str:
        """Begin to pay through VNPay and open its page; the attempt's reference."""
        payment = self.start(order_id)
        page = requests.get(payment["next"]["url"], timeout=10)
        assert page.status_code == 200, page.text
        return str(page.json()["reference"])

    def shown(self, order_id: str) -> tuple[str, str]:
        """The order's status and the payment's, as the customer sees them."""
        order = self.caller.get(f"/api/orders/{order_id}").get_json()["order"]
        return order["status"], order["paymentStatus"]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def shopper(login: Any, purchase: dict[str, Any]) -> Shopper:
    return Shopper(login(), purchase)


@pytest.fixture
def ipn(app: Flask) -> Callable[[str], str]:
    """Returns `ipn(query)`: VNPay calls the shop; the RspCode that it gets."""

    def ipn(query: str) -> str:
        answer = app.test_client().get(f"/api/payments/webhooks/vnpay?{query}")
        assert answer.status_code == 200
        return str(answer.get_json()["RspCode"])

    return ipn
