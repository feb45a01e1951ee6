"""/api/payments, /api/refunds and /api/payment-reviews, for staff"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.payments import payment_page
from wrencos_commerce.models.refund import RefundReason
from wrencos_commerce.permissions import (
    COLLECT_PAYMENTS,
    READ_PAYMENTS,
    REQUEST_REFUNDS,
    REVIEW_PAYMENTS,
)
from wrencos_commerce.schemas import payments as schemas
from wrencos_commerce.services.payments.collecting import Collecting
from wrencos_commerce.services.payments.queries import PaymentQueries
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_commerce.services.payments.refunds import Refunds, RefundWish
from wrencos_commerce.services.payments.review_desk import Resolution, ReviewDesk
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.views.payments import (
    PaymentDetail,
    PaymentPage,
    RefundDetail,
    RefundPage,
    ReviewDone,
    ReviewQueuePage,
    StaffPaymentDetail,
    payment_view,
    refund_view,
    review_view,
    staff_payment_view,
)
from wrencos_core.web import Blueprint, Paging, current_identity, service

desk = Blueprint("payment_desk", __name__, url_prefix="/payments", description="Paying orders.")
refunds = Blueprint("refunds", __name__, url_prefix="/refunds", description="Paying back.")
of_orders = Blueprint(
    "order_refunds", __name__, url_prefix="/orders", description="Refunds of orders."
)
reviews = Blueprint(
    "payment_reviews",
    __name__,
    url_prefix="/payment-reviews",
    description="Payments that need a human.",
)


@desk.get("/all", access=READ_PAYMENTS)
@desk.arguments(schemas.AllPaymentsQuery, location="query")
@desk.response(200, PaymentPage)
def list_all_payments(args: dict[str, Any]) -> PaymentPage:
    """List everyone's payments, the newest first."""
    names = ("state", "method", "order_id", "user_id")
    return payment_page({name: args[name] for name in names if name in args}, args)


@desk.get("/<payment_id>/messages", access=READ_PAYMENTS)
@desk.response(200, StaffPaymentDetail)
def get_payment_for_staff(payment_id: str) -> StaffPaymentDetail:
    """Get a payment with its history and all that its gateway said."""
    queries = service(PaymentQueries)
    row = queries.visible_to(current_identity(), payment_id)
    return StaffPaymentDetail(payment=staff_payment_view(row, queries.messages(payment_id)))


@desk.post("/<payment_id>/collect", access=COLLECT_PAYMENTS)
@desk.arguments(schemas.NoteBody)
@desk.response(200, PaymentDetail)
def collect_payment(body: dict[str, Any], payment_id: str) -> PaymentDetail:
    """Say that the money of a payment is in your hands: in cash, or seen on the bank's statement.

    Of online payments only the gateway tells. 409 `nothing-to-pay` when it is paid already.
    """
    row = service(Collecting).collect(payment_id, current_identity(), body.get("note"))
    return PaymentDetail(payment=payment_view(row))


@of_orders.post("/<order_id>/refunds", access=REQUEST_REFUNDS, idempotent=True)
@of_orders.arguments(schemas.RefundBody)
@of_orders.response(201, RefundDetail)
def request_refund(body: dict[str, Any], order_id: str) -> RefundDetail:
    """Pay a customer back: pieces, an amount, or all that is left.

    The gateway is asked at once, in the background; the refund's `state` tells what became of it.
    Never more than was paid goes back. Send an Idempotency-Key, so that a repeated request can't
    pay twice.
    """
    items = body.get("items")
    wish = RefundWish(
        reason=RefundReason(body["reason"]),
        pieces={i["variant_id"]: i["quantity"] for i in items} if items else None,
        charges=body.get("charges", ()),
        amount=body.get("amount"),
        note=body.get("note"),
    )
    row = service(Refunds).request(order_id, wish, current_identity())
    return RefundDetail(message="Refund requested", refund=refund_view(row))


@refunds.get("", access=READ_PAYMENTS)
@refunds.arguments(schemas.AllRefundsQuery, location="query")
@refunds.response(200, RefundPage)
def list_refunds(args: dict[str, Any]) -> RefundPage:
    """List refunds, the newest first."""
    paging = Paging.of(args)
    wanted: dict[str, Any] = {name: args[name] for name in ("state", "order_id") if name in args}
    rows, total = service(Refunds).page(wanted, paging.skip, paging.limit)
    return RefundPage(
        refunds=[refund_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@refunds.get("/<refund_id>", access=READ_PAYMENTS)
@refunds.response(200, RefundDetail)
def get_refund(refund_id: str) -> RefundDetail:
    """Get a refund."""
    row = service(Refunds).get(refund_id)
    return RefundDetail(message=row["state"], refund=refund_view(row))


@refunds.post("/<refund_id>/confirm", access=REQUEST_REFUNDS)
@refunds.arguments(schemas.NoteBody)
@refunds.response(200, RefundDetail)
def confirm_refund(body: dict[str, Any], refund_id: str) -> RefundDetail:
    """Say that you have paid a refund back yourself: in cash, or by transfer."""
    row = service(RefundSettling).confirm(refund_id, current_identity(), body.get("note"))
    return RefundDetail(message="Refund confirmed", refund=refund_view(row))


@reviews.get("", access=REVIEW_PAYMENTS)
@reviews.arguments(schemas.ReviewsQuery, location="query")
@reviews.response(200, ReviewQueuePage)
def list_reviews(args: dict[str, Any]) -> ReviewQueuePage:
    """List what about payments needs a human, the newest first."""
    paging = Paging.of(args)
    state = None if args["state"] == "all" else args["state"]
    rows, total = service(PaymentReviews).page(state, paging.skip, paging.limit)
    return ReviewQueuePage(
        reviews=[review_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@reviews.post("/<review_id>/resolve", access=REVIEW_PAYMENTS)
@reviews.arguments(schemas.ResolutionBody)
@reviews.response(200, ReviewDone)
def resolve_review(body: dict[str, Any], review_id: str) -> ReviewDone:
    """Decide about a payment.

    `accept`: the money is there, the payment counts as paid. `fulfil`: the pieces of a paid order
    are there again. `reject`: it was not paid, and the customer may try anew. `refund`: what is not
    owed goes back. `close`: nothing more. Of a stuck refund, `accept` says that it went back, and
    `reject` that it did not: it is set free then. 409 `review-resolved` when somebody was first.
    """
    resolution = Resolution(body["resolution"])
    desk_service = service(ReviewDesk)
    row = desk_service.resolve(review_id, resolution, body.get("note"), current_identity())
    return ReviewDone(message="Decided", review=review_view(row))
