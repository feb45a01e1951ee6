"""Invoices, credit notes and packing slips: who may have which, and their PDFs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from wrencos_commerce.errors import NoInvoice
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.services.documents.credit_note import CreditNoteData, credit_note
from wrencos_commerce.services.documents.invoice import InvoiceData, invoice
from wrencos_commerce.services.documents.numbers import DocumentNumbers
from wrencos_commerce.services.documents.packing_slip import PackingSlipData, packing_slip
from wrencos_commerce.services.documents.parties import seller
from wrencos_commerce.services.order_customers import customer_of
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_core.api import Identity, NotFound, Platform, clock, heavy, pdf

Row = Mapping[str, Any]


class OrderDocuments:
    """Draws the documents of orders; whoever calls has made sure that the caller may see the order.

    `locale` None: the language that was ordered in. All raise NotFound, and NoInvoice for an order
    that has no such document in its state.
    """

    def __init__(self, platform: Platform, numbers: DocumentNumbers) -> None:
        self._platform = platform
        self._numbers = numbers

    def invoice(self, order_id: str, identity: Identity, locale: str | None = None) -> bytes:
        """The invoice; an order that has no number yet is given one."""
        order = self._numbers.invoiced(order_id, identity)
        customer = customer_of(self._platform, order)
        locale = self._locale(locale, order.get("locale") or customer.locale)
        data = InvoiceData(
            order=order,
            seller=seller(self._platform),
            customer=customer,
            method=self._method(order["payment_method"], locale),
            issued_on=self._day(order["invoiced_at"]),
            ordered_on=self._day(order["created_at"]),
            locale=locale,
        )
        return _off_the_loop(lambda: invoice(data))

    def credit_note(
        self, order_id: str, refund_id: str, identity: Identity, locale: str | None = None
    ) -> bytes:
        """The credit note of a refund; one that has no number yet is given one."""
        order, refund = self._numbers.credited(order_id, refund_id, identity)
        customer = customer_of(self._platform, order)
        locale = self._locale(locale, order.get("locale") or customer.locale)
        data = CreditNoteData(
            order=order,
            refund=refund,
            seller=seller(self._platform),
            customer=customer,
            method=self._method(refund["method"], locale),
            issued_on=self._day(refund["credited_at"]),
            locale=locale,
        )
        return _off_the_loop(lambda: credit_note(data))

    def packing_slip(
        self, order_id: str, shipment_id: str | None = None, locale: str | None = None
    ) -> bytes:
        """What to pack: all of the order, or what is in one parcel. The language is the shop's."""
        order = Order.raw().find_one({"_id": order_id})
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        shipment = None
        if shipment_id is not None:
            parcels = {parcel["id"]: parcel for parcel in order.get("shipments", ())}
            if (shipment := parcels.get(shipment_id)) is None:
                raise NotFound(f"There is no shipment {shipment_id} of this order.")
        if order["status"] in (OrderStatus.PENDING, OrderStatus.CANCELLED):
            raise NoInvoice(f"The order is {order['status']}.", current=order["status"])
        data = PackingSlipData(
            order=order,
            shipment=shipment,
            seller=seller(self._platform),
            customer=customer_of(self._platform, order),
            ordered_on=self._day(order["created_at"]),
            locale=self._locale(locale, None),
        )
        return _off_the_loop(lambda: packing_slip(data))

    def _method(self, id: str, locale: str) -> str:
        return self._platform.services.require(PaymentMethods).name(id, locale)

    def _day(self, moment: datetime) -> date:
        return clock.business_day(moment, self._platform.settings.timezone)

    def _locale(self, wanted: str | None, of_customer: str | None) -> str:
        language = (wanted or of_customer or "").replace("_", "-").partition("-")[0].lower()
        return language if language in ("vi", "en") else self._platform.settings.locale


def _off_the_loop(draw: Callable[[], bytes]) -> bytes:
    # Asked for here, so that the fonts are read once and not by two threads at a time.
    pdf.text_width("", 8)
    return heavy(draw)
