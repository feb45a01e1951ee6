"""A shop in đồng that is paid through local gateways, which speak the published protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from flask import Flask

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment import Payment, PaymentMessage
from wrencos_commerce.models.payment_review import PaymentReview
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.services.payments.reconciliation import Reconciliation
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.services.payments.review_desk import Resolution
from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.testing import fake_bank, fake_paypal, fake_stripe
from wrencos_commerce.testing.fake_bank import FakeBank
from wrencos_commerce.testing.fake_paypal import FakePayPal
from wrencos_commerce.testing.fake_stripe import FakeStripe
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_commerce.testing.local_http import FakeServer
from wrencos_commerce.testing.order_books import differences
from wrencos_core.api import CoreSettings, Platform
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.platform import current_platform
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller


@pytest.fixture(scope="session")
def vnpay_server() -> Iterator[FakeVNPay]:
    with FakeVNPay() as fake:
        yield fake


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[FakeStripe]:
    with FakeStripe() as fake:
        yield fake


@pytest.fixture(scope="session")
def paypal_server() -> Iterator[FakePayPal]:
    with FakePayPal() as fake:
        yield fake


@pytest.fixture
def vnpay(vnpay_server: FakeVNPay) -> FakeVNPay:
    """A VNPay on this machine, its books empty."""
    _empty(vnpay_server)
    vnpay_server.refund_status, vnpay_server.is_signing = "00", True
    return vnpay_server


@pytest.fixture
def stripe(stripe_server: FakeStripe) -> FakeStripe:
    """A Stripe on this machine, its books empty."""
    _empty(stripe_server)
    stripe_server.refund_status = "succeeded"
    return stripe_server


@pytest.fixture
def paypal(paypal_server: FakePayPal) -> FakePayPal:
    """A PayPal on this machine, its books empty."""
    _empty(paypal_server)
    paypal_server.capture_status = paypal_server.refund_status = "COMPLETED"
    return paypal_server


@pytest.fixture
def bank() -> FakeBank:
    """The bank of a customer, and of the shop."""
    return FakeBank()


def _empty(fake: FakeServer) -> None:
    # The tokens of PayPal are kept: the shop, which is used again, has one of them.
    for name, kept in vars(fake).items():
        if isinstance(kept, dict | list) or (isinstance(kept, set) and name != "tokens"):
            kept.clear()


@pytest.fixture
def platform(
    make_platform: Any, vnpay: FakeVNPay, stripe: FakeStripe, paypal: FakePayPal
) -> Platform:
    """A shop in đồng that takes every way to pay; PayPal charges it in USD."""
    settings = {
        CoreSettings: {"currency": "VND"},
        CommerceSettings: {
            "gateway_timeout_seconds": 5,
            "payment_result_url": "{base_url}/orders/{order_id}?payment={payment_id}"
            "&outcome={outcome}",
            "vnpay_tmn_code": vnpay.tmn_code,
            "vnpay_secret": vnpay.secret,
            "vnpay_pay_url": vnpay.pay_url,
            "vnpay_api_url": vnpay.api_url,
            "stripe_api_key": fake_stripe.KEY,
            "stripe_webhook_secret": fake_stripe.WEBHOOK_SECRET,
            "stripe_api_base": stripe.url,
            "paypal_client_id": fake_paypal.CLIENT_ID,
            "paypal_secret": fake_paypal.SECRET,
            "paypal_webhook_id": fake_paypal.WEBHOOK_ID,
            "paypal_api_base": paypal.url,
            "paypal_currency": "USD",
            "paypal_exchange_rate": Decimal(25_400),
            "bank_bin": "970416",
            "bank_account": "257678859",
            "bank_account_name": "MY PHAM WREN",
            "bank_name": "ACB",
            "bank_webhook_secret": fake_bank.SECRET,
        },
    }
    return make_platform(None, settings)  # type: ignore[no-any-return]


class LastingCaller(Caller):
    """A caller who logs in anew when the clock of a test has gone past the end of the token."""

    def open(self, path: str, **options: Any) -> Any:
        answer = super().open(path, **options)
        if answer.status_code == 401:
            sessions = current_platform().services.require(Sessions)
            self.token = sessions.open(self.user_id).token
            answer = super().open(path, **options)
        return answer


@pytest.fixture
def login(platform: Platform, app: Flask) -> Callable[..., Caller]:
    """As everywhere, for callers that stay logged in for days."""
    logins = Logins(platform, app)

    def login(*args: Any, **options: Any) -> Caller:
        caller = logins(*args, **options)
        return LastingCaller(app, caller.user_id, caller.token)

    return login


@pytest.fixture
def serum(make_product: Callable[..., str]) -> str:
    """A product at 300,000 VND, 10 in stock."""
    return make_product(price=Decimal(300_000), cost_price=Decimal(120_000), sku="SERUM")


class Shop:
    """What the shop's own books say, and what its jobs do."""

    def __init__(self, platform: Platform, fakes: dict[str, FakeServer]) -> None:
        self.platform = platform
        self.fakes = fakes

    def order(self, id: str) -> Any:
        return Order.raw().find_one({"_id": id})

    def payment(self, id: str) -> Any:
        return Payment.raw().find_one({"_id": id})

    def payments(self, order_id: str) -> list[Any]:
        """The attempts to pay an order, the oldest first."""
        return list(Payment.raw().find({"order_id": order_id}).sort("_id", 1))

    def states(self, order_id: str) -> list[str]:
        """The states of these attempts."""
        return [payment["state"] for payment in self.payments(order_id)]

    def messages(self) -> int:
        """How many messages of gateways were kept."""
        return int(PaymentMessage.raw().count_documents({}))

    def refunds(self, order_id: str) -> list[Any]:
        return list(Refund.raw().find({"order_id": order_id}).sort("_id", 1))

    def reviews(self, state: str = "open") -> list[str]:
        """The reasons of what waits for a human."""
        rows = PaymentReview.raw().find({"state": state}).sort("created_at", 1)
        return [row["reason"] for row in rows]

    def review(self, reason: str) -> Any:
        """The one open entry for this reason."""
        (row,) = PaymentReview.raw().find({"state": "open", "reason": reason})
        return row

    def audited(self, action: str) -> list[Any]:
        """The entries of the audit log about this."""
        return list(Order.raw().database["core_audit_entries"].find({"action": action}))

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

    def expire(self) -> tuple[int, int]:
        """Run the job: how many holds ended, and how many orders were cancelled."""
        return self.platform.services.require(Expiry).run()

    def reconcile(self) -> list[tuple[str, str, str]]:
        """Run the job: the state before, the answer, and the state after of what was asked."""
        run = self.platform.services.require(Reconciliation).run()
        return [(one.before, one.answer, one.payment["state"]) for one in run]

    def chase(self) -> int:
        """Run the job: how many refunds were looked after."""
        return self.platform.services.require(RefundSending).run()

    def add_up(self) -> None:
        """Everything in the database, and in the books of the gateways, tells the same."""
        assert differences({name: fake.books() for name, fake in self.fakes.items()}) == []


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

    def open_page(self, order_id: str, method: str | None = None) -> str:
        """Begin to pay through VNPay and open its page; the attempt's reference."""
        payment = self.start(order_id, method)
        page = requests.get(payment["next"]["url"], timeout=10)
        assert page.status_code == 200, page.text
        return str(page.json()["reference"])

    def cancel(self, order_id: str, status: int = 200) -> None:
        answer = self.caller.post(f"/api/orders/{order_id}/cancel", json={})
        assert answer.status_code == status, answer.get_json()

    def shown(self, order_id: str) -> tuple[str, str]:
        """The order's status and the payment's, as the customer sees them."""
        order = self.caller.get(f"/api/orders/{order_id}").get_json()["order"]
        return order["status"], order["paymentStatus"]


class Desk:
    """An admin at the payments' desk, over HTTP."""

    def __init__(self, caller: Caller, shop: Shop) -> None:
        self.caller = caller
        self._shop = shop

    def refund(self, order_id: str, status: int = 201, **wish: Any) -> Any:
        body = {"reason": "goodwill", **wish}
        answer = self.caller.post(f"/api/orders/{order_id}/refunds", json=body)
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()["refund"] if status == 201 else answer.get_json()

    def resolve(self, reason: str, resolution: Resolution | str, status: int = 200) -> Any:
        """Resolve the one open entry with this reason."""
        id = self._shop.review(reason)["_id"]
        return self.resolve_id(id, resolution, status)

    def resolve_id(self, id: str, resolution: Resolution | str, status: int = 200) -> Any:
        body = {"resolution": str(resolution)}
        answer = self.caller.post(f"/api/payment-reviews/{id}/resolve", json=body)
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()

    def collect(self, payment_id: str, status: int = 200) -> Any:
        answer = self.caller.post(f"/api/payments/{payment_id}/collect", json={})
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()


@pytest.fixture
def shop(platform: Platform, vnpay: FakeVNPay, stripe: FakeStripe, paypal: FakePayPal) -> Shop:
    return Shop(platform, {"vnpay": vnpay, "stripe": stripe, "paypal": paypal})


@pytest.fixture
def shopper(login: Any, purchase: dict[str, Any]) -> Shopper:
    return Shopper(login(), purchase)


@pytest.fixture
def desk(login: Any, shop: Shop) -> Desk:
    return Desk(login("admin"), shop)


@pytest.fixture
def ipn(app: Flask) -> Callable[[str], str]:
    """Returns `ipn(query)`: VNPay calls the shop; the RspCode that it gets."""

    def ipn(query: str) -> str:
        answer = app.test_client().get(f"/api/payments/webhooks/vnpay?{query}")
        assert answer.status_code == 200
        return str(answer.get_json()["RspCode"])

    return ipn


@pytest.fixture
def tell(app: Flask) -> Callable[[str, Any], tuple[int, str]]:
    """Returns `tell(method, message)`: a gateway calls the shop; the status and result it gets."""

    def tell(method: str, message: Any) -> tuple[int, str]:
        path = f"/api/payments/webhooks/{method}"
        answer = app.test_client().post(path, data=message.body, headers=message.headers)
        return answer.status_code, answer.get_json()["result"]

    return tell
