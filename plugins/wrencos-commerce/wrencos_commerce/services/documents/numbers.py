"""Numbers of invoices and credit notes: `INV-2026-000123`, each year from 1 on, without a gap.

A number is taken and written to what it is of in one transaction, and who takes one writes to the
series' counter: of two at once one waits or runs again, and what fails gives its number back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ReturnDocument

from wrencos_commerce.errors import NoInvoice
from wrencos_commerce.models.document_counter import DocumentCounter
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.refund import Refund, RefundState
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    Identity,
    NotFound,
    Platform,
    audit,
    bump,
    clock,
    now,
    transactional,
)

Row = Mapping[str, Any]

_NOT_YET = {OrderStatus.PENDING, OrderStatus.CANCELLED}


class DocumentNumbers:
    """Gives numbers, each once."""

    def __init__(self, platform: Platform) -> None:
        self._settings = platform.settings_for(CommerceSettings)
        self._timezone = platform.settings.timezone

    @transactional
    def invoiced(self, order_id: str, identity: Identity) -> Row:
        """The order's row with its invoice number, which it is given now if it has none.

        Raises NotFound, or NoInvoice for an order that was never confirmed: it waits for its
        payment, or was cancelled before anybody asked for an invoice.
        """
        order: Row | None = Order.raw().find_one({"_id": order_id})
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        if order.get("invoice_number"):
            return order
        if order["status"] in _NOT_YET:
            raise NoInvoice(f"The order is {order['status']}.", current=order["status"])
        number, moment = self._next(self._settings.invoice_prefix), now()
        row: Row = Order.raw().find_one_and_update(
            {"_id": order_id},
            bump({"$set": {"invoice_number": number, "invoiced_at": moment}}),
            return_document=ReturnDocument.AFTER,
        )
        audit.record(identity, "commerce.orders.invoice", order_id, {"invoice_number": number})
        return row

    @transactional
    def credited(self, order_id: str, refund_id: str, identity: Identity) -> tuple[Row, Row]:
        """The order, invoiced, and its refund with the number of its credit note.

        Raises NotFound; NoInvoice for an order without one; and for money that has not gone back,
        or was never owed for the order.
        """
        order = self.invoiced(order_id, identity)
        refund: Row | None = Refund.raw().find_one({"_id": refund_id, "order_id": order_id})
        if refund is None:
            raise NotFound(f"There is no refund {refund_id} of this order.")
        if refund.get("credit_note_number"):
            return order, refund
        if refund["state"] != RefundState.SUCCEEDED:
            raise NoInvoice("The money has not gone back yet.", current=refund["state"])
        if not refund["lines"] and not refund["charges"]:
            raise NoInvoice("The money was no part of the order's price.", current=refund["state"])
        number, moment = self._next(self._settings.credit_note_prefix), now()
        refund = Refund.raw().find_one_and_update(
            {"_id": refund_id},
            bump({"$set": {"credit_note_number": number, "credited_at": moment}}),
            return_document=ReturnDocument.AFTER,
        )
        assert refund is not None
        changes = {"credit_note_number": number, "refund_id": refund_id}
        audit.record(identity, "commerce.orders.credit", order_id, changes)
        return order, refund

    def _next(self, prefix: str) -> str:
        """The next number of this year's series; the year is that of the shop's time zone."""
        series = f"{prefix}-{clock.business_day(now(), self._timezone).year}"
        counter = DocumentCounter.raw().find_one_and_update(
            {"_id": f"{DocumentCounter.id_prefix}_{series}"},
            bump({"$inc": {"last": 1}, "$setOnInsert": {"created_at": now()}}),
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return f"{series}-{counter['last']:06d}"
