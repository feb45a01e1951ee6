"""Receiving a return: its stock, its money and its event, in one transaction and once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from wrencos_commerce.errors import ReturnRefused
from wrencos_commerce.models.order import PaymentStatus
from wrencos_commerce.models.order_return import ReturnResolution, ReturnState
from wrencos_commerce.models.refund import Refund, RefundReason, RefundState
from wrencos_commerce.services.order_moves import changed
from wrencos_commerce.services.payments.refunds import Refunds, RefundWish
from wrencos_commerce.services.priced import SHIPPING
from wrencos_commerce.services.returns.exchanging import Exchanges, ExchangeTerms
from wrencos_commerce.services.returns.moves import locked_return, moved, refuse_other_ways
from wrencos_commerce.services.returns.pieces import counted, refundable
from wrencos_commerce.services.returns.wanted import counted_wishes
from wrencos_commerce.services.stock import ReturnedPieces, Stock
from wrencos_core.api import SYSTEM, Identity, Invalid, Platform, audit, money, now, transactional
from wrencos_core.contracts.orders import OrderRefunded, OrderReturned, ReturnedLine

Row = Mapping[str, Any]


_USUAL_TERMS = ExchangeTerms()


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What came of an item: pieces to sell again, and pieces that can't be sold."""

    restock: int
    write_off: int


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What the staff found, by variant; None: all came, and all is written off, as opened cosmetics
    must be. `deduction`, in major units, is kept of what they were worth. `resolution` is another
    one than was wished: money, as what was wanted in exchange is sold out."""

    items: Mapping[str, Inspected] | None = None
    refund_shipping: bool = False
    deduction: Decimal | None = None
    resolution: ReturnResolution | None = None
    terms: ExchangeTerms = _USUAL_TERMS
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Settled:
    """What the customer gets; `credit` is what the pieces were worth, `refund` the money."""

    resolution: ReturnResolution
    credit: int = 0
    refund: Row | None = None
    exchange_order_id: str | None = None


class ReturnReceiving:
    """Books returns that came."""

    def __init__(
        self, platform: Platform, stock: Stock, refunds: Refunds, exchanges: Exchanges
    ) -> None:
        self._outbox = platform.outbox
        self._stock = stock
        self._refunds = refunds
        self._exchanges = exchanges

    @transactional
    def receive(self, id: str, inspection: Inspection, identity: Identity) -> Row:
        """Take an approved return in: stock, money or new order, and OrderReturned; the return's
        row.

        Pieces that did not come can be asked back anew. Raises NotFound, ReturnTransitionRefused,
        ReturnRefused while the order is not paid, Invalid, or as `Exchanges.exchange` does.
        """
        row, order = locked_return(id)
        refuse_other_ways(row, ReturnState.RECEIVED)
        came = _came(row, inspection)
        lines = {line["variant_id"]: line for line in order["lines"]}
        self._stock.receive_return(
            [
                ReturnedPieces(line=lines[id], restock=it.restock, write_off=it.write_off)
                for id, it in came.items()
                if it.restock or it.write_off
            ],
            reference=id,
            identity=identity,
        )
        pieces = {id: it.restock + it.write_off for id, it in came.items()}
        awaited = {item["variant_id"]: -item["quantity"] for item in row["items"]}
        order = changed(order["_id"], {"$set": {"lines": counted(order, awaited, pieces)}})
        settled = self._settled(row, order, pieces, inspection, identity)
        row = self._received(row, came, settled, inspection, identity)
        self._publish(row, order)
        told = {"credit": row["credit"], "deduction": row["deduction"], "pieces": pieces}
        audit.record(identity, "commerce.returns.receive", id, told)
        return row if settled.refund else moved(row, ReturnState.CLOSED, identity)

    def _settled(
        self,
        row: Row,
        order: Row,
        pieces: Mapping[str, int],
        inspection: Inspection,
        identity: Identity,
    ) -> _Settled:
        """Pay back what the pieces were worth, unless that was done before, or exchange them."""
        resolution = ReturnResolution(row["resolution"])
        if resolution is ReturnResolution.EXCHANGE:
            resolution = inspection.resolution or resolution
        if resolution is ReturnResolution.NONE:
            return _Settled(resolution=resolution)
        if order["payment_status"] == PaymentStatus.PENDING:
            raise ReturnRefused("The order is not paid yet.", reason="not_paid")
        wish = _wish(row, order, pieces, inspection)
        if resolution is ReturnResolution.EXCHANGE:
            wanted = counted_wishes(row, pieces)
            terms = inspection.terms
            if terms.payment_method_id is None:
                terms = replace(terms, payment_method_id=row.get("payment_method"))
            done = self._exchanges.exchange(order, wanted, wish, terms, identity)
            return _Settled(
                resolution=resolution,
                credit=done.credit,
                refund=done.refund,
                exchange_order_id=done.order["_id"],
            )
        refund = self._refunds.refund_return(order, wish, identity)
        if refund is None:
            return _Settled(resolution=ReturnResolution.NONE)
        # An order that was paid in two parts is paid back in two.
        credit = self._refunds.of_return(order["_id"], row["_id"])
        return _Settled(resolution=resolution, credit=credit, refund=refund)

    @staticmethod
    def _received(
        row: Row,
        came: Mapping[str, Inspected],
        settled: _Settled,
        inspection: Inspection,
        identity: Identity,
    ) -> Row:
        items = [
            {
                **item,
                "restocked": came[item["variant_id"]].restock,
                "written_off": came[item["variant_id"]].write_off,
            }
            for item in row["items"]
        ]
        values: dict[str, Any] = {
            "items": items,
            "resolution": settled.resolution.value,
            "received_at": now(),
            "credit": settled.credit,
            "deduction": _minor(inspection.deduction, row["currency"]),
        }
        if settled.exchange_order_id is not None:
            values["exchange_order_id"] = settled.exchange_order_id
        return moved(row, ReturnState.RECEIVED, identity, note=inspection.note, values=values)

    def _publish(self, row: Row, order: Row) -> None:
        costs = {line["variant_id"]: line.get("cost_price") for line in order["lines"]}
        self._outbox.publish(
            OrderReturned(
                id=f"{row['_id']}:received",
                occurred_at=row["received_at"],
                order_id=order["_id"],
                user_id=order.get("user_id"),
                return_id=row["_id"],
                resolution=row["resolution"],
                lines=tuple(
                    ReturnedLine(
                        variant_id=item["variant_id"],
                        restocked=item["restocked"],
                        written_off=item["written_off"],
                        cost_price=costs[item["variant_id"]],
                    )
                    for item in row["items"]
                    if item["restocked"] or item["written_off"]
                ),
                exchange_order_id=row.get("exchange_order_id"),
            )
        )

    @staticmethod
    def on_refunded(event: OrderRefunded) -> None:
        """Subscriber: the money of a return is back, so it is closed."""
        if event.return_id is None:
            return
        row, _ = locked_return(event.return_id)
        open_refunds = Refund.raw().count_documents(
            {
                "order_id": event.order_id,
                "return_id": event.return_id,
                "state": {"$ne": RefundState.SUCCEEDED.value},
            }
        )
        if row["state"] == ReturnState.RECEIVED and not open_refunds:
            moved(row, ReturnState.CLOSED, SYSTEM)


def _came(row: Row, inspection: Inspection) -> dict[str, Inspected]:
    """What came of each item; raises Invalid unless all are told, and no more than was asked."""
    asked = {item["variant_id"]: item["quantity"] for item in row["items"]}
    if inspection.items is None:
        return {id: Inspected(restock=0, write_off=pieces) for id, pieces in asked.items()}
    if inspection.items.keys() != asked.keys():
        raise Invalid(errors={"items": ["Name each item of the return, and no other."]})
    came = dict(inspection.items)
    for id, it in came.items():
        if it.restock + it.write_off > asked[id]:
            raise Invalid(errors={"items": [f"Of {id} at most {asked[id]} pieces can come."]})
    if not any(it.restock or it.write_off for it in came.values()):
        raise Invalid(errors={"items": ["Nothing came: cancel the return, or reject it."]})
    return came


def _wish(row: Row, order: Row, pieces: Mapping[str, int], inspection: Inspection) -> RefundWish:
    """What shall be paid back for these pieces, but for those that were paid back before."""
    codes = {charge["code"] for charge in order["charges"]}
    return RefundWish(
        reason=RefundReason.RETURNED,
        pieces={
            line["variant_id"]: refundable(line, pieces[line["variant_id"]])
            for line in order["lines"]
            if pieces.get(line["variant_id"])
        },
        charges=[SHIPPING] if inspection.refund_shipping and SHIPPING in codes else [],
        deduction=_minor(inspection.deduction, order["currency"]),
        note=inspection.note,
        return_id=row["_id"],
    )


def _minor(amount: Decimal | None, currency: str) -> int:
    if amount is None:
        return 0
    try:
        return money.to_minor(amount, currency)
    except ValueError as error:
        raise Invalid(errors={"deduction": [str(error)]}) from error
