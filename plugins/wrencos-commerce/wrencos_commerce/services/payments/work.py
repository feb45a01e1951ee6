"""The background work of payments, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.services.payments.reconciliation import Reconciliation
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.services.payments.refunds import SUBMIT_REFUND
from wrencos_core.api import Job, Platform, Schedule

EXPIRE = "commerce.expire_unpaid"
RECONCILE = "commerce.reconcile_payments"
CHASE_REFUNDS = "commerce.chase_refunds"


def payment_jobs(platform: Platform) -> Sequence[Job]:
    """The jobs, bound to the platform's services."""
    find = platform.services.require
    return [
        Job(
            SUBMIT_REFUND,
            lambda refund_id: find(RefundSending).submit(refund_id),
            "Sends a refund to its gateway.",
            queue="high",
        ),
        Job(
            CHASE_REFUNDS,
            lambda: _chase(find(RefundSending)),
            "Sends refunds that were left behind, and asks what became of those under way.",
            timeout=timedelta(hours=1),
        ),
        Job(
            EXPIRE,
            lambda: _expire(find(Expiry)),
            "Lets the stock of payments go that took too long, and cancels unpaid orders.",
            timeout=timedelta(minutes=15),
            queue="high",
        ),
        Job(
            RECONCILE,
            lambda: _reconcile(find(Reconciliation)),
            "Asks the gateways what became of payments that nobody told us of.",
            timeout=timedelta(hours=1),
        ),
    ]


def payment_schedules() -> Sequence[Schedule]:
    """When they run by themselves."""
    return [
        Schedule(EXPIRE, EXPIRE, every=timedelta(minutes=1)),
        Schedule(RECONCILE, RECONCILE, every=timedelta(minutes=1)),
        Schedule(CHASE_REFUNDS, CHASE_REFUNDS, every=timedelta(minutes=5)),
    ]


def _expire(expiry: Expiry) -> None:
    expiry.run()


def _reconcile(reconciliation: Reconciliation) -> None:
    for _ in reconciliation.run():
        pass


def _chase(sending: RefundSending) -> None:
    sending.run()
