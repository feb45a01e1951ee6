"""Sending refunds to gateways, each once, and asking what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog

from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.refund import FINAL_REFUNDS, Refund, RefundState
from wrencos_commerce.services.payments import reconciliation
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.reconciliation import known
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_core.api import SYSTEM, bump, now, transactional
from wrencos_core.contracts.payments import (
    GatewayRefused,
    GatewayUnavailable,
    RefundOutcome,
    RefundResult,
    RefundToMake,
)

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]

# Minutes from one question about an open refund to the next; the last one is repeated.
_BACK_OFF = (2, 5, 10, 30, 60, 180, 360)
_MOST = 200
_IN_DOUBT = [RefundState.SUBMITTED.value, RefundState.UNKNOWN.value]


class RefundSending:
    """Pays refunds through their gateways; every method may run many times, also at once."""

    def __init__(self, methods: PaymentMethods, settling: RefundSettling) -> None:
        self._methods = methods
        self._settling = settling

    def submit(self, id: str) -> None:
        """Send a refund that was asked for, unless somebody has begun to. Calls the network."""
        refund = self._claimed(id)
        if refund is None:
            return
        gateway = self._methods.find(refund["method"])
        if refund.get("charged_amount") == 0:
            # Less than there is a coin for: it is in what went back before, or will be in the next.
            self._settling.settle(id, RefundResult(outcome=RefundOutcome.SUCCEEDED))
            return
        if gateway is None:
            self._settling.settle(id, RefundResult(outcome=RefundOutcome.MANUAL))
            return
        try:
            result = gateway.refund(_to_make(refund))
        except GatewayRefused as error:
            result = RefundResult(outcome=RefundOutcome.REJECTED, reason=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a gateway fails with
            self._in_doubt(id, error)
            return
        self._settling.settle(id, result)

    def _in_doubt(self, id: str, error: Exception) -> None:
        """No answer that counts, also from a gateway that fails: it may have been paid back."""
        if isinstance(error, GatewayRefused | GatewayUnavailable):
            log.warning("refund.unknown", refund_id=id, reason=str(error))
        else:
            log.error("refund.broken", refund_id=id, exc_info=error)
        self._marked(id, RefundState.SUBMITTED, RefundState.UNKNOWN)
        self._settling.tell_when_stuck(id)

    def run(self) -> int:
        """Send what was left behind, and ask about what is open; how many refunds those were.

        What is still due when the run has taken its time is left to the next one.
        """
        end, done = monotonic() + reconciliation.RUN_SECONDS, 0
        due = Refund.raw().find({"ask_at": {"$lte": now()}}, {"state": 1}).sort("ask_at")
        rows = list(due.limit(_MOST))
        for row in rows:
            if row["state"] == RefundState.REQUESTED:
                self.submit(row["_id"])
            else:
                self.ask(row["_id"])
            done += 1
            if monotonic() >= end:
                break
        return done

    def ask(self, id: str) -> None:
        """Ask the gateway what became of a refund whose answer is open, and settle it.

        One that never got there is sent again, with the same request id. Calls the network.
        """
        refund = self._asking(id)
        if refund is None:
            return
        gateway = self._methods.find(refund["method"])
        if gateway is None:
            self._settling.settle(id, RefundResult(outcome=RefundOutcome.MANUAL))
            return
        try:
            result = gateway.query_refund(_to_make(refund))
        except Exception as error:  # noqa: BLE001 - whatever a gateway fails with
            self._in_doubt(id, error)
            return
        if result.outcome is RefundOutcome.NOT_FOUND:
            self._marked(id, refund["state"], RefundState.REQUESTED)
            self.submit(id)
            return
        self._settling.settle(id, result)

    @staticmethod
    @transactional
    def _claimed(id: str) -> Row | None:
        """The refund, which nobody else sends; None when somebody does or did.

        Also None while nobody knows what became of another refund of the payment: VNPay tells of
        the last one only.
        """
        moment, state = now(), RefundState.SUBMITTED.value
        entry = {"state": state, "at": moment, "actor": SYSTEM.actor}
        ask_at = moment + timedelta(minutes=_BACK_OFF[0])
        refund = Refund.raw().find_one({"_id": id})
        if refund is None:
            return None
        Payment.raw().update_one({"_id": refund["payment_id"]}, bump({}))
        others = {"payment_id": refund["payment_id"], "_id": {"$ne": id}}
        if Refund.raw().find_one({**others, "state": {"$in": _IN_DOUBT}}, {"_id": 1}):
            query = {"_id": id, "state": RefundState.REQUESTED.value}
            Refund.raw().update_one(query, bump({"$set": {"ask_at": ask_at}}))
            return None
        later = {"state": state, "ask_at": ask_at}
        row: Row | None = Refund.raw().find_one_and_update(
            {"_id": id, "state": RefundState.REQUESTED.value},
            bump({"$set": later, "$push": {"history": entry}}),
            return_document=True,
        )
        return row

    @staticmethod
    def _asking(id: str) -> Row | None:
        """The open refund, about which nobody else asks at this moment."""
        moment = now()
        refund = Refund.raw().find_one({"_id": id, "ask_at": {"$lte": moment}})
        if refund is None or refund["state"] in FINAL_REFUNDS:
            return None
        minutes = _BACK_OFF[min(refund["asked"], len(_BACK_OFF) - 1)]
        later = {"$set": {"ask_at": moment + timedelta(minutes=minutes)}, "$inc": {"asked": 1}}
        query = {"_id": id, "ask_at": refund["ask_at"], "state": refund["state"]}
        row: Row | None = Refund.raw().find_one_and_update(query, bump(later), return_document=True)
        return row

    @staticmethod
    def _marked(id: str, state: str, next: RefundState) -> None:
        """From `state` to `next`, if it is there still: neither settles anything."""
        entry = {"state": next.value, "at": now(), "actor": SYSTEM.actor}
        Refund.raw().update_one(
            {"_id": id, "state": state},
            bump({"$set": {"state": next.value}, "$push": {"history": entry}}),
        )


def _to_make(refund: Row) -> RefundToMake:
    payment = Payment.raw().find_one({"_id": refund["payment_id"]})
    return RefundToMake(
        refund_id=refund["_id"],
        request_id=refund["request_id"],
        payment=known(payment),
        amount=refund["amount"],
        currency=refund["currency"],
        charged_amount=refund.get("charged_amount"),
        is_full=refund["amount"] == payment["received"],
        reason=refund["reason"],
        actor=refund["actor"],
        requested_at=refund["created_at"],
        gateway_refund_id=refund.get("gateway_refund_id"),
    )
