"""/api/orders/<id>/invoice.pdf, /packing-slip.pdf and the credit notes of refunds"""

from __future__ import annotations

from typing import Any

from flask import Response

from wrencos_commerce.permissions import READ_ORDERS
from wrencos_commerce.schemas import order_documents as schemas
from wrencos_commerce.services.documents.order_documents import OrderDocuments
from wrencos_commerce.services.order_queries import OrderQueries
from wrencos_core.web import LOGGED_IN, Blueprint, current_identity, service

blp = Blueprint(
    "order_documents", __name__, url_prefix="/orders", description="Invoices and packing slips."
)

_PDF = {"type": "string", "format": "binary"}


@blp.get("/<order_id>/invoice.pdf", access=LOGGED_IN, limit="30 per minute")
@blp.arguments(schemas.DocumentQuery, location="query")
@blp.response(200, _PDF, content_type="application/pdf")
def get_invoice(args: dict[str, Any], order_id: str) -> Response:
    """Get the invoice of an order of yours; staff who may read orders get anyone's.

    An order gets its number when its invoice is asked for first, and keeps it. 409 `no-invoice`
    while an order waits for its payment, and for one that was cancelled without an invoice.
    """
    order = service(OrderQueries).visible_to(current_identity(), order_id)
    made = service(OrderDocuments).invoice(order["_id"], current_identity(), args.get("locale"))
    return _sent(made, f"invoice-{order_id}.pdf")


@blp.get("/<order_id>/refunds/<refund_id>/credit-note.pdf", access=LOGGED_IN, limit="30 per minute")
@blp.arguments(schemas.DocumentQuery, location="query")
@blp.response(200, _PDF, content_type="application/pdf")
def get_credit_note(args: dict[str, Any], order_id: str, refund_id: str) -> Response:
    """Get the credit note of a refund for an order of yours; staff get anyone's.

    409 `no-invoice` until the money has gone back, and for money that was never owed.
    """
    order = service(OrderQueries).visible_to(current_identity(), order_id)
    made = service(OrderDocuments).credit_note(
        order["_id"], refund_id, current_identity(), args.get("locale")
    )
    return _sent(made, f"credit-note-{refund_id}.pdf")


@blp.get("/<order_id>/packing-slip.pdf", access=READ_ORDERS, limit="60 per minute")
@blp.arguments(schemas.PackingSlipQuery, location="query")
@blp.response(200, _PDF, content_type="application/pdf")
def get_packing_slip(args: dict[str, Any], order_id: str) -> Response:
    """Get what is to be packed, without prices: all of an order, or what is in one parcel.

    Each line has its batches and a box to tick; the code is the order's id. 409 `no-invoice` for an
    order that waits for its payment or was cancelled.
    """
    made = service(OrderDocuments).packing_slip(
        order_id, args.get("shipment_id"), args.get("locale")
    )
    return _sent(made, f"packing-slip-{order_id}.pdf")


def _sent(document: bytes, filename: str) -> Response:
    response = Response(document, content_type="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=filename)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
