"""The demo's returns: one piece of an order comes back, is looked at, and paid back."""

from __future__ import annotations

from wrencos_commerce.demo.courses import Act
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.order_return import OrderReturn, ReturnReason, ReturnState
from wrencos_commerce.services.returns.receiving import Inspected, Inspection, ReturnReceiving
from wrencos_commerce.services.returns.requests import OrderReturns, ReturnedItem, ReturnWish
from wrencos_core.api import SYSTEM, Identity, Platform

_REASONS = (ReturnReason.DAMAGED, ReturnReason.CHANGED_MIND, ReturnReason.ALLERGIC_REACTION)


class DemoReturns:
    """Takes returns along their way."""

    def __init__(self, platform: Platform) -> None:
        self._returns = platform.services.require(OrderReturns)
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
            self._receiving.receive(asked["_id"], _inspection(asked["items"][0]), SYSTEM)

    def _ask(self, order_id: str, identity: Identity) -> None:
        line = Order.raw().find_one({"_id": order_id})["lines"][0]
        reason = _REASONS[line["quantity"] % len(_REASONS)]
        item = ReturnedItem(variant_id=line["variant_id"], quantity=1, reason=reason)
        self._returns.open(order_id, ReturnWish(items=[item]), identity)


def _inspection(item: dict[str, str]) -> Inspection:
    """What the customer merely did not want is still sealed."""
    is_sealed = item["reason"] == ReturnReason.CHANGED_MIND
    found = Inspected(restock=int(is_sealed), write_off=int(not is_sealed))
    return Inspection(items={item["variant_id"]: found})
