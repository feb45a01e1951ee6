"""The demo's returns: one piece of an order comes back, is looked at, and paid back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.demo.courses import Act
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.order_return import (
    OrderReturn,
    ReturnReason,
    ReturnResolution,
    ReturnState,
)
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.returns.receiving import Inspected, Inspection, ReturnReceiving
from wrencos_commerce.services.returns.requests import OrderReturns, ReturnedItem, ReturnWish
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, Identity, Platform

_REASONS = (ReturnReason.ALLERGIC_REACTION, ReturnReason.DAMAGED, ReturnReason.CHANGED_MIND)


class DemoReturns:
    """Takes returns along their way."""

    def __init__(self, platform: Platform) -> None:
        self._returns = platform.services.require(OrderReturns)
        self._stock = platform.services.require(Stock)
        self._receiving = platform.services.require(ReturnReceiving)

    def go_on(self, act: Act, order_id: str, identity: Identity) -> None:
        """Ask for the return of a piece of the order, or decide about it."""
        if act is Act.ASK_RETURN:
            self._ask(order_id, identity)
            return
        query = {"order_id": order_id, "state": ReturnState.REQUESTED.value}
        asked = OrderReturn.raw().find_one(query)
        if asked is None:
            return
        if act is Act.REJECT_RETURN:
            self._returns.reject(asked["_id"], "It was opened and used.", SYSTEM)
        else:
            self._returns.approve(asked["_id"], SYSTEM)
            self._receive(asked)

    def _receive(self, asked: Mapping[str, Any]) -> None:
        """What shall replace a damaged piece may be sold out: then the money goes back."""
        item = asked["items"][0]
        wanted = item.get("wanted_variant_id") or item["variant_id"]
        product = Product.raw().find_one({"variants.id": wanted})
        enough = Unit(product["_id"], wanted) if product else None
        resolution = None
        if enough is None or not self._stock.has({enough: 1}):
            resolution = ReturnResolution.REFUND
        self._receiving.receive(asked["_id"], _inspection(item, resolution), SYSTEM)

    def _ask(self, order_id: str, identity: Identity) -> None:
        line = Order.raw().find_one({"_id": order_id})["lines"][0]
        reason = _REASONS[line["quantity"] % len(_REASONS)]
        is_damaged = reason is ReturnReason.DAMAGED
        item = ReturnedItem(
            variant_id=line["variant_id"],
            quantity=1,
            reason=reason,
            wanted_variant_id=line["variant_id"] if is_damaged else None,
        )
        wanted = ReturnResolution.EXCHANGE if is_damaged else ReturnResolution.REFUND
        self._returns.open(order_id, ReturnWish(items=[item], resolution=wanted), identity)


def _inspection(item: Mapping[str, Any], resolution: ReturnResolution | None) -> Inspection:
    """What the customer merely did not want is still sealed."""
    is_sealed = item["reason"] == ReturnReason.CHANGED_MIND
    found = Inspected(restock=int(is_sealed), write_off=int(not is_sealed))
    return Inspection(items={item["variant_id"]: found}, resolution=resolution)
