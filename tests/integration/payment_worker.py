"""A process that orders, pays, cancels and pays back at random, at gateways in other processes.

What it calls is what the web server and the jobs call. It may be killed at any moment.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import requests

from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.payment_review import PaymentReview
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund, RefundReason
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.services.payments.attempts import Payer, PaymentAttempts
from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.services.payments.reconciliation import Reconciliation
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.services.payments.refunds import Refunds, RefundWish
from wrencos_commerce.services.payments.review_desk import Resolution, ReviewDesk
from wrencos_commerce.services.payments.webhooks import Webhooks
from wrencos_core import logs
from wrencos_core.api import SYSTEM, DomainError, Identity, Role, now
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.contracts.payments import GatewayRequest
from wrencos_core.database import database
from wrencos_core.platform import Platform, start

DONE, CLAIMS, LATE = "test_operations", "test_claims", "test_late_messages"
BUYERS = 8
METHODS = ("vnpay", "vnpay", "stripe", "paypal", "cod")
ADDRESS = ShippingAddress(street="12 Demo Street", city="Da Nang", country="VN")
ASKED = {"vnpay": "/merchant_webapi", "stripe": "/v1", "paypal": "/v2"}
Row = Mapping[str, Any]


def do(url: str, method: str, *arguments: object) -> Any:
    """Have the fake at `url` do something."""
    body = {"method": method, "arguments": arguments}
    answer = requests.post(f"{url}/_do", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()


class Trader:
    """Every operation picks something at random, and does nothing when there is nothing to do."""

    def __init__(self, platform: Platform, fakes: Mapping[str, str], seed: int) -> None:
        find = platform.services.require
        self.chance = random.Random(seed)
        self.fakes = fakes
        self.carts, self.checkout, self.orders = find(Carts), find(Checkout), find(Orders)
        self.attempts, self.webhooks, self.expiry = (
            find(PaymentAttempts),
            find(Webhooks),
            find(Expiry),
        )
        self.reconciliation, self.refunds = find(Reconciliation), find(Refunds)
        self.sending, self.desk = find(RefundSending), find(ReviewDesk)
        self.products = [row["_id"] for row in Product.raw().find({}, {"_id": 1})]

    def step(self) -> None:
        operations: Mapping[Callable[[], None], int] = {
            self.order: 18,
            self.start: 14,
            self.pay: 26,
            self.tell_again: 6,
            self.expire: 5,
            self.cancel: 5,
            self.move_on: 4,
            self.refund: 10,
            self.reconcile: 6,
            self.chase: 8,
            self.decide: 3,
            self.break_a_gateway: 2,
        }
        (operation,) = self.chance.choices(list(operations), list(operations.values()))
        try:
            operation()
        except DomainError:
            # Refused, as it may be: by what others did meanwhile, or by a gateway that is away.
            pass

    def order(self) -> None:
        number = self.chance.randrange(BUYERS)
        buyer = CartHolder(Identity(user_id=f"user_{number}", role=Role.CUSTOMER))
        self.carts.add(buyer, self.chance.choice(self.products), self.chance.choice((1, 1, 2, 3)))
        method = self.chance.choice(METHODS)
        order = self.checkout.place(buyer, Purchase(payment_method_id=method, address=ADDRESS))
        if self.chance.random() < 0.7:
            self._start(order["_id"], None)

    def start(self) -> None:
        order = self._any(Order, {"payment_status": "pending", "status": {"$ne": "cancelled"}})
        if order is not None:
            self._start(order["_id"], self.chance.choice((None, None, *METHODS)))

    def _start(self, order_id: str, method: str | None) -> None:
        payer = Payer(identity=SYSTEM, ip="203.0.113.7", locale=self.chance.choice(("vi", "en")))
        payment = self.attempts.start(order_id, method, payer)
        if payment["method"] == "vnpay" and payment.get("step"):
            requests.get(payment["step"]["url"], timeout=10)

    def pay(self) -> None:
        """A customer does what the gateway's page offers, once for each page, and it calls us."""
        payment = self._any(Payment, {"method": {"$in": list(ASKED)}, "step": {"$exists": True}})
        if payment is None or not self._claimed(payment["_id"]):
            return
        method, reference, url = payment["method"], payment["reference"], ""
        url = self.fakes[method]
        try:
            if method == "vnpay":
                if self.chance.random() < 0.25:
                    self._tell(method, do(url, "pay", reference, "24", "02"))
                    if self.chance.random() < 0.5:
                        return
                message = do(url, "pay", reference)
            elif method == "stripe":
                message = do(url, "pay", payment["gateway_id"])
            else:
                message = do(url, "approve", payment["gateway_id"])
        except requests.RequestException:
            # The page was never opened, or is closed by now.
            return
        fate = self.chance.random()
        if fate < 0.2:
            return  # The call is lost.
        if fate < 0.4:
            database()[LATE].insert_one({"method": method, "message": message})
            return
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            self._tell(method, message)

    def tell_again(self) -> None:
        rows = database()[LATE].aggregate([{"$sample": {"size": 1}}])
        for row in rows:
            self._tell(row["method"], row["message"])

    def _tell(self, method: str, message: Any) -> None:
        if method == "vnpay":
            request = GatewayRequest(
                method="GET",
                raw_query=message.encode(),
                query=tuple(parse_qsl(message)),
                headers={},
                body=b"",
            )
        else:
            body, headers = message
            request = GatewayRequest(
                method="POST",
                raw_query=b"",
                query=(),
                headers={name.lower(): value for name, value in headers.items()},
                body=body.encode(),
            )
        self.webhooks.receive(method, request)

    def expire(self) -> None:
        order = self._any(Order, {"status": "pending", "hold_until": {"$exists": True}})
        if order is not None:
            past = now() - timedelta(minutes=1)
            field = self.chance.choice(("hold_until", "hold_until", "pay_until"))
            query = {"_id": order["_id"], field: {"$exists": True}}
            Order.raw().update_one(query, {"$set": {field: past}})
        self.expiry.run()

    def cancel(self) -> None:
        order = self._any(Order, {"status": {"$in": ["pending", "confirmed"]}})
        if order is not None:
            cancelled = StatusChange(status=OrderStatus.CANCELLED)
            self.orders.change_status(order["_id"], cancelled, SYSTEM)

    def move_on(self) -> None:
        order = self._any(Order, {"status": {"$in": ["confirmed", "shipped"]}})
        if order is None:
            return
        if order["status"] == "shipped" and self.chance.random() < 0.3:
            self.orders.refuse_parcel(order["_id"], SYSTEM)
            return
        shipped = order["status"] == "confirmed"
        status = OrderStatus.SHIPPED if shipped else OrderStatus.DELIVERED
        self.orders.change_status(order["_id"], StatusChange(status=status), SYSTEM)

    def refund(self) -> None:
        order = self._any(Order, {"payment_status": {"$in": ["paid", "partially_refunded"]}})
        if order is None:
            return
        amount: Decimal | None = Decimal(self.chance.randint(1, order["total_price"]))
        if self.chance.random() < 0.2:
            amount = None
        self.refunds.request(
            order["_id"], RefundWish(reason=RefundReason.GOODWILL, amount=amount), SYSTEM
        )

    def reconcile(self) -> None:
        self._due(Payment)
        for _ in self.reconciliation.run():
            pass

    def chase(self) -> None:
        self._due(Refund)
        self.sending.run()

    def _due(self, model: Any) -> None:
        """Time passes: some questions are due."""
        for _ in range(3):
            row = self._any(model, {"ask_at": {"$exists": True}})
            if row is not None:
                query = {"_id": row["_id"], "ask_at": {"$exists": True}}
                model.raw().update_one(query, {"$set": {"ask_at": now()}})

    def decide(self) -> None:
        reasons = ["late", "paid_twice"]
        review = self._any(PaymentReview, {"state": "open", "reason": {"$in": reasons}})
        if review is not None:
            self.desk.resolve(review["_id"], Resolution.REFUND, None, SYSTEM)

    def break_a_gateway(self) -> None:
        method = self.chance.choice(list(ASKED))
        failure = self.chance.choice(("lose", "drop", "error"))
        do(self.fakes[method], "fail", failure, 1, ASKED[method])

    @staticmethod
    def _claimed(id: str) -> bool:
        claim = database()[CLAIMS].find_one_and_update(
            {"_id": id}, {"$inc": {"count": 1}}, upsert=True, return_document=True
        )
        return bool(claim["count"] == 1)

    @staticmethod
    def _any(model: Any, query: Row) -> Row | None:
        rows = model.raw().aggregate([{"$match": query}, {"$sample": {"size": 1}}])
        return next(iter(rows), None)


def trade(environ: Mapping[str, str], fakes: Mapping[str, str], seed: int, operations: int) -> None:
    """Become the platform of this environment, and trade."""
    os.environ.update(environ)
    platform = start()
    logs.configure(platform.settings.model_copy(update={"log_level": "CRITICAL"}))
    platform.connect()
    trader = Trader(platform, fakes, seed)
    done, one_more = database()[DONE], {"$inc": {"count": 1}}
    while done.find_one_and_update({"_id": "all"}, one_more)["count"] < operations:
        trader.step()
