"""The staff have a customer pay: a link to send, or a code to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.order import Order
from wrencos_commerce.services.order_customers import customer_of
from wrencos_commerce.services.payments.attempts import Payer, PaymentAttempts
from wrencos_core.api import Identity, NotFound, Platform, audit, transaction

Row = Mapping[str, Any]


class PaymentLinks:
    """Begins payments in the name of the staff; whoever has the link can pay."""

    def __init__(self, platform: Platform, attempts: PaymentAttempts) -> None:
        self._platform = platform
        self._attempts = attempts

    def begin(self, order_id: str, method: str | None, ip: str, identity: Identity) -> Row:
        """The payment of anybody's order with its next step; the same again is the same payment.

        Calls the network. Raises as `PaymentAttempts.start` does.
        """
        order = Order.raw().find_one({"_id": order_id})
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        customer = customer_of(self._platform, order)
        payer = Payer(
            # Who may do this was checked by who calls: the order is another's.
            identity=Identity(user_id=identity.user_id, is_system=True, channel=identity.channel),
            ip=ip,
            locale=customer.locale or self._platform.settings.locale,
            email=customer.email,
        )
        payment = self._attempts.start(order_id, method, payer)
        told = {"payment_id": payment["_id"], "method": payment["method"]}
        transaction(
            lambda: audit.record(identity, "commerce.orders.request_payment", order_id, told)
        )
        return payment
