"""/api/orders"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.permissions import READ_ORDERS, UPDATE_ORDER_STATUS
from wrencos_commerce.schemas import orders as schemas
from wrencos_commerce.services.order_queries import OrderFilter, OrderQueries
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.views.orders import (
    OrderDetail,
    OrderDetailView,
    OrderPage,
    OrderUpdated,
    order_detail,
    order_view,
)
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

    Limited by `status`, `userId` and the moment they were placed: from `from` up to, but not
    including, `to`.
    """
    wanted = OrderFilter(
        user_id=args.get("user_id"),
        status=args.get("status"),
        placed_from=args.get("placed_from"),
        placed_before=args.get("placed_before"),
    )
    return _page(wanted, args)


@blp.get("/<order_id>", access=LOGGED_IN)
@blp.response(200, OrderDetail)
def get_order(order_id: str) -> OrderDetail:
    """Get an order of yours; staff who may read orders get anyone's.

    In the history you see your own notes, and by whom each step was: `customer` (you), `staff` or
    `system`. The ids and the notes of staff are for those who may read all orders.
    """
    row = service(OrderQueries).visible_to(current_identity(), order_id)
    return OrderDetail(order=_detail(row))


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


@blp.post("/<order_id>/cancel", access=LOGGED_IN)
@blp.arguments(schemas.OrderCancelBody)
@blp.response(200, OrderUpdated)
def cancel_order(body: dict[str, Any], order_id: str) -> OrderUpdated:
    """Cancel an order of yours that has not been shipped."""
    row = service(Orders).cancel(order_id, current_identity(), body.get("note"))
    return OrderUpdated(message="Order cancelled", updated_order=_detail(row))


def _detail(row: Mapping[str, Any]) -> OrderDetailView:
    for_staff = current_platform().allows(current_identity(), READ_ORDERS)
    return order_detail(row, for_staff)


def _page(wanted: OrderFilter, args: dict[str, Any]) -> OrderPage:
    paging = Paging.of(args)
    rows, total = service(OrderQueries).page(wanted, paging.skip, paging.limit)
    return OrderPage(
        orders=[order_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )
