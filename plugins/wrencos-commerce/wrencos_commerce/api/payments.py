"""/api/payments and /api/payment-methods"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, jsonify, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.api.plain_pages import plain_page
from wrencos_commerce.schemas import payments as schemas
from wrencos_commerce.services.gateways import vietqr
from wrencos_commerce.services.payments.attempts import Payer, PaymentAttempts
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.queries import PaymentQueries
from wrencos_commerce.services.payments.webhooks import Webhooks
from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.views.payments import (
    OfferedMethods,
    PaymentDetail,
    PaymentPage,
    offered_method_view,
    payment_view,
)
from wrencos_core.api import NotFound
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.contracts.payments import GatewayRequest
from wrencos_core.web import (
    LOGGED_IN,
    PUBLIC,
    Blueprint,
    PageQuery,
    Paging,
    current_identity,
    current_platform,
    service,
)

blp = Blueprint("payments", __name__, url_prefix="/payments", description="Paying orders.")
methods = Blueprint(
    "payment_methods", __name__, url_prefix="/payment-methods", description="Ways to pay."
)

_RESULTS = {
    "vi": {
        "paid": "Đã thanh toán. Cảm ơn bạn!",
        "pending": "Đang chờ xác nhận thanh toán.",
        "failed": "Thanh toán không thành công.",
        "cancelled": "Bạn đã huỷ thanh toán.",
        "expired": "Phiên thanh toán đã hết hạn.",
        "suspicious": "Chúng tôi đang kiểm tra khoản thanh toán.",
    },
    "en": {
        "paid": "Paid. Thank you!",
        "pending": "The payment is being confirmed.",
        "failed": "The payment failed.",
        "cancelled": "You cancelled the payment.",
        "expired": "The payment took too long.",
        "suspicious": "The payment is being checked.",
    },
}
# No message of a gateway is as long.
_LONGEST = 256 * 1024


@methods.get("", access=PUBLIC)
@methods.response(200, OfferedMethods)
def list_payment_methods() -> OfferedMethods:
    """List the ways to pay that a checkout accepts: those that the shop has configured."""
    currency, locale = current_platform().settings.currency, wanted_locale()
    offered = service(PaymentMethods).offered(None, currency)
    return OfferedMethods(
        payment_methods=[offered_method_view(gateway, locale) for gateway in offered]
    )


@blp.post("", access=LOGGED_IN, limit="30 per minute")
@blp.arguments(schemas.PaymentBody)
@blp.response(200, PaymentDetail)
def start_payment(body: dict[str, Any]) -> PaymentDetail:
    """Pay an order of yours, or go on paying it.

    `next` tells what to do: follow the address, or scan the code. The same request again is the
    same attempt; after a failed one, or with another `paymentMethodId`, it is a new one, of the
    same order. 409 `out-of-stock` when the pieces were let go meanwhile and somebody else has
    bought them; 503 `payment-unavailable` when the gateway does not answer: try again then.
    """
    identity = current_identity()
    user = service(UserDirectory).find(str(identity.user_id))
    payer = Payer(
        identity=identity,
        ip=request.remote_addr or "127.0.0.1",
        locale=wanted_locale(),
        email=user.email if user else None,
    )
    attempts = service(PaymentAttempts)
    row = attempts.start(body["order_id"], body.get("payment_method_id"), payer)
    return PaymentDetail(payment=payment_view(row))


@blp.get("", access=LOGGED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, PaymentPage)
def list_own_payments(args: dict[str, Any]) -> PaymentPage:
    """List your own payments, the newest first."""
    return payment_page({"user_id": current_identity().user_id}, args)


@blp.get("/<payment_id>", access=LOGGED_IN)
@blp.response(200, PaymentDetail)
def get_payment(payment_id: str) -> PaymentDetail:
    """Get a payment of yours, to see whether it is paid by now; staff get anyone's."""
    row = service(PaymentQueries).visible_to(current_identity(), payment_id)
    return PaymentDetail(payment=payment_view(row))


@blp.get("/<payment_id>/qr.svg", access=LOGGED_IN)
@blp.response(200, {"type": "string"}, content_type="image/svg+xml")
def get_payment_code(payment_id: str) -> Response:
    """Get the QR code of a bank transfer, to be scanned with the bank's app."""
    row = service(PaymentQueries).visible_to(current_identity(), payment_id)
    payload = (row.get("step") or {}).get("qr_payload")
    if not payload:
        raise NotFound("This payment has no code.")
    image = vietqr.svg(payload)
    return Response(image, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@blp.get("/return/<method>/<reference>", access=PUBLIC)
@blp.response(200, {"type": "string"}, content_type="text/html")
def return_from_gateway(method: str, reference: str) -> WerkzeugResponse:
    """Come back from the gateway's page.

    The browser is sent on (303) to the shop's own page, if it has one.

    What the address says is shown at most and changes nothing: `outcome` is `paid`, `pending`,
    `failed` or `cancelled`, and GET /api/payments/<id> tells what really became of it.
    """
    payment, outcome = service(Webhooks).returned(method, reference, _request())
    settings = current_platform().settings_for(CommerceSettings)
    if not settings.payment_result_url:
        text = _RESULTS[wanted_locale()][outcome if payment["state"] != "paid" else "paid"]
        return plain_page(text, payment["order_id"], wanted_locale())
    url = settings.payment_result_url.format(
        base_url=current_platform().settings.base_url.rstrip("/"),
        order_id=quote(payment["order_id"]),
        payment_id=quote(payment["_id"]),
        outcome=outcome.value,
    )
    answer = redirect(url, 303)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blp.route(
    "/webhooks/<method>",
    access=PUBLIC,
    methods=["GET", "POST"],
    # All messages of a gateway come from a few addresses, and in bursts.
    limit="6000 per minute",
    limit_alone=True,
)
@blp.response(200, {"type": "object"})
def receive_webhook(method: str) -> Response:
    """Receive a message of a payment gateway (VNPay's IPN is a GET).

    Each is checked by its signature, and applied once however often it comes; the answer is what
    the gateway expects.
    """
    reply = service(Webhooks).receive(method, _request())
    answer = jsonify(dict(reply.body))
    answer.status_code = reply.status
    return answer


def payment_page(wanted: dict[str, Any], args: dict[str, Any]) -> PaymentPage:
    """A page of the payments that fit."""
    paging = Paging.of(args)
    rows, total = service(PaymentQueries).page(wanted, paging.skip, paging.limit)
    return PaymentPage(
        payments=[payment_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


def _request() -> GatewayRequest:
    """The request as it came: signatures are of its bytes."""
    return GatewayRequest(
        method=request.method,
        raw_query=request.query_string,
        query=tuple(request.args.items(multi=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.stream.read(_LONGEST),
    )
