"""What customers are written at each step of their order, each once, in their language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.services.gateways.exchange import EXCHANGE
from wrencos_commerce.services.order_customers import customer_of
from wrencos_commerce.services.order_mail_values import order_values, pieces_of
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Event, Platform, Subscriber, now
from wrencos_core.contracts.orders import (
    OrderCancelled,
    OrderDelivered,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReturned,
    OrderShipped,
    OrderStatusChanged,
)
from wrencos_core.contracts.payments import PaymentKind

Row = Mapping[str, Any]

ASK_FOR_TRANSFER = "commerce.ask_for_transfer"
# A replay, or an import of old orders, must not write to people about them.
STALE = timedelta(days=3)


class OrderMails:
    """Queues the mails; a key for each occasion has it sent once, however often it is told.

    Nobody is written to about what happened days ago, nor who is erased or left no address.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._order_url = platform.settings_for(CommerceSettings).order_url

    def placed(self, event: OrderPlaced) -> None:
        """Confirm an order, or have the customer told how to transfer the money for it."""
        if event.status == OrderStatus.CONFIRMED:
            self._confirm(event, event.order_id)
        elif self._kind(event.payment_method) == PaymentKind.TRANSFER and _is_fresh(event):
            # By a job, as the gateway is asked what to pay (transfer_mails.py).
            self._platform.jobs.enqueue(
                ASK_FOR_TRANSFER, key=event.order_id, order_id=event.order_id
            )

    def status_changed(self, event: OrderStatusChanged) -> None:
        """Confirm an order that had waited for its payment."""
        if event.status == OrderStatus.CONFIRMED:
            self._confirm(event, event.order_id)

    def paid(self, event: OrderPaid) -> None:
        """Say that the money came, where the confirmation can't have said it."""
        kind = self._kind(event.payment_method)
        if kind in (PaymentKind.ON_DELIVERY, PaymentKind.COUNTER) or not _is_fresh(event):
            return
        order = Order.raw().find_one({"_id": event.order_id}, {"history": 1}) or {"history": ()}
        steps = [step for step in order["history"] if step["status"] == OrderStatus.CONFIRMED]
        is_confirmed_before = any(step["at"] < event.occurred_at for step in steps)
        if kind == PaymentKind.TRANSFER or is_confirmed_before:
            key = f"{event.order_id}:payment_received"
            self._tell(
                event,
                event.order_id,
                "payment_received",
                key,
                method=event.payment_method,
                amount=event.amount,
            )

    def shipped(self, event: OrderShipped) -> None:
        """A parcel is under way: with whom, its number, and what is in it if not all is."""

        def values(order: Row) -> Row:
            wanted = [(line.variant_id, line.quantity) for line in event.lines]
            is_all = event.is_complete and len(order["shipments"]) == 1
            return {"pieces": [] if is_all else pieces_of(order, wanted)}

        self._tell(
            event,
            event.order_id,
            "order_shipped",
            f"{event.shipment_id}:shipped",
            more=values,
            carrier=event.carrier,
            tracking_number=event.tracking_number,
            is_complete=event.is_complete,
        )

    def delivered(self, event: OrderDelivered) -> None:
        """All of it arrived; nothing for what was taken along at the counter."""
        query = {"_id": event.order_id, "shipping_address": {"$exists": True}}
        if _is_fresh(event) and Order.raw().find_one(query, {"_id": 1}):
            key = f"{event.order_id}:delivered"
            self._tell(event, event.order_id, "order_delivered", key)

    def cancelled(self, event: OrderCancelled) -> None:
        """Why an order was called off, and whether money comes back."""
        self._tell(
            event,
            event.order_id,
            "order_cancelled",
            f"{event.order_id}:cancelled",
            reason=event.reason,
            was_paid=event.was_paid,
        )

    def refunded(self, event: OrderRefunded) -> None:
        """How much went back, and how; of an exchange the mail of its new order tells."""
        if event.payment_method == EXCHANGE:
            return
        self._tell(
            event,
            event.order_id,
            "order_refunded",
            f"{event.refund_id}:refunded",
            more=lambda order: {
                "pieces": pieces_of(
                    order, [(line.variant_id, line.quantity) for line in event.lines]
                )
            },
            amount=event.amount,
            reason=event.reason,
            is_online=self._kind(event.payment_method) == PaymentKind.ONLINE,
            method=event.payment_method,
        )

    def returned(self, event: OrderReturned) -> None:
        """The goods came back, and what happens now; nothing where none came."""
        if not event.lines:
            return

        def values(order: Row) -> Row:
            wanted = [(x.variant_id, x.restocked + x.written_off) for x in event.lines]
            return {"pieces": pieces_of(order, wanted)}

        self._tell(
            event,
            event.order_id,
            "return_received",
            f"{event.return_id}:return_received",
            more=values,
            resolution=event.resolution,
            exchange_order_id=event.exchange_order_id,
        )

    def write(
        self,
        order_id: str,
        template: str,
        key: str,
        *,
        method: str | None = None,
        more: Callable[[Row], Row] | None = None,
        **values: Any,
    ) -> None:
        """Queue a mail to the customer of an order, if they left an address.

        `method` is the way to pay that it is about, the order's when None; `more` makes values of
        the order's row.
        """
        order = Order.raw().find_one({"_id": order_id})
        if order is None:
            return
        customer = customer_of(self._platform, order)
        if customer.email is None:
            return
        locale = customer.locale or self._platform.settings.locale
        base_url = self._platform.settings.base_url.rstrip("/")
        methods = self._platform.services.require(PaymentMethods)
        self._platform.mailer.queue(
            template=f"commerce/{template}",
            to=customer.email,
            locale=locale,
            key=key,
            user_id=customer.user_id,
            context={
                "name": customer.name,
                "order": order_values(order),
                "order_id": order_id,
                "order_link": self._order_url.format(base_url=base_url, order_id=order_id),
                "method": methods.name(method or order["payment_method"], locale),
                "pays_on_delivery": self._kind(order["payment_method"]) == PaymentKind.ON_DELIVERY,
                "estimated_delivery": date.fromisoformat(order["estimated_delivery"]),
                **values,
                **(more(order) if more else {}),
            },
        )

    def _confirm(self, event: Event, order_id: str) -> None:
        self._tell(event, order_id, "order_confirmation", f"{order_id}:confirmation")

    def _tell(self, event: Event, order_id: str, template: str, key: str, **values: Any) -> None:
        if _is_fresh(event):
            self.write(order_id, template, key, **values)

    def _kind(self, method: str) -> PaymentKind | None:
        gateway = self._platform.services.require(PaymentMethods).find(method)
        return gateway.kind if gateway else None


def _is_fresh(event: Event) -> bool:
    return now() - event.occurred_at <= STALE


def order_mail_subscribers(platform: Platform) -> Sequence[Subscriber]:
    """Who writes what, when; the names are kept, as deliveries that wait are known by them."""
    mails = OrderMails(platform)
    return [
        Subscriber(OrderPlaced, "commerce.confirm_order", mails.placed),
        Subscriber(OrderStatusChanged, "commerce.confirm_paid_order", mails.status_changed),
        Subscriber(OrderPaid, "commerce.mail_payment", mails.paid),
        Subscriber(OrderShipped, "commerce.mail_shipment", mails.shipped),
        Subscriber(OrderDelivered, "commerce.mail_delivery", mails.delivered),
        Subscriber(OrderCancelled, "commerce.mail_cancellation", mails.cancelled),
        Subscriber(OrderRefunded, "commerce.mail_refund", mails.refunded),
        Subscriber(OrderReturned, "commerce.mail_return", mails.returned),
    ]
