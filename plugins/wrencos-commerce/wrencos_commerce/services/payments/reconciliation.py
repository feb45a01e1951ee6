"""Asking gateways what became of payments that nobody told us of, and when to stop asking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.services.order_moves import locked
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.states import is_open, moved
from wrencos_commerce.services.payments.writer import PaymentWriter
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, now, transactional
from wrencos_core.contracts.payments import (
    GatewayRefused,
    GatewayUnavailable,
    KnownPayment,
    PaymentKind,
)

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]

# Minutes from one question to the next; the last one is repeated.
_BACK_OFF = (1, 2, 5, 10, 20, 30, 60)
_MOST = 500


@dataclass
class Reconciled:
    """What a run found: payments asked about, those that were paid, and those without an answer."""

    asked: int = 0
    paid: int = 0
    unanswered: int = 0


class Reconciliation:
    """Brings payments in line with the gateways; it may run many times at once."""

    def __init__(self, platform: Platform, methods: PaymentMethods, writer: PaymentWriter) -> None:
        self._methods = methods
        self._writer = writer
        hours = platform.settings_for(CommerceSettings).payment_give_up_hours
        self._give_up = timedelta(hours=hours)

    def run(self, *, all_open: bool = False) -> Iterator[tuple[Row, str]]:
        """Ask about what is due, with `all_open` about every open payment; what each is now."""
        due: dict[str, Any] = {"ask_at": {"$lte": now()}}
        if all_open:
            due = {"ask_at": {"$exists": True}}
        ids = [
            row["_id"] for row in Payment.raw().find(due, {"_id": 1}).sort("ask_at").limit(_MOST)
        ]
        for id in ids:
            before = Payment.raw().find_one({"_id": id})
            answer = self.ask(id)
            after = Payment.raw().find_one({"_id": id})
            yield after, answer if before["state"] == after["state"] else after["state"]

    def ask(self, id: str) -> str:
        """Ask the gateway about a payment and apply what it says: `answered`, `unanswered` or
        `unasked`.

        Calls the network, so not in a transaction. Without a definite answer for long enough after
        its expiry, an open payment is given up.
        """
        payment = Payment.raw().find_one({"_id": id})
        gateway = self._methods.find(payment["method"])
        if gateway is None or gateway.kind != PaymentKind.ONLINE:
            self._next(payment, answered=False)
            return "unasked"
        answer = "unanswered"
        try:
            event = gateway.query(known(payment))
        except GatewayRefused as error:
            log.warning("payment.query_refused", payment_id=id, reason=str(error))
        except GatewayUnavailable as error:
            log.warning("payment.query_failed", payment_id=id, reason=str(error))
        else:
            if event is not None:
                self._writer.apply(payment["method"], event, source="query")
                answer = "answered"
        self._next(Payment.raw().find_one({"_id": id}), answered=answer == "answered")
        return answer

    def _next(self, payment: Row, *, answered: bool) -> None:
        """When to ask again; never again once it is settled or given up."""
        moment = now()
        is_over = moment >= payment["expires_at"] + self._give_up
        if is_open(payment) and is_over:
            self._given_up(payment["_id"])
            return
        still = payment.get("ask_at") is not None and not is_over
        if not is_open(payment) and answered:
            still = False
        if not still:
            Payment.raw().update_one({"_id": payment["_id"]}, {"$unset": {"ask_at": ""}})
            return
        minutes = _BACK_OFF[min(payment["asked"], len(_BACK_OFF) - 1)]
        later = {"$set": {"ask_at": moment + timedelta(minutes=minutes)}, "$inc": {"asked": 1}}
        Payment.raw().update_one({"_id": payment["_id"], "ask_at": {"$exists": True}}, later)

    @transactional
    def _given_up(self, id: str) -> None:
        payment = Payment.raw().find_one({"_id": id})
        locked({"_id": payment["order_id"]})
        if is_open(payment):
            moved(payment, PaymentState.EXPIRED, actor=SYSTEM.actor, reason="no answer")


def known(payment: Row) -> KnownPayment:
    """The attempt as its gateway knows it."""
    return KnownPayment(
        payment_id=payment["_id"],
        reference=payment["reference"],
        order_id=payment["order_id"],
        amount=payment["amount"],
        currency=payment["currency"],
        created_at=payment["created_at"],
        expires_at=payment["expires_at"],
        gateway_id=payment.get("gateway_id"),
        transaction_id=payment.get("transaction_id"),
        charged_amount=payment.get("charged_amount"),
        charged_currency=payment.get("charged_currency"),
        is_wanted=is_open(payment),
    )
