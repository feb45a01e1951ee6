"""/api/orders"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.permissions import (
    ANNOTATE_ORDERS,
    EXPORT_ORDERS,
    READ_ORDERS,
    UPDATE_ORDER_STATUS,
)
from wrencos_commerce.schemas import orders as schemas
from wrencos_commerce.services.carts import CartHolder
from wrencos_commerce.services.order_export import OrderExport
from wrencos_commerce.services.order_notes import OrderNotes
from wrencos_commerce.services.order_queries import OrderFilter, OrderQueries
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.services.reordering import Reordering
from wrencos_commerce.services.returns.queries import ReturnQueries
from wrencos_commerce.views.orders import (
    OrderDetail,
    OrderDetailView,
    OrderPage,
    OrderUpdated,
    Reordered,
    order_detail,
    order_view,
    reordered_view,
)
from wrencos_core.api import now
from wrencos_core.web import (
    LOGGED_IN,
    Blueprint,
    PageQuery,
    Paging,
    current_identity,
    current_platform,
    service,
)

blp = Blueprint("orders", __name__, url_prefix="/orders", description="Orders.")


@blp.get("", access=LOGGED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, OrderPage)
def list_own_orders(args: dict[str, Any]) -> OrderPage:
    """List your own orders, the newest first."""
    return _page(OrderFilter(user_id=current_identity().user_id), args)


@blp.get("/all", access=READ_ORDERS)
@blp.arguments(schemas.AllOrdersQuery, location="query")
@blp.response(200, OrderPage)
def list_all_orders(args: dict[str, Any]) -> OrderPage:
    """List everyone's orders, the newest first.

    Limited by `status`, `paymentStatus`, `paymentMethod`, `channel`, `userId` and the moment they
    were placed: from `from` up to, but not including, `to`. `text` is exactly an order's id, an
    invoice or tracking number, or the customer's e-mail address or phone.
    """
    return _page(_filter(args), args)


@blp.get("/export", access=EXPORT_ORDERS, limit="10 per minute")
@blp.arguments(schemas.OrderExportQuery, location="query")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="text/csv")
def export_orders(args: dict[str, Any]) -> Response:
    """Download orders as CSV, oldest first, one row for each line of an order.

    The filters are those of the list of all orders. What belongs to the whole order, such as its
    total and shipping, stands in its first row alone, so that columns can be summed up. The
    download is in the audit log.
    """
    pieces = service(OrderExport).pieces(_filter(args), current_identity(), with_bom=args["bom"])
    response = Response(pieces, content_type="text/csv; charset=utf-8")
    filename = f"orders-{now():%Y%m%d-%H%M%S}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blp.get("/<order_id>", access=LOGGED_IN)
@blp.response(200, OrderDetail)
def get_order(order_id: str) -> OrderDetail:
    """Get an order of yours; staff who may read orders get anyone's.

    In the history you see your own notes, and by whom each step was: `customer` (you), `staff` or
    `system`. The ids and the notes of staff are for those who may read all orders.
    """
    row = service(OrderQueries).visible_to(current_identity(), order_id)
    return OrderDetail(order=_detail(row, service(ReturnQueries).of_order(order_id)))


@blp.put("/<order_id>/status", access=UPDATE_ORDER_STATUS)
@blp.arguments(schemas.OrderStatusBody)
@blp.response(200, OrderUpdated)
def update_status(body: dict[str, Any], order_id: str) -> OrderUpdated:
    """Move an order on.

    From `confirmed` to `processing`, `shipped` and `delivered`, or to `cancelled` while it has not
    been shipped, which puts its stock back. Cash on delivery counts as paid once it is delivered.
    409 `transition-refused` lists what is allowed.
    """
    change = StatusChange(
        status=OrderStatus(body["new_status"]),
        tracking_number=body.get("tracking_number"),
        note=body.get("note"),
    )
    row = service(Orders).change_status(order_id, change, current_identity())
    return OrderUpdated(message="Order status updated", updated_order=_detail(row))


@blp.post("/<order_id>/notes", access=ANNOTATE_ORDERS, idempotent=True)
@blp.arguments(schemas.OrderNoteBody)
@blp.response(201, OrderUpdated)
def add_note(body: dict[str, Any], order_id: str) -> OrderUpdated:
    """Write a note for the staff on an order; its customer never sees it.

    409 `too-many-notes` above 100.
    """
    row = service(OrderNotes).add(order_id, body["text"], current_identity())
    return OrderUpdated(message="Note added", updated_order=_detail(row))


@blp.post("/<order_id>/reorder", access=LOGGED_IN, idempotent=True)
@blp.response(200, Reordered)
def reorder(order_id: str) -> Reordered:
    """Put what can still be bought of an order of yours into the cart, at present prices.

    Each item says how many pieces were `added` to what was in the cart, what they cost then and
    now, and in `missing` why some could not be added.
    """
    done = service(Reordering).reorder(CartHolder(current_identity()), order_id)
    pieces = sum(line.added for line in done)
    return Reordered(
        message=f"Pieces put into the cart: {pieces}", items=[reordered_view(line) for line in done]
    )


@blp.post("/<order_id>/cancel", access=LOGGED_IN)
@blp.arguments(schemas.OrderCancelBody)
@blp.response(200, OrderUpdated)
def cancel_order(body: dict[str, Any], order_id: str) -> OrderUpdated:
    """Cancel an order of yours that has not been shipped."""
    row = service(Orders).cancel(order_id, current_identity(), body.get("note"))
    return OrderUpdated(message="Order cancelled", updated_order=_detail(row))


def _detail(
    row: Mapping[str, Any], returns: Sequence[Mapping[str, Any]] | None = None
) -> OrderDetailView:
    for_staff = current_platform().allows(current_identity(), READ_ORDERS)
    return order_detail(row, for_staff, returns)


def _filter(args: dict[str, Any]) -> OrderFilter:
    names = OrderFilter.__dataclass_fields__
    return OrderFilter(**{name: args[name] for name in names if name in args})


def _page(wanted: OrderFilter, args: dict[str, Any]) -> OrderPage:
    paging = Paging.of(args)
    rows, total = service(OrderQueries).page(wanted, paging.skip, paging.limit)
    return OrderPage(
        orders=[order_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )
