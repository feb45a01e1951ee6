"""/api/returns, and /api/orders/<id>/returns"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.order_return import ReturnReason, ReturnResolution
from wrencos_commerce.permissions import MANAGE_RETURNS, READ_RETURNS
from wrencos_commerce.schemas import returns as schemas
from wrencos_commerce.services.returns.exchanging import ExchangeTerms
from wrencos_commerce.services.returns.queries import ReturnQueries
from wrencos_commerce.services.returns.receiving import Inspected, Inspection, ReturnReceiving
from wrencos_commerce.services.returns.requests import OrderReturns, ReturnedItem, ReturnWish
from wrencos_commerce.views.returns import ReturnDetail, ReturnPage, return_view
from wrencos_core.web import (
    LOGGED_IN,
    Blueprint,
    PageQuery,
    Paging,
    current_identity,
    current_platform,
    service,
)

Row = Mapping[str, Any]

blp = Blueprint("returns", __name__, url_prefix="/returns", description="Goods that come back.")
of_orders = Blueprint(
    "order_returns", __name__, url_prefix="/orders", description="Returns of orders."
)


@of_orders.post("/<order_id>/returns", access=LOGGED_IN, idempotent=True, limit="30 per hour")
@of_orders.arguments(schemas.ReturnBody)
@of_orders.response(201, ReturnDetail)
def open_return(body: dict[str, Any], order_id: str) -> ReturnDetail:
    """Ask to return pieces of an order of yours that arrived.

    For money, or in exchange for other variants: a new order is placed when the pieces are there,
    at present prices, and what it costs more is paid by `paymentMethodId` (on delivery, unless
    told). Photos are uploaded to /api/images first; up to five. 409 `return-refused` when it
    arrived too long ago, or nothing is left to return; 422 for more pieces than there are. Staff
    who manage returns may do this for any order and at any time; it is approved at once then.
    """
    wish = ReturnWish(
        items=[
            ReturnedItem(
                variant_id=item["variant_id"],
                quantity=item["quantity"],
                reason=ReturnReason(item["reason"]),
                wanted_variant_id=item.get("wanted_variant_id"),
            )
            for item in body["items"]
        ],
        resolution=ReturnResolution(body["resolution"]),
        note=body.get("note"),
        image_ids=body["image_ids"],
        payment_method_id=body.get("payment_method_id"),
    )
    row = service(OrderReturns).open(order_id, wish, current_identity())
    return _detail("Return asked for", row)


@blp.get("", access=LOGGED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ReturnPage)
def list_own_returns(args: dict[str, Any]) -> ReturnPage:
    """List your own returns, the newest first."""
    return _page({"user_id": current_identity().user_id}, args)


@blp.get("/all", access=READ_RETURNS)
@blp.arguments(schemas.AllReturnsQuery, location="query")
@blp.response(200, ReturnPage)
def list_all_returns(args: dict[str, Any]) -> ReturnPage:
    """List everyone's returns, the newest first."""
    names = ("state", "order_id", "user_id")
    return _page({name: args[name] for name in names if name in args}, args)


@blp.get("/<return_id>", access=LOGGED_IN)
@blp.response(200, ReturnDetail)
def get_return(return_id: str) -> ReturnDetail:
    """Get a return of yours; staff who may read returns get anyone's."""
    row = service(ReturnQueries).visible_to(current_identity(), return_id)
    return _detail(row["state"], row)


@blp.post("/<return_id>/approve", access=MANAGE_RETURNS)
@blp.arguments(schemas.ReturnNoteBody)
@blp.response(200, ReturnDetail)
def approve_return(body: dict[str, Any], return_id: str) -> ReturnDetail:
    """Let the customer send the pieces."""
    row = service(OrderReturns).approve(return_id, current_identity(), body.get("note"))
    return _detail("Return approved", row)


@blp.post("/<return_id>/reject", access=MANAGE_RETURNS)
@blp.arguments(schemas.RejectionBody)
@blp.response(200, ReturnDetail)
def reject_return(body: dict[str, Any], return_id: str) -> ReturnDetail:
    """Refuse a return, with a reason that the customer reads; its pieces can be asked back anew."""
    row = service(OrderReturns).reject(return_id, body["reason"], current_identity())
    return _detail("Return rejected", row)


@blp.post("/<return_id>/receive", access=MANAGE_RETURNS)
@blp.arguments(schemas.InspectionBody)
@blp.response(200, ReturnDetail)
def receive_return(body: dict[str, Any], return_id: str) -> ReturnDetail:
    """Say what came: the stock is booked, and the money goes back, all at once and once only.

    Of each item `restock` pieces can be sold again and `writeOff` can't; without `items` all came
    and is written off, as opened cosmetics must be. Pieces that did not come can be asked back
    anew. `deduction` is kept of what they were worth; `refundShipping` pays the shipping back too.
    Receiving an exchange places the new order: its `exchangeOrderId`. What the pieces were worth
    pays for it, and what is over goes back. 409 `out-of-stock` changes nothing: pay money back
    instead with `resolution` `refund`. 409 `return-transition-refused` when it was received
    already.
    """
    items = body.get("items")
    inspection = Inspection(
        items={
            item["variant_id"]: Inspected(restock=item["restock"], write_off=item["write_off"])
            for item in items
        }
        if items
        else None,
        refund_shipping=body["refund_shipping"],
        deduction=body.get("deduction"),
        resolution=ReturnResolution(body["resolution"]) if "resolution" in body else None,
        terms=ExchangeTerms(
            payment_method_id=body.get("payment_method_id"),
            charge_shipping=body["charge_shipping"],
        ),
        note=body.get("note"),
    )
    row = service(ReturnReceiving).receive(return_id, inspection, current_identity())
    return _detail("Return received", row)


@blp.post("/<return_id>/close", access=MANAGE_RETURNS)
@blp.arguments(schemas.ReturnNoteBody)
@blp.response(200, ReturnDetail)
def close_return(body: dict[str, Any], return_id: str) -> ReturnDetail:
    """Say that the money of a received return went back another way.

    It is closed by itself when its refund succeeds; a gateway may refuse that.
    """
    row = service(OrderReturns).close(return_id, current_identity(), body.get("note"))
    return _detail("Return closed", row)


@blp.post("/<return_id>/cancel", access=LOGGED_IN)
@blp.arguments(schemas.ReturnNoteBody)
@blp.response(200, ReturnDetail)
def cancel_return(body: dict[str, Any], return_id: str) -> ReturnDetail:
    """Call a return of yours off before it was received; staff who manage returns, anyone's."""
    row = service(OrderReturns).cancel(return_id, current_identity(), body.get("note"))
    return _detail("Return cancelled", row)


def _detail(message: str, row: Row) -> ReturnDetail:
    for_staff = current_platform().allows(current_identity(), READ_RETURNS)
    return ReturnDetail(message=message, order_return=return_view(row, for_staff=for_staff))


def _page(wanted: Row, args: dict[str, Any]) -> ReturnPage:
    paging = Paging.of(args)
    rows, total = service(ReturnQueries).page(wanted, paging.skip, paging.limit)
    for_staff = current_platform().allows(current_identity(), READ_RETURNS)
    return ReturnPage(
        returns=[return_view(row, for_staff=for_staff) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )
