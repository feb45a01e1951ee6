"""A process that trades at random, until it and others like it have done so many operations.

What it calls is what the web server and the jobs call. It may be killed at any moment.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from wrencos_commerce.errors import (
    CartEmpty,
    CartFull,
    CountRefused,
    OutOfStock,
    ReturnRefused,
    TooManyUnpaid,
    TransitionRefused,
)
from wrencos_commerce.models.batch import Batch
from wrencos_commerce.models.order import Order, OrderStatus, OrderStock
from wrencos_commerce.models.order_return import ReturnReason
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.services.payments.writer import PaymentWriter
from wrencos_commerce.services.returns.pieces import returnable
from wrencos_commerce.services.returns.receiving import Inspected, Inspection, ReturnReceiving
from wrencos_commerce.services.returns.requests import OrderReturns, ReturnedItem, ReturnWish
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_counts import Counted, StockCounts
from wrencos_commerce.services.stock_ledger import Unit, on_hand
from wrencos_core import logs
from wrencos_core.api import SYSTEM, Identity, Invalid, Role, StaleVersion, new_id, now
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.contracts.payments import GatewayEvent, PaymentOutcome
from wrencos_core.database import database
from wrencos_core.platform import Platform, start

DONE = "test_operations"
BUYERS = 12
METHODS = ("cod", "vnpay", "vnpay")
ADDRESS = ShippingAddress(street="12 Demo Street", city="Da Nang", country="VN")
# What others have changed meanwhile, or have bought.
REFUSALS = (
    *(CartEmpty, CartFull, CountRefused, OutOfStock, StaleVersion),
    *(Invalid, ReturnRefused, TooManyUnpaid, TransitionRefused),
)
Row = Mapping[str, Any]


class Trader:
    """Every operation picks something at random, and does nothing when there is nothing to do."""

    def __init__(self, platform: Platform, seed: int) -> None:
        find = platform.services.require
        self.chance = random.Random(seed)
        self.carts, self.checkout, self.orders = find(Carts), find(Checkout), find(Orders)
        self.payments, self.expiry = find(PaymentWriter), find(Expiry)
        self.returns, self.receiving = find(OrderReturns), find(ReturnReceiving)
        self.stock, self.counts, self.batches = find(Stock), find(StockCounts), find(Batches)
        self.units = [
            Unit(row["_id"], variant["id"])
            for row in Product.raw().find({}, {"variants.id": 1})
            for variant in row["variants"]
        ]

    def step(self) -> None:
        operations: Mapping[Callable[[], None], int] = {
            self.order: 40,
            self.pay: 20,
            self.fail: 6,
            self.expire: 6,
            self.cancel: 9,
            self.move_on: 9,
            self.give_back: 5,
            self.count: 3,
            self.receive: 2,
            self.recall: 1,
        }
        (operation,) = self.chance.choices(list(operations), list(operations.values()))
        try:
            operation()
        except REFUSALS:
            pass

    def order(self) -> None:
        number = self.chance.randrange(BUYERS)
        buyer = CartHolder(Identity(user_id=f"user_{number}", role=Role.CUSTOMER))
        for unit in self.chance.sample(self.units, self.chance.choice((1, 1, 2, 3))):
            pieces = self.chance.choice((1, 1, 2, 4))
            self.carts.add(buyer, unit.product_id, pieces, unit.variant_id)
        method = self.chance.choice(METHODS)
        self.checkout.place(buyer, Purchase(payment_method_id=method, address=ADDRESS))

    def pay(self) -> None:
        self._tell(PaymentOutcome.PAID)

    def fail(self) -> None:
        self._tell(PaymentOutcome.FAILED)

    def _tell(self, outcome: PaymentOutcome) -> None:
        """What the gateway's webhook brings; once in a while it comes twice."""
        payment = self._any(Payment, {"method": "vnpay"})
        if payment is None:
            return
        event = GatewayEvent(
            event_id=f"{payment['reference']}:{outcome}",
            outcome=outcome,
            reference=payment["reference"],
            amount=payment["amount"],
            currency=payment["currency"],
        )
        for _ in range(self.chance.choice((1, 1, 2))):
            self.payments.apply("vnpay", event, source="webhook")

    def expire(self) -> None:
        held = self._any(Order, {"stock": OrderStock.HELD.value})
        if held is not None:
            past = now() - timedelta(minutes=1)
            query = {"_id": held["_id"], "hold_until": {"$exists": True}}
            field = self.chance.choice(("hold_until", "pay_until"))
            Order.raw().update_one(query, {"$set": {field: past}})
        self.expiry.run()

    def cancel(self) -> None:
        self._change({"status": {"$ne": OrderStatus.CANCELLED.value}}, OrderStatus.CANCELLED)

    def move_on(self) -> None:
        status = self.chance.choice(
            (OrderStatus.SHIPPED, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
        )
        before = "shipped" if status is OrderStatus.DELIVERED else "confirmed"
        self._change({"status": before}, status)
        refused = self._any(Order, {"status": "shipped"})
        if refused is not None and self.chance.random() < 0.2:
            self.orders.refuse_parcel(refused["_id"], SYSTEM)

    def _change(self, query: Row, status: OrderStatus) -> None:
        order = self._any(Order, query)
        if order is not None:
            self.orders.change_status(order["_id"], StatusChange(status=status), SYSTEM)

    def give_back(self) -> None:
        delivered = self._any(Order, {"status": "delivered"})
        if delivered is None:
            return
        pieces = {id: n for id, n in returnable(delivered, for_money=True).items() if n}
        if not pieces:
            return
        variant_id = self.chance.choice(sorted(pieces))
        quantity = self.chance.randint(1, pieces[variant_id])
        item = ReturnedItem(
            variant_id=variant_id, quantity=quantity, reason=ReturnReason.CHANGED_MIND
        )
        id = self.returns.open(delivered["_id"], ReturnWish(items=[item]), SYSTEM)["_id"]
        restock = self.chance.randint(0, quantity)
        found = Inspected(restock=restock, write_off=quantity - restock)
        self.receiving.receive(id, Inspection(items={variant_id: found}), SYSTEM)

    def count(self) -> None:
        product = self._any(Product, {})
        assert product is not None
        variant = self.chance.choice(product["variants"])
        pieces = max(0, on_hand(variant) + self.chance.randint(-2, 6))
        self.counts.count([Counted(counted=pieces, variant_id=variant["id"])], None, SYSTEM)

    def receive(self) -> None:
        unit = self.chance.choice(self.units)
        days = self.chance.choice((3, 30, 300))
        delivery = Delivery(
            **unit._asdict(),
            code=new_id("lot"),
            expires_on=self.stock.today() + timedelta(days=days),
            quantity=self.chance.randint(1, 20),
        )
        self.batches.receive(delivery, SYSTEM)

    def recall(self) -> None:
        batch = self._any(Batch, {"state": "sellable"})
        if batch is not None:
            self.batches.recall(batch["_id"], "test", SYSTEM)

    @staticmethod
    def _any(model: Any, query: Row) -> Row | None:
        rows = model.raw().aggregate([{"$match": query}, {"$sample": {"size": 1}}])
        return next(iter(rows), None)


def trade(environ: Mapping[str, str], seed: int, operations: int) -> None:
    """Become the platform of this environment, and trade."""
    os.environ.update(environ)
    platform = start()
    logs.configure(platform.settings.model_copy(update={"log_level": "ERROR"}))
    platform.connect()
    trader = Trader(platform, seed)
    done, one_more = database()[DONE], {"$inc": {"count": 1}}
    while done.find_one_and_update({"_id": "all"}, one_more)["count"] < operations:
        trader.step()
