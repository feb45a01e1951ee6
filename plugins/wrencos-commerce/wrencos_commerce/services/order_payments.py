"""What a payment does to its order: confirm it with its stock, or let the stock go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from wrencos_commerce.models.order import OrderStatus, OrderStock, PaymentStatus
from wrencos_commerce.models.payment_review import ReviewReason
from wrencos_commerce.services.gateways.exchange import EXCHANGE
from wrencos_commerce.services.order_moves import OrderMoves, changed
from wrencos_commerce.services.order_queries import adjustments_of, charges_of, lines_of
from wrencos_commerce.services.stock import Stock, Taken, needed
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Identity, Platform, now
from wrencos_core.contracts.orders import OrderPaid

Row = Mapping[str, Any]


class OrderPayments:
    """Each method joins the transaction of the payment and works on an order that it has locked."""

    def __init__(self, platform: Platform, moves: OrderMoves, stock: Stock) -> None:
        self._platform = platform
        self._moves = moves
        self._stock = stock
        hours = platform.settings_for(CommerceSettings).unpaid_order_hours
        self._window = timedelta(hours=hours)

    def paid(self, order: Row, payment: Row, identity: Identity) -> ReviewReason | None:
        """The money of `payment` is there: it is counted for the order, and the order goes on.

        Returns why a human must look, if one must: the order was paid already or is cancelled (then
        the money is not counted), or its pieces have been sold to others meanwhile.
        """
        if order["payment_status"] != PaymentStatus.PENDING:
            is_cancelled = order["status"] == OrderStatus.CANCELLED
            return ReviewReason.LATE if is_cancelled else ReviewReason.PAID_TWICE
        order = self._recorded(order, payment)
        if order["payment_status"] == PaymentStatus.PENDING:
            # By the credit of an exchange; the rest is still to come.
            return None
        if order["status"] == OrderStatus.PENDING:
            # Looked at before anything is taken: the transaction goes on when there are too few.
            is_gone = order["stock"] == OrderStock.RELEASED
            if is_gone and not self._stock.has(needed(order["lines"])):
                self._publish(order, payment)
                return ReviewReason.OUT_OF_STOCK
            order = self.confirm(order, identity)
        self._publish(order, payment)
        return None

    def confirm(self, order: Row, identity: Identity) -> Row:
        """Let a waiting order go on; its row. Its held pieces are sold, those let go taken anew.

        Raises OutOfStock.
        """
        values: dict[str, Any] = {}
        if order["stock"] == OrderStock.HELD:
            self._stock.settle(order["lines"], reference=order["_id"], identity=identity)
        else:
            wanted = needed(order["lines"])
            taken = self._stock.take(wanted, reference=order["_id"], identity=identity)
            values["lines"] = _picked(order, taken)
        return self._moves.move(
            order,
            OrderStatus.CONFIRMED,
            identity,
            values={**values, "stock": OrderStock.TAKEN.value},
            unset=("hold_until", "pay_until"),
            freely=True,
        )

    def hold(self, order: Row, until: datetime, pay_until: datetime) -> Row:
        """Hold the pieces of a waiting order (again) until then; raises OutOfStock.

        At `pay_until` the order is cancelled.
        """
        values: dict[str, Any] = {"hold_until": until, "pay_until": pay_until}
        if order["stock"] == OrderStock.RELEASED:
            taken = self._stock.hold(needed(order["lines"]))
            values |= {"stock": OrderStock.HELD.value, "lines": _picked(order, taken)}
        return changed(order["_id"], {"$set": values})

    def release(self, order: Row) -> Row:
        """Let the held pieces of a waiting order go; nothing when they are not held."""
        if order["stock"] != OrderStock.HELD:
            return order
        self._stock.release(order["lines"], reference=order["_id"])
        return changed(
            order["_id"],
            {"$set": {"stock": OrderStock.RELEASED.value}, "$unset": {"hold_until": ""}},
        )

    def wait_for_a_human(self, order: Row) -> None:
        """Let neither the hold nor the order expire: its money may be there."""
        if order["status"] == OrderStatus.PENDING:
            changed(order["_id"], {"$unset": {"hold_until": "", "pay_until": ""}})

    def wait_on(self, order: Row, expires_at: datetime | None) -> None:
        """No human looks at the order any more, and it is not paid: it waits as before.

        Its pieces are held until its open attempt expires.
        """
        moment = now()
        values = {"pay_until": max(moment + self._window, expires_at or moment)}
        if order["stock"] == OrderStock.HELD:
            values["hold_until"] = max(moment, expires_at or moment)
        changed(order["_id"], {"$set": values})

    def not_paid(self, order: Row) -> None:
        """An attempt to pay a waiting order came to nothing: its pieces go, it may be paid anew."""
        if order["status"] != OrderStatus.PENDING:
            return
        order = self.release(order)
        if order.get("pay_until") is None:
            changed(order["_id"], {"$set": {"pay_until": now() + self._window}})

    @staticmethod
    def _recorded(order: Row, payment: Row) -> Row:
        paid = order["paid"] + payment["amount"]
        if paid < order["total_price"]:
            return changed(order["_id"], {"$set": {"paid": paid}})
        values = {
            "payment_status": PaymentStatus.PAID.value,
            "payment_method": payment["method"],
            "paid": paid,
        }
        return changed(
            order["_id"], {"$set": values, "$unset": {"pay_until": "", "hold_until": ""}}
        )

    def _publish(self, order: Row, payment: Row) -> None:
        self._platform.outbox.publish(
            OrderPaid(
                id=f"{order['_id']}:paid",
                occurred_at=payment.get("paid_at") or now(),
                order_id=order["_id"],
                user_id=order.get("user_id"),
                channel=order["channel"],
                payment_id=payment["_id"],
                payment_method=payment["method"],
                amount=order["total_price"],
                credit=_credit(order, payment),
                fee=payment.get("fee"),
                lines=lines_of(order),
                charges=charges_of(order),
                adjustments=adjustments_of(order),
                prices_include_tax=order["prices_include_tax"],
                tax_total=order["tax_total"],
                currency=order["currency"],
            )
        )


def _credit(order: Row, payment: Row) -> int:
    """What of the order was paid by goods that came back; `payment` was its last."""
    if payment["method"] == EXCHANGE:
        return int(order["total_price"])
    return int(order["total_price"]) - int(payment["amount"])


def _picked(order: Row, taken: Mapping[Unit, Taken]) -> list[Row]:
    """The order's lines with the batches that their pieces come from now."""
    return [
        {
            **line,
            "batches": list(taken[Unit(line["product_id"], line["variant_id"])].batches),
        }
        for line in order["lines"]
    ]
