"""Money that people take: at the door, at the counter, or seen on the bank's statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import NothingToPay
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.order_moves import locked
from wrencos_commerce.services.payments.payment_lookup import existing_payment, locked_payment
from wrencos_commerce.services.payments.states import is_open
from wrencos_commerce.services.payments.writer import PaymentWriter
from wrencos_core.api import Identity, audit, transactional
from wrencos_core.contracts.payments import GatewayEvent, PaymentKind, PaymentOutcome

Row = Mapping[str, Any]

_BY_HAND = {PaymentKind.ON_DELIVERY, PaymentKind.COUNTER, PaymentKind.TRANSFER}


class Collecting:
    """Tells the writer what people say of payments."""

    def __init__(self, writer: PaymentWriter) -> None:
        self._writer = writer

    def collect_open(self, order: Row, kind: PaymentKind, identity: Identity) -> Row:
        """The open attempt of this kind to pay an order that the transaction has locked is paid;
        the order's row. Nothing happens when there is none."""
        payment = Payment.raw().find_one({"open_for": order["_id"], "kind": kind.value})
        if payment is not None:
            self._collected(payment, identity)
        return locked({"_id": order["_id"]})

    @transactional
    def collect(self, payment_id: str, identity: Identity, note: str | None = None) -> Row:
        """The whole amount of an open payment is in our hands; its row.

        For the staff, of payments that no gateway tells of. Raises NotFound or NothingToPay.
        """
        payment, _ = locked_payment(existing_payment(payment_id))
        if payment["kind"] not in _BY_HAND or not is_open(payment):
            raise NothingToPay(f"This payment is {payment['state']}, or its gateway tells of it.")
        self._collected(payment, identity)
        changes = {"amount": payment["amount"], "note": note}
        audit.record(identity, "commerce.payments.collect", payment_id, changes)
        return existing_payment(payment_id)

    def accept(self, payment: Row, identity: Identity) -> None:
        """A human vouches for a payment of any kind, also for one that was given up.

        Joins the caller's transaction.
        """
        self._collected(payment, identity)

    def _collected(self, payment: Row, identity: Identity) -> None:
        # What is missing of it: a part may have come by transfer, and may have gone back again.
        rest = payment["amount"] - payment["received"] + payment["refund_reserved"]
        event = GatewayEvent(
            event_id=f"{payment['_id']}:collected",
            outcome=PaymentOutcome.PAID,
            reference=payment["reference"],
            amount=rest if payment["kind"] == PaymentKind.TRANSFER else None,
            currency=payment.get("charged_currency") or payment["currency"],
        )
        self._writer.apply(payment["method"], event, source="staff", identity=identity)
        if event.amount:
            vouched = {"$set": {"vouched": event.amount}}
            Payment.raw().update_one({"_id": payment["_id"]}, vouched)
