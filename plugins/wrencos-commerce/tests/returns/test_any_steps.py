"""Whatever customers and staff do with returns, in any order: pieces and money add up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.models.order import Channel, Order
from wrencos_commerce.models.order_return import OrderReturn, ReturnReason, ReturnResolution
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import Refund, RefundReason
from wrencos_commerce.services.payments.refunds import Refunds, RefundWish
from wrencos_commerce.services.returns.receiving import Inspected, Inspection, ReturnReceiving
from wrencos_commerce.services.returns.requests import OrderReturns, ReturnedItem, ReturnWish
from wrencos_commerce.services.staff_orders import Sale, SoldItem, StaffOrders
from wrencos_commerce.testing.order_books import differences
from wrencos_core.api import SYSTEM, DomainError, Platform

PIECES = 4
STEPS = st.sampled_from(["open", "approve", "reject", "cancel", "receive", "receive", "refund"])
_OPEN = ("requested", "approved")


class Desk:
    """Does one step after the other for an order, as the services let it."""

    def __init__(self, platform: Platform, data: st.DataObject, order_id: str, other: str) -> None:
        find = platform.services.require
        self.returns, self.receiving = find(OrderReturns), find(ReturnReceiving)
        self.refunds = find(Refunds)
        self.data, self.order_id, self.other = data, order_id, other

    def open(self) -> None:
        resolution = self.data.draw(st.sampled_from(list(ReturnResolution)))
        item = ReturnedItem(
            variant_id=self.line()["variant_id"],
            quantity=self.data.draw(st.integers(1, PIECES)),
            reason=ReturnReason.OTHER,
            wanted_variant_id=self.other if resolution is ReturnResolution.EXCHANGE else None,
        )
        self.returns.open(self.order_id, ReturnWish(items=[item], resolution=resolution), SYSTEM)

    def approve(self) -> None:
        self.returns.approve(self.some(), SYSTEM)

    def reject(self) -> None:
        self.returns.reject(self.some(), "No", SYSTEM)

    def cancel(self) -> None:
        self.returns.cancel(self.some(), SYSTEM)

    def receive(self) -> None:
        restock, write_off = (self.data.draw(st.integers(0, PIECES)) for _ in range(2))
        inspection = Inspection(
            items={self.line()["variant_id"]: Inspected(restock=restock, write_off=write_off)},
            deduction=self.data.draw(st.sampled_from([None, Decimal("0.01"), Decimal("3.33")])),
        )
        self.receiving.receive(self.some(), inspection, SYSTEM)

    def refund(self) -> None:
        pieces = {self.line()["variant_id"]: self.data.draw(st.integers(1, PIECES))}
        amount = self.data.draw(st.sampled_from([None, Decimal("7.77")]))
        wish = RefundWish(
            reason=RefundReason.GOODWILL, pieces=None if amount else pieces, amount=amount
        )
        self.refunds.request(self.order_id, wish, SYSTEM)

    def some(self) -> str:
        ids = [row["_id"] for row in self.rows()]
        return str(self.data.draw(st.sampled_from(ids))) if ids else "ret_none"

    def rows(self) -> list[Any]:
        return list(OrderReturn.raw().find({"order_id": self.order_id}).sort("_id", 1))

    def line(self) -> Any:
        return Order.raw().find_one({"_id": self.order_id})["lines"][0]

    def check(self) -> None:
        line, items = self.line(), [(row["state"], row["items"][0]) for row in self.rows()]
        asked = sum(item["quantity"] for state, item in items if state in _OPEN)
        came = sum(item.get("restocked", 0) + item.get("written_off", 0) for _, item in items)
        assert (line["returning"], line["returned"]) == (asked, came)
        assert asked + came <= PIECES
        assert line["refunded"] <= line["total"]
        alive = Refund.raw().find({"order_id": self.order_id})
        assert sum(row["amount"] for row in alive) == line["refunded"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, min_size=3, max_size=14), data=st.data())
def test_pieces_and_money_add_up(
    platform: Platform, make_product: Callable[..., str], steps: list[str], data: Any
) -> None:
    bought = make_product(price=Decimal("10.01"), inventory=PIECES)
    prices = [Decimal(price) for price in ("5.00", "10.01", "30.00")]
    wanted = make_product(price=data.draw(st.sampled_from(prices)), inventory=2)
    ids = [Product.raw().find_one({"_id": id})["variants"][0]["id"] for id in (bought, wanted)]
    sale = Sale(channel=Channel.COUNTER, items=[SoldItem(variant_id=ids[0], quantity=PIECES)])
    order = platform.services.require(StaffOrders).create(sale, SYSTEM)
    desk = Desk(platform, data, order["_id"], ids[1])
    # The first of each is sure to have something to work on.
    for step in ["open", *steps]:
        with suppress(DomainError):
            getattr(desk, step)()
        desk.check()
    assert differences({}) == []
