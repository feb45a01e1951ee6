"""Asking gateways what became of payments that nobody told us of, and when to stop asking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.services.payments.attempts import PaymentAttempts
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.payment_lookup import existing_payment, locked_payment
from wrencos_commerce.services.payments.states import is_open, moved
from wrencos_commerce.services.payments.writer import PaymentWriter
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, bump, now, transactional
from wrencos_core.contracts.payments import (
    GatewayEvent,
    GatewayRefused,
    GatewayUnavailable,
    KnownPayment,
    PaymentGateway,
    PaymentKind,
    PaymentOutcome,
)

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]

# Minutes from one question to the next; the last one is repeated. VNPay wants five at least.
_BACK_OFF = (5, 5, 10, 20, 30, 60)
# A run ends after so long, whatever is left.
RUN_SECONDS = 300.0
_MOST = 500


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A payment that was asked about: its row after that, its state before, and `answered`,
    `unanswered` or `unasked` (there is nobody to ask)."""

    payment: Row
    before: str
    answer: str


class Reconciliation:
    """Brings payments in line with the gateways; it may run many times at once."""

    def __init__(
        self,
        platform: Platform,
        methods: PaymentMethods,
        writer: PaymentWriter,
        attempts: PaymentAttempts,
    ) -> None:
        self._methods = methods
        self._writer = writer
        self._attempts = attempts
        hours = platform.settings_for(CommerceSettings).payment_give_up_hours
        self._give_up = timedelta(hours=hours)

    def run(self) -> Iterator[Asked]:
        """Ask about what is due, the longest due first, at most so much that a run ends.

        What another run has begun to ask about is left to that, and what is still due when the run
        has taken its time to the next one: a gateway that hangs must not keep a worker.
        """
        end = monotonic() + RUN_SECONDS
        for before in self.due(_MOST):
            if _claimed(before):
                yield self._asked(before)
                if monotonic() >= end:
                    return

    @staticmethod
    def due(most: int = 0) -> list[Row]:
        """The payments that are to be asked about now, by id, state and since when; 0: all."""
        query, fields = {"ask_at": {"$lte": now()}}, {"state": 1, "ask_at": 1}
        return list(Payment.raw().find(query, fields).sort("ask_at").limit(most))

    @staticmethod
    def open_payments() -> list[Row]:
        """Every payment that is asked about sooner or later, by id and state."""
        return list(Payment.raw().find({"ask_at": {"$exists": True}}, {"state": 1}).sort("ask_at"))

    def run_over(self, payments: Sequence[Row]) -> Iterator[Asked]:
        """Ask about these payments, one after the other."""
        for before in payments:
            yield self._asked(before)

    def _asked(self, before: Row) -> Asked:
        answer = self.ask(before["_id"])
        after = Payment.raw().find_one({"_id": before["_id"]})
        return Asked(payment=after, before=before["state"], answer=answer)

    def ask(self, id: str) -> str:
        """Ask the gateway about a payment and apply what it says: `answered`, `unanswered` or
        `unasked`.

        Calls the network, so not in a transaction. Without a definite answer for long enough after
        its expiry, an open payment is given up.
        """
        payment = Payment.raw().find_one({"_id": id})
        gateway = self._methods.find(payment["method"])
        if gateway is None or gateway.kind != PaymentKind.ONLINE:
            self._next(payment, is_settled=False)
            return "unasked"
        event = _said(gateway, payment)
        if event is not None:
            self._writer.apply(payment["method"], event, source="query")
        is_settled = event is not None and event.outcome is not PaymentOutcome.PENDING
        self._next(Payment.raw().find_one({"_id": id}), is_settled=is_settled)
        return "unanswered" if event is None else "answered"

    def _next(self, payment: Row, *, is_settled: bool) -> None:
        """When to ask again; never again once it is settled or given up."""
        moment, id = now(), payment["_id"]
        is_over = moment >= payment["expires_at"] + self._give_up
        if is_open(payment) and is_over:
            self._given_up(id)
        elif is_over or (is_settled and not is_open(payment)):
            Payment.raw().update_one({"_id": id}, {"$unset": {"ask_at": ""}})
        else:
            minutes = _BACK_OFF[min(payment["asked"], len(_BACK_OFF) - 1)]
            later = {"$set": {"ask_at": moment + timedelta(minutes=minutes)}, "$inc": {"asked": 1}}
            Payment.raw().update_one({"_id": id, "ask_at": {"$exists": True}}, later)

    @transactional
    def _given_up(self, id: str) -> None:
        payment, order = locked_payment(existing_payment(id))
        if not is_open(payment):
            return
        if order["status"] == OrderStatus.PENDING and order.get("pay_until") is None:
            # A human looks at it, and may still find that it was paid.
            Payment.raw().update_one({"_id": id}, bump({"$unset": {"ask_at": ""}}))
            return
        moved(payment, PaymentState.EXPIRED, actor=SYSTEM.actor, reason="no answer")
        self._attempts.came_to_nothing(order, SYSTEM)


def _claimed(payment: Row) -> bool:
    """Whether nobody else asks about the payment, which is due, at this moment."""
    later = {"$set": {"ask_at": now() + timedelta(minutes=_BACK_OFF[0])}}
    query = {"_id": payment["_id"], "ask_at": payment["ask_at"]}
    return bool(Payment.raw().update_one(query, later).modified_count)


def _said(gateway: PaymentGateway, payment: Row) -> GatewayEvent | None:
    """What the gateway answers; None for no answer that counts."""
    id = payment["_id"]
    try:
        return gateway.query(known(payment))
    except GatewayRefused as error:
        log.warning("payment.query_refused", payment_id=id, reason=str(error))
    except GatewayUnavailable as error:
        log.warning("payment.query_failed", payment_id=id, reason=str(error))
    except Exception:
        # A gateway that fails with one payment must not keep the others from being asked about.
        log.exception("payment.query_broken", payment_id=id)
    return None


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
