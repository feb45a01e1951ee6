"""/api/orders, as the staff enter them"""

from __future__ import annotations

from typing import Any

from flask import request

from wrencos_commerce.permissions import CREATE_ORDERS
from wrencos_commerce.schemas import staff_orders as schemas
from wrencos_commerce.services.payment_links import PaymentLinks
from wrencos_commerce.services.staff_orders import StaffOrders
from wrencos_commerce.views.orders import order_detail
from wrencos_commerce.views.payments import PaymentDetail, payment_view
from wrencos_commerce.views.staff_orders import OrderCreated, OrderQuote, order_quote
from wrencos_core.web import Blueprint, current_identity, service

blp = Blueprint(
    "staff_orders", __name__, url_prefix="/orders", description="Orders by phone or at the counter."
)


@blp.post("", access=CREATE_ORDERS, idempotent=True)
@blp.arguments(schemas.StaffOrderBody)
@blp.response(201, OrderCreated)
def create_order(body: dict[str, Any]) -> OrderCreated:
    """Enter an order for a customer: of an account (`userId`), or without one (`customer`).

    By `phone` it goes to a `shippingAddress` and is paid on delivery, by transfer or online (have
    the link made with POST /api/orders/{id}/payment-link); at the `counter` it is paid in cash and
    handed over at once, unless another `paymentMethodId` is told. It costs what a cart would;
    `discount` takes an amount or a per cent of the goods off, up to the shop's limit, and needs the
    permission `commerce.orders.discount`. 409 as at a checkout: `out-of-stock`, `not-deliverable`,
    `coupon-refused`, and `price-changed` for another total than `expectedTotal`. Send an
    Idempotency-Key, so that a repeated request can't order twice.
    """
    row = service(StaffOrders).create(schemas.sale_of(body), current_identity())
    return OrderCreated(message="Order placed", order=order_detail(row, for_staff=True))


@blp.post("/quote", access=CREATE_ORDERS)
@blp.arguments(schemas.StaffOrderBody)
@blp.response(200, OrderQuote)
def quote_order(body: dict[str, Any]) -> OrderQuote:
    """See what an order would cost: the same body, and nothing is ordered."""
    return order_quote(service(StaffOrders).quote(schemas.sale_of(body), current_identity()))


@blp.post("/<order_id>/payment-link", access=CREATE_ORDERS, limit="60 per minute")
@blp.arguments(schemas.PaymentLinkBody)
@blp.response(200, PaymentDetail)
def request_payment(body: dict[str, Any], order_id: str) -> PaymentDetail:
    """Get what a customer needs to pay an order: the link to send them, or the code to show.

    It is in `next`, as for POST /api/payments; the same again is the same payment. 409
    `nothing-to-pay` when it is paid already.
    """
    ip = request.remote_addr or "127.0.0.1"
    method = body.get("payment_method_id")
    row = service(PaymentLinks).begin(order_id, method, ip, current_identity())
    return PaymentDetail(payment=payment_view(row))
