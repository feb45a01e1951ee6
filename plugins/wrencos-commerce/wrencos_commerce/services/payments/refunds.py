"""Refunds: what is asked for is set aside at once, sent by a job, and settled by its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wrencos_commerce.errors import NothingToRefund, RefundTransitionRefused
from wrencos_commerce.models.order import PaymentStatus
from wrencos_commerce.models.payment import Payment, PaymentState
from wrencos_commerce.models.refund import Refund, RefundReason, RefundState
from wrencos_commerce.services.gateways.exchange import EXCHANGE
from wrencos_commerce.services.gateways.references import new_reference
from wrencos_commerce.services.order_moves import changed, locked
from wrencos_commerce.services.payments.payment_lookup import existing_payment
from wrencos_commerce.services.payments.refund_amounts import (
    Allocation,
    less,
    of_amount,
    of_pieces,
    of_rest,
    parted,
    reserved,
)
from wrencos_commerce.services.payments.refund_payments import (
    charged,
    not_owed_before,
    room,
    way_back,
)
from wrencos_commerce.services.payments.states import is_open
from wrencos_core.api import (
    Identity,
    Invalid,
    Listing,
    NotFound,
    Platform,
    audit,
    bump,
    money,
    new_id,
    new_row,
    now,
    transactional,
)

Row = Mapping[str, Any]

SUBMIT_REFUND = "commerce.submit_refund"
NEWEST = [("created_at", -1), ("_id", -1)]
_WITH_MONEY = [PaymentState.PAID.value, PaymentState.PARTIALLY_REFUNDED.value]


@dataclass(frozen=True, kw_only=True)
class RefundWish:
    """What shall be paid back: `pieces` by variant with `charges` by code, or an `amount` in major
    units, or all that is left when neither is told. `deduction` (minor units) is kept of the pieces
    and charges: they came back used."""

    reason: RefundReason
    pieces: Mapping[str, int] | None = None
    charges: Sequence[str] = ()
    amount: Decimal | None = None
    deduction: int = 0
    note: str | None = None
    return_id: str | None = None


class Refunds:
    """Asks for refunds and reads them; refund_sending.py pays them."""

    def __init__(self, platform: Platform) -> None:
        self._jobs = platform.jobs
        self._listing = Listing(Refund.raw)

    @transactional
    def request(self, order_id: str, wish: RefundWish, identity: Identity) -> Row:
        """Set a refund of a paid order aside and have it sent; its row, the first of two when the
        order was paid in two parts.

        Never more than was paid, however many ask at once. Raises NotFound, NothingToRefund, or
        Invalid for more than is left.
        """
        order = locked({"_id": order_id})
        if order["payment_status"] == PaymentStatus.PENDING:
            # What goods that came back have paid of it goes back when the order is cancelled.
            raise NothingToRefund("The order is not wholly paid yet.")
        row = self._requested(order, _allocated(order, wish), wish, identity)[0]
        changes = {"amount": row["amount"], "reason": row["reason"], "refund_id": row["_id"]}
        audit.record(identity, "commerce.refunds.request", order_id, changes)
        return row

    def refund_rest(self, order: Row, reason: RefundReason, identity: Identity) -> Row:
        """Pay back all that is left of an order that the transaction has locked; its row."""
        allocation = of_rest(order)
        if allocation.amount:
            self._requested(order, allocation, RefundWish(reason=reason), identity)
        return locked({"_id": order["_id"]})

    def refund_return(self, order: Row, wish: RefundWish, identity: Identity) -> Row | None:
        """Pay back what came back to an order that the transaction has locked; None for nothing."""
        allocation = _allocated(order, wish)
        if not allocation.amount:
            return None
        return self._requested(order, allocation, wish, identity)[0]

    @staticmethod
    def worth(order: Row, wish: RefundWish) -> int:
        """What would be paid back, in minor units."""
        return _allocated(order, wish).amount

    def set_off(
        self, order: Row, wish: RefundWish, credit: int, identity: Identity
    ) -> tuple[list[Row], Row | None]:
        """Pay back what came back: `credit` of it by another order, so that no money moves, and the
        rest as it was paid.

        The refunds by credit, which the caller settles in this transaction, and that of the rest.
        """
        by_credit, in_money = parted(_allocated(order, wish), credit)
        settled: list[Row] = []
        if by_credit.amount:
            settled = self._requested(order, by_credit, wish, identity, by_credit=True)
            order = locked({"_id": order["_id"]})
        if not in_money.amount:
            return settled, None
        return settled, self._requested(order, in_money, wish, identity)[0]

    def give_back(self, order: Row, identity: Identity) -> Row:
        """The order, locked and cancelled, will never be wholly paid: what was paid of it is not
        owed any more, and goes back. Its row."""
        query = {"order_id": order["_id"], "is_counted": True}
        for payment in list(Payment.raw().find(query)):
            less = bump({"$set": {"is_counted": False}})
            Payment.raw().update_one({"_id": payment["_id"]}, less)
            self.refund_not_owed(order, payment["_id"], identity)
        return changed(order["_id"], {"$set": {"paid": 0}})

    @transactional
    def request_not_owed(self, payment_id: str, note: str | None, identity: Identity) -> Row:
        """Pay back money that is for no order: it came too late, or a second time; the row.

        Raises NotFound or NothingToRefund.
        """
        order = locked({"_id": existing_payment(payment_id)["order_id"]})
        row = self.refund_not_owed(order, payment_id, identity, note)
        if row is None:
            raise NothingToRefund("All of this money is for the order, or went back already.")
        changes = {"amount": row["amount"], "refund_id": row["_id"]}
        audit.record(identity, "commerce.refunds.request", payment_id, changes)
        return row

    def refund_not_owed(
        self, order: Row, payment_id: str, identity: Identity, note: str | None = None
    ) -> Row | None:
        """Pay back what of a payment is for no order, which the transaction has locked; None for
        nothing."""
        payment = Payment.raw().find_one({"_id": payment_id})
        owed = payment["amount"] if payment["is_counted"] else 0
        rest = payment["received"] - owed - not_owed_before(payment_id)
        if is_open(payment) or rest <= 0:
            return None
        wish = RefundWish(reason=RefundReason.NOT_OWED, note=note)
        nothing = Allocation(lines=(), charges=())
        return self._stored(order, payment, rest, nothing, wish, identity)

    def _requested(
        self,
        order: Row,
        allocation: Allocation,
        wish: RefundWish,
        identity: Identity,
        *,
        by_credit: bool = False,
    ) -> list[Row]:
        """A refund of each payment that bears a part of it: money before the credit of an exchange,
        but what is given as credit again is of the credit first."""
        query = {"order_id": order["_id"], "is_counted": True, "state": {"$in": _WITH_MONEY}}
        payments = list(Payment.raw().find(query))
        payments.sort(key=lambda payment: (payment["method"] == EXCHANGE) is not by_credit)
        if not payments or not allocation.amount:
            raise NothingToRefund("Nothing of this order was paid, or all of it went back.")
        changed(order["_id"], {"$set": reserved(order, allocation)})
        method = EXCHANGE if by_credit else None
        rows = []
        for payment in payments[:-1]:
            part, rest = parted(allocation, room(payment))
            if part.amount:
                rows.append(self._stored(order, payment, part.amount, part, wish, identity, method))
            allocation = rest
        if allocation.amount:
            last, amount = payments[-1], allocation.amount
            rows.append(self._stored(order, last, amount, allocation, wish, identity, method))
        return rows

    def _stored(
        self,
        order: Row,
        payment: Row,
        amount: int,
        allocation: Allocation,
        wish: RefundWish,
        identity: Identity,
        method: str | None = None,
    ) -> Row:
        """`method` is how it is paid back, as it was paid when None."""
        most = payment["received"] - amount
        aside = {"_id": payment["_id"], "refund_reserved": {"$lte": most}}
        kept = Payment.raw().update_one(aside, bump({"$inc": {"refund_reserved": amount}}))
        if not kept.matched_count:
            raise NothingToRefund("More than was paid can't go back.")
        moment, state = now(), RefundState.REQUESTED.value
        values = {
            "charged_amount": charged(payment, amount),
            "note": wish.note,
            "return_id": wish.return_id,
            "user_id": order.get("user_id"),
        }
        row = new_row(
            new_id(Refund.id_prefix),
            order_id=order["_id"],
            payment_id=payment["_id"],
            method=method or way_back(payment),
            request_id=new_reference(),
            amount=amount,
            currency=order["currency"],
            lines=list(allocation.lines),
            charges=list(allocation.charges),
            reason=wish.reason.value,
            actor=identity.actor,
            state=state,
            history=[{"state": state, "at": moment, "actor": identity.actor}],
            # The sweep sends it when the job of this commit is lost.
            ask_at=moment,
            asked=0,
            **{name: value for name, value in values.items() if value is not None},
        )
        Refund.raw().insert_one(row)
        if method == EXCHANGE:
            return row
        self._jobs.enqueue(SUBMIT_REFUND, key=row["_id"], refund_id=row["_id"])
        return row

    def page(self, wanted: Row, skip: int, limit: int) -> tuple[list[Row], int]:
        """Refunds, the newest first, and how many fit; `wanted` may name a state, an order, …"""
        return self._listing.page(dict(wanted), sort=NEWEST, skip=skip, limit=limit)

    @staticmethod
    def get(id: str) -> Row:
        """The refund; raises NotFound."""
        row: Row | None = Refund.raw().find_one({"_id": id})
        if row is None:
            raise NotFound(f"There is no refund {id}.")
        return row

    @staticmethod
    def of_return(order_id: str, return_id: str) -> int:
        """What all refunds of a return are together."""
        query = {"order_id": order_id, "return_id": return_id}
        return sum(row["amount"] for row in Refund.raw().find(query, {"amount": 1}))

    @staticmethod
    def of_order(order_id: str) -> list[Row]:
        """The refunds of an order, the newest first."""
        return list(Refund.raw().find({"order_id": order_id}).sort(NEWEST).limit(100))


def refuse_unless(refund: Row, *states: RefundState) -> None:
    """Raise RefundTransitionRefused unless the refund is in one of the states."""
    if refund["state"] not in states:
        raise RefundTransitionRefused(f"The refund is {refund['state']}.", current=refund["state"])


def _allocated(order: Row, wish: RefundWish) -> Allocation:
    if wish.pieces is not None or wish.charges:
        if wish.amount is not None:
            raise Invalid(errors={"amount": ["Name either pieces or an amount."]})
        return less(order, of_pieces(order, wish.pieces or {}, wish.charges), wish.deduction)
    if wish.amount is None:
        return of_rest(order)
    try:
        amount = money.to_minor(wish.amount, order["currency"])
    except ValueError as error:
        raise Invalid(errors={"amount": [str(error)]}) from error
    return of_amount(order, amount)
