"""/api/review-requests: whether the shop may ask for reviews by mail"""

from __future__ import annotations

from typing import Any

from flask import Response

from wrencos_commerce.api import pages
from wrencos_commerce.api.pages import LinkTexts
from wrencos_commerce.schemas import reviews as schemas
from wrencos_commerce.schemas.links import LinkQuery
from wrencos_commerce.services.review_requests import ReviewRequests
from wrencos_commerce.views.reviews import ReviewRequestsWanted
from wrencos_core.web import LOGGED_IN, PUBLIC, Blueprint, current_identity, service

blp = Blueprint(
    "review_requests",
    __name__,
    url_prefix="/review-requests",
    description="Mail that asks for reviews.",
)

_TEXTS = {
    "vi": LinkTexts(
        title="Thư mời đánh giá",
        question="Bạn không muốn nhận thư mời đánh giá sản phẩm nữa?",
        button="Không nhận nữa",
        done="Bạn sẽ không nhận thư mời đánh giá nữa.",
    ),
    "en": LinkTexts(
        title="Mail asking for reviews",
        question="Shall we stop asking you for reviews by mail?",
        button="Stop asking me",
        done="We will not ask you for reviews by mail any more.",
    ),
}


@blp.get("/unsubscribe", access=PUBLIC, limit="20 per minute")
@blp.arguments(LinkQuery, location="query")
@blp.response(200, {"type": "string"}, content_type="text/html", description="A small page.")
def show_unsubscribe(args: dict[str, Any]) -> Response:
    """Show the page behind the link in a mail: a button that ends such mail.

    It changes nothing by itself, because programs that check mail open every link in it. 400
    `invalid-link` for a token that was not made here.
    """
    service(ReviewRequests).user_of(args["token"])
    return pages.asking(_TEXTS)


@blp.post("/unsubscribe", access=PUBLIC, limit="20 per minute")
@blp.arguments(LinkQuery, location="query")
@blp.response(200, ReviewRequestsWanted)
def unsubscribe(args: dict[str, Any]) -> Response | ReviewRequestsWanted:
    """End mail that asks for reviews, with one click, as mail programs do (RFC 8058).

    A browser that sent the form of the page gets a page.
    """
    service(ReviewRequests).unsubscribe(args["token"])
    return pages.done(_TEXTS) or ReviewRequestsWanted(wanted=False)


@blp.get("/preference", access=LOGGED_IN)
@blp.response(200, ReviewRequestsWanted)
def get_preference() -> ReviewRequestsWanted:
    """Get whether the shop may ask you for reviews by mail."""
    user_id = str(current_identity().user_id)
    return ReviewRequestsWanted(wanted=service(ReviewRequests).wanted(user_id))


@blp.put("/preference", access=LOGGED_IN)
@blp.arguments(schemas.ReviewRequestPreference)
@blp.response(200, ReviewRequestsWanted)
def set_preference(body: dict[str, Any]) -> ReviewRequestsWanted:
    """Say whether the shop may ask you for reviews by mail."""
    user_id = str(current_identity().user_id)
    service(ReviewRequests).set_wanted(user_id, wanted=body["wanted"])
    return ReviewRequestsWanted(wanted=body["wanted"])
