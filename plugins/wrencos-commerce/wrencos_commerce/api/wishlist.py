"""/api/wishlist and /api/shared-wishlists"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.schemas import customer_lists as schemas
from wrencos_commerce.services.wishlists import Wishlists
from wrencos_commerce.views.customer_lists import (
    SharedWishlistView,
    WishAdded,
    WishlistMessage,
    WishlistSharing,
    WishlistView,
    WishMoved,
    shared_wish_view,
    wish_view,
)
from wrencos_core.web import (
    LOGGED_IN,
    PUBLIC,
    Blueprint,
    Paging,
    current_identity,
    current_platform,
    service,
)

blp = Blueprint("wishlist", __name__, url_prefix="/wishlist", description="The own wishlist.")
shared = Blueprint(
    "shared_wishlists",
    __name__,
    url_prefix="/shared-wishlists",
    description="Wishlists that their owners show.",
)


@blp.get("", access=LOGGED_IN)
@blp.arguments(schemas.WishlistQuery, location="query")
@blp.response(200, WishlistView)
def get_wishlist(args: dict[str, Any]) -> WishlistView:
    """Show one's own wishlist, the newest item first.

    Prices are those of now; `addedPrice` is that of when the item was added, and `priceDrop` how
    much cheaper it has become. What was withdrawn stays with `isActive: false`.
    """
    paging, locale = Paging.of(args), wanted_locale()
    wishes, total = service(Wishlists).page(_me(), paging.skip, paging.limit)
    return WishlistView(
        items=[wish_view(wish, locale) for wish in wishes],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("/items", access=LOGGED_IN)
@blp.arguments(schemas.WishlistAdd)
@blp.response(200, WishAdded)
def add_wish(body: dict[str, Any]) -> WishAdded:
    """Put a product, or one variant of it, on the wishlist.

    What is there already stays as it is, but for a new `note`: the answer has its `itemId`, and
    `isNew` false. 409 `wishlist-full` above 200 items.
    """
    added = service(Wishlists).add(
        _me(), body["product_id"], body.get("variant_id"), body.get("note")
    )
    message = "Product added to wishlist" if added.is_new else "Product is on the wishlist already"
    return WishAdded(item_id=added.item_id, is_new=added.is_new, message=message)


@blp.delete("/items/<item_id>", access=LOGGED_IN)
@blp.response(200, WishlistMessage)
def remove_wish(item_id: str) -> WishlistMessage:
    """Take an item off the wishlist."""
    service(Wishlists).remove(_me(), item_id)
    return WishlistMessage(message="Item removed from wishlist")


@blp.post("/items/<item_id>/move-to-cart", access=LOGGED_IN)
@blp.arguments(schemas.WishMove)
@blp.response(200, WishMoved)
def move_wish_to_cart(body: dict[str, Any], item_id: str) -> WishMoved:
    """Put an item into the cart and take it off the wishlist.

    `variantId` chooses for an item that names no variant of a product with several. When the cart
    refuses it, as with 409 `out-of-stock`, it stays on the wishlist.
    """
    added = service(Wishlists).move_to_cart(
        current_identity(), item_id, body["quantity"], body.get("variant_id")
    )
    return WishMoved(
        cart_id=added.cart_id, item_id=added.item_id, message="Product moved to the cart"
    )


@blp.get("/share", access=LOGGED_IN)
@blp.response(200, WishlistSharing)
def get_sharing() -> WishlistSharing:
    """Tell whether the wishlist is shared, and its link."""
    return _sharing(service(Wishlists).share_token(_me()))


@blp.put("/share", access=LOGGED_IN)
@blp.arguments(schemas.WishlistShare)
@blp.response(200, WishlistSharing)
def set_sharing(body: dict[str, Any]) -> WishlistSharing:
    """Share the wishlist by a link, or stop sharing it.

    The link can't be guessed. Closed and opened again, the list has another link.
    """
    return _sharing(service(Wishlists).share(_me(), is_on=body["is_shared"]))


@shared.get("/<token>", access=PUBLIC, limit="60 per minute")
@shared.arguments(schemas.WishlistQuery, location="query")
@shared.response(200, SharedWishlistView)
def get_shared_wishlist(args: dict[str, Any], token: str) -> SharedWishlistView:
    """Show a wishlist by its link, to anybody.

    It has what is for sale, without notes, and says nothing of its owner.
    """
    paging, locale = Paging.of(args), wanted_locale()
    wishes, total = service(Wishlists).shared(token, paging.skip, paging.limit)
    return SharedWishlistView(
        items=[shared_wish_view(wish, locale) for wish in wishes],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


def _sharing(token: str | None) -> WishlistSharing:
    base_url = current_platform().settings.base_url
    return WishlistSharing(
        is_shared=token is not None,
        token=token,
        url=f"{base_url}/wishlists/{token}" if token else None,
    )


def _me() -> str:
    return str(current_identity().user_id)
