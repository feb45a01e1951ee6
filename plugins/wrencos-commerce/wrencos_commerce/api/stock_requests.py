"""/api/products/<id>/stock-requests and /api/stock-requests"""

from __future__ import annotations

from typing import Any

from flask import Response

from wrencos_commerce.api import pages
from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.api.pages import LinkTexts
from wrencos_commerce.permissions import READ_DEMAND
from wrencos_commerce.schemas import customer_lists as schemas
from wrencos_commerce.schemas.links import LinkQuery
from wrencos_commerce.services.stock_requests import StockRequests
from wrencos_commerce.views.customer_lists import (
    DemandPage,
    StockRequestAsked,
    StockRequestMessage,
    StockRequestPage,
    demand_view,
    stock_request_view,
)
from wrencos_core.api import Invalid
from wrencos_core.web import (
    LOGGED_IN,
    PUBLIC,
    Blueprint,
    PageQuery,
    Paging,
    current_identity,
    service,
)

blp = Blueprint(
    "stock_requests",
    __name__,
    url_prefix="/stock-requests",
    description="Being told when something is back in stock.",
)
of_product = Blueprint(
    "product_stock_requests",
    __name__,
    url_prefix="/products",
    description="Being told when something is back in stock.",
)

_WAITING = "You will be told when it is back."
_TO_CONFIRM = "A link to confirm the address is on its way to it."
_CANCELLED = "You will get no more mail about this."
_CANCEL_TEXTS = {
    "vi": LinkTexts(
        title="Thư báo có hàng trở lại",
        question="Bạn không muốn được báo khi các sản phẩm đang chờ có hàng trở lại nữa?",
        button="Không báo nữa",
        done="Bạn sẽ không nhận thư báo có hàng trở lại nữa.",
    ),
    "en": LinkTexts(
        title="Mail about what is back in stock",
        question="Shall we stop telling you when what you wait for is back in stock?",
        button="Stop telling me",
        done=_CANCELLED,
    ),
}


@of_product.post("/<product_id>/stock-requests", access=PUBLIC, limit="10 per minute")
@of_product.arguments(schemas.StockRequestAsk)
@of_product.response(202, StockRequestAsked)
def ask_for_stock(body: dict[str, Any], product_id: str) -> StockRequestAsked:
    """Ask to be mailed once when a variant that is sold out can be bought again.

    A product with several variants needs a `variantId`. Who is logged in is mailed at their own
    address. A guest gives an `email`, and nothing more is sent there until its owner has confirmed
    it by a link; the answer is the same whether or not the address is known. 409 `in-stock` when
    it can be bought now.
    """
    identity, variant_id = current_identity(), body.get("variant_id")
    requests, email = service(StockRequests), body.get("email")
    if identity.is_authenticated:
        if email is not None:
            raise Invalid(errors={"email": ["Is for guests; you are mailed at your own address."]})
        row = requests.ask_as_user(identity, product_id, variant_id)
        message = _WAITING if row["state"] == "waiting" else _TO_CONFIRM
        return StockRequestAsked(message=message, request=stock_request_view(row))
    if email is None:
        raise Invalid(errors={"email": ["Is needed, or log in."]})
    requests.ask_as_guest(email, wanted_locale(), product_id, variant_id)
    return StockRequestAsked(message=_TO_CONFIRM, request=None)


@blp.post("/confirm", access=PUBLIC, limit="20 per minute")
@blp.arguments(schemas.StockRequestLink)
@blp.response(200, StockRequestMessage)
def confirm_stock_request(body: dict[str, Any]) -> StockRequestMessage:
    """Confirm an address with the token of a mailed link.

    400 `invalid-link` when it has expired or the request was ended.
    """
    service(StockRequests).confirm(body["token"])
    return StockRequestMessage(message=_WAITING)


@blp.get("/cancel", access=PUBLIC, limit="20 per minute")
@blp.arguments(LinkQuery, location="query")
@blp.response(200, {"type": "string"}, content_type="text/html", description="A small page.")
def show_cancel_link(args: dict[str, Any]) -> Response:
    """Show the page behind the link in a mail: a button that ends such mail.

    It changes nothing by itself, because programs that check mail open every link in it. 400
    `invalid-link` for a token that was not made here.
    """
    service(StockRequests).request_of(args["token"])
    return pages.asking(_CANCEL_TEXTS)


@blp.post("/cancel", access=PUBLIC, limit="20 per minute")
@blp.arguments(LinkQuery, location="query")
@blp.response(200, StockRequestMessage)
def post_cancel_link(args: dict[str, Any]) -> Response | StockRequestMessage:
    """End all open requests of whoever was mailed this link, as mail programs do (RFC 8058).

    A browser that sent the form of the page gets a page. 400 `invalid-link` for a token that was
    not made here.
    """
    service(StockRequests).cancel_by_link(args["token"])
    return pages.done(_CANCEL_TEXTS) or StockRequestMessage(message=_CANCELLED)


@blp.get("/mine", access=LOGGED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, StockRequestPage)
def list_own_stock_requests(args: dict[str, Any]) -> StockRequestPage:
    """List one's own requests, the newest first; those that are done go after 30 days."""
    paging = Paging.of(args)
    user_id = str(current_identity().user_id)
    rows, total = service(StockRequests).mine(user_id, paging.skip, paging.limit)
    return StockRequestPage(
        requests=[stock_request_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.delete("/<request_id>", access=LOGGED_IN)
@blp.response(200, StockRequestMessage)
def withdraw_stock_request(request_id: str) -> StockRequestMessage:
    """End one of one's own requests."""
    service(StockRequests).withdraw(str(current_identity().user_id), request_id)
    return StockRequestMessage(message=_CANCELLED)


@blp.get("", access=READ_DEMAND)
@blp.arguments(PageQuery, location="query")
@blp.response(200, DemandPage)
def list_demand(args: dict[str, Any]) -> DemandPage:
    """List the variants that customers wait for, those that most wait for first."""
    paging = Paging.of(args)
    demand, total = service(StockRequests).demand(paging.skip, paging.limit)
    return DemandPage(
        demand=[demand_view(line) for line in demand],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )
