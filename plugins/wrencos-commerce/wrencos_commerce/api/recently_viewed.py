"""/api/recently-viewed"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.schemas import customer_lists as schemas
from wrencos_commerce.services.recent_views import RecentlyViewed
from wrencos_commerce.views.customer_lists import (
    RecentlyViewedMessage,
    RecentlyViewedPage,
    viewed_view,
)
from wrencos_core.web import LOGGED_IN, Blueprint, Paging, current_identity, service

blp = Blueprint(
    "recently_viewed",
    __name__,
    url_prefix="/recently-viewed",
    description="What the caller looked at last.",
)


@blp.get("", access=LOGGED_IN)
@blp.arguments(schemas.WishlistQuery, location="query")
@blp.response(200, RecentlyViewedPage)
def list_recently_viewed(args: dict[str, Any]) -> RecentlyViewedPage:
    """List the products that the caller looked at, the newest first, at most 50."""
    paging, locale = Paging.of(args), wanted_locale()
    viewed, total = service(RecentlyViewed).page(_me(), paging.skip, paging.limit)
    return RecentlyViewedPage(
        products=[viewed_view(one, locale) for one in viewed],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("", access=LOGGED_IN)
@blp.arguments(schemas.RecentlyViewedNote)
@blp.response(200, RecentlyViewedMessage)
def note_view(body: dict[str, Any]) -> RecentlyViewedMessage:
    """Note that the caller looks at a product.

    The page of the product does it by itself for nobody, so that it can be cached for all.
    """
    service(RecentlyViewed).note(_me(), body["product_id"])
    return RecentlyViewedMessage(message="Noted")


@blp.delete("", access=LOGGED_IN)
@blp.response(200, RecentlyViewedMessage)
def clear_recently_viewed() -> RecentlyViewedMessage:
    """Forget what the caller looked at."""
    service(RecentlyViewed).clear(_me())
    return RecentlyViewedMessage(message="Nothing is remembered any more")


def _me() -> str:
    return str(current_identity().user_id)
