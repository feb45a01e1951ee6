"""/api/products/<id>/media and /api/products/<id>/price-history"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request

from wrencos_commerce.permissions import WRITE_PRODUCTS
from wrencos_commerce.schemas import gallery as schemas
from wrencos_commerce.services.gallery import Gallery
from wrencos_commerce.services.price_history import PriceHistory
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.views.gallery import (
    GalleryView,
    MediaAdded,
    PriceHistoryPage,
    gallery_view,
    price_change_view,
)
from wrencos_core.web import (
    Blueprint,
    Paging,
    current_identity,
    service,
    takes_file,
    uploaded_file,
)

blp = Blueprint("gallery", __name__, url_prefix="/products", description="Pictures of products.")

View = Callable[..., Any]

_FORM = "multipart/form-data"
_ADD = schemas.MediaAdd()
# What `takes_file` documents, and beside it the JSON that names an image that is there already.
_BODY = {
    "required": True,
    "content": {
        _FORM: {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
        "application/json": {"schema": _ADD},
    },
}
_documented: Callable[[View], View] = blp.doc(requestBody=_BODY)


@takes_file()
def _uploaded() -> bytes:
    return uploaded_file()


@blp.post("/<product_id>/media", access=WRITE_PRODUCTS, limit="120 per minute")
@_documented
@blp.response(201, MediaAdded)
def add_media(product_id: str) -> MediaAdded:
    """Add a picture, the last of at most 30.

    Either a form with the image as its part `file` (JPEG, PNG or WebP), or JSON that names an
    image uploaded to /api/images, perhaps with `alt` texts by language.
    """
    gallery, identity = service(Gallery), current_identity()
    if request.mimetype == _FORM:
        media_id, row = gallery.upload(product_id, _uploaded(), identity)
    else:
        body: dict[str, Any] = blp.ARGUMENTS_PARSER.parse(_ADD, request, location="json")
        media_id = body["image_id"]
        row = gallery.add(product_id, media_id, body["alt"], identity)
    shown = gallery_view(row, "Picture added")
    return MediaAdded(
        media_id=media_id, message=shown.message, image_url=shown.image_url, media=shown.media
    )


@blp.put("/<product_id>/media/order", access=WRITE_PRODUCTS)
@blp.arguments(schemas.MediaOrder)
@blp.response(200, GalleryView)
def order_media(body: dict[str, Any], product_id: str) -> GalleryView:
    """Show the pictures in this order; `mediaIds` names each of them once.

    The first is the picture of the product in lists.
    """
    row = service(Gallery).order(product_id, body["media_ids"], current_identity())
    return gallery_view(row, "Pictures ordered")


@blp.put("/<product_id>/media/<media_id>", access=WRITE_PRODUCTS)
@blp.arguments(schemas.MediaChange)
@blp.response(200, GalleryView)
def update_media(body: dict[str, Any], product_id: str, media_id: str) -> GalleryView:
    """Change the `alt` texts of a picture, or which variants it shows."""
    row = service(Gallery).update(product_id, media_id, body, current_identity())
    return gallery_view(row, "Picture updated")


@blp.delete("/<product_id>/media/<media_id>", access=WRITE_PRODUCTS)
@blp.response(200, GalleryView)
def remove_media(product_id: str, media_id: str) -> GalleryView:
    """Remove a picture; its file is deleted some hours later."""
    row = service(Gallery).remove(product_id, media_id, current_identity())
    return gallery_view(row, "Picture removed")


@blp.get("/<product_id>/price-history", access=WRITE_PRODUCTS)
@blp.arguments(schemas.PriceHistoryQuery, location="query")
@blp.response(200, PriceHistoryPage)
def list_prices(args: dict[str, Any], product_id: str) -> PriceHistoryPage:
    """List what the variants of a product have cost, newest first, for two years back.

    The lowest price of 30 days is in the product itself, for everybody.
    """
    id = service(ProductQueries).get(product_id, with_inactive=True)["_id"]
    paging = Paging.of(args)
    rows, total = service(PriceHistory).history(
        id, paging.skip, paging.limit, args.get("variant_id")
    )
    return PriceHistoryPage(
        changes=[price_change_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )
