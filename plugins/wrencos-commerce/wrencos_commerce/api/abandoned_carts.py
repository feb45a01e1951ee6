"""/api/carts/abandoned"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.permissions import READ_CARTS
from wrencos_commerce.services.abandoned_carts import AbandonedCarts
from wrencos_commerce.views.abandoned_carts import AbandonedCartPage, abandoned_cart_view
from wrencos_core.web import Blueprint, PageQuery, Paging, service

blp = Blueprint("abandoned_carts", __name__, url_prefix="/carts", description="Abandoned carts.")


@blp.get("/abandoned", access=READ_CARTS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, AbandonedCartPage)
def list_abandoned_carts(args: dict[str, Any]) -> AbandonedCartPage:
    """List filled carts of customers who left them alone, those changed last in front.

    For as long as `WRENCOS_COMMERCE_ABANDONED_CART_HOURS` says, or an hour where it is 0. Each with
    its value at present prices, its age, and nothing of its owner but the id.
    """
    paging = Paging.of(args)
    carts, total = service(AbandonedCarts).page(paging.skip, paging.limit)
    return AbandonedCartPage(
        carts=[abandoned_cart_view(cart) for cart in carts],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )
