"""Writing customers where to transfer the money for an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from wrencos_commerce.errors import (
    NothingToPay,
    OutOfStock,
    PaymentRefused,
    UnknownPaymentMethod,
)
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.services.order_customers import customer_of
from wrencos_commerce.services.order_mails import ASK_FOR_TRANSFER, STALE, OrderMails
from wrencos_commerce.services.payments.attempts import Payer, PaymentAttempts
from wrencos_core.api import SYSTEM, Job, Platform, Schedule, now
from wrencos_core.contracts.payments import PaymentKind

SWEEP_TRANSFERS = "commerce.sweep_transfers"
_MOST = 500
# Younger ones have their job still.
_WAIT = timedelta(minutes=5)


class TransferMails:
    """Asks the gateway what to pay, so none of this is done in a transaction."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._mails = OrderMails(platform)

    def ask(self, order_id: str) -> None:
        """Write where to transfer how much with which memo, unless the order waits no more."""
        order = Order.raw().find_one({"_id": order_id})
        if order is None or order["status"] != OrderStatus.PENDING:
            return
        customer = customer_of(self._platform, order)
        payer = Payer(identity=SYSTEM, ip="127.0.0.1", locale=customer.locale or "vi")
        try:
            payment = self._platform.services.require(PaymentAttempts).start(order_id, None, payer)
        except (NothingToPay, OutOfStock, PaymentRefused, UnknownPaymentMethod):
            return
        if payment["kind"] != PaymentKind.TRANSFER or payment.get("step") is None:
            return
        self._mails.write(
            order_id,
            "payment_instructions",
            f"{order_id}:payment_instructions",
            details=payment["step"]["details"],
            amount=payment["amount"],
            pay_until=payment["expires_at"],
        )

    def sweep(self) -> int:
        """Queue `ask` again where it was lost before the gateway was asked; how often."""
        moment = now()
        query = {
            "state": PaymentState.CREATED.value,
            "created_at": {"$gt": moment - STALE, "$lte": moment - _WAIT},
            "kind": PaymentKind.TRANSFER.value,
        }
        rows = list(Payment.raw().find(query, {"order_id": 1}).sort("created_at", -1).limit(_MOST))
        for row in rows:
            id = row["order_id"]
            self._platform.jobs.enqueue(ASK_FOR_TRANSFER, key=id, order_id=id)
        return len(rows)


def transfer_jobs(platform: Platform) -> Sequence[Job]:
    """The jobs, bound to the platform's services."""
    mails = TransferMails(platform)
    return [
        Job(
            ASK_FOR_TRANSFER,
            mails.ask,
            "Mails a customer where to transfer the money for an order.",
        ),
        Job(
            SWEEP_TRANSFERS,
            lambda: _sweep(mails),
            "Mails customers where to transfer the money whose mail lost its job.",
        ),
    ]


def transfer_schedules() -> Sequence[Schedule]:
    """When they run by themselves."""
    return [Schedule(SWEEP_TRANSFERS, SWEEP_TRANSFERS, every=timedelta(minutes=5))]


def _sweep(mails: TransferMails) -> None:
    mails.sweep()
