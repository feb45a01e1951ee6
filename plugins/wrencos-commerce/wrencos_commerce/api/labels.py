"""/api/products/<id>/qr.svg and .png, and /api/shelf-cards"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Response

from wrencos_commerce.permissions import WRITE_PRODUCTS
from wrencos_commerce.schemas import labels as schemas
from wrencos_commerce.services.labels.codes import qr_png, qr_svg
from wrencos_commerce.services.labels.shelf_cards import CardOrder, ShelfCards
from wrencos_commerce.services.product_links import ProductLinks
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.variants import chosen_variant
from wrencos_core.web import PUBLIC, Blueprint, current_platform, service

codes = Blueprint("qr_codes", __name__, url_prefix="/products", description="QR codes of products.")
cards = Blueprint(
    "shelf_cards", __name__, url_prefix="/shelf-cards", description="Cards for the shelf."
)

_BINARY = {"type": "string", "format": "binary"}
# A code changes only with the product's address; a day's old one still leads there.
_CACHE = "public, max-age=86400"
_CHUNK = 64 * 1024


@codes.get("/<product_id>/qr.svg", access=PUBLIC, etag=True)
@codes.arguments(schemas.QrQuery, location="query")
@codes.response(200, {"type": "string"}, content_type="image/svg+xml")
def get_qr_svg(args: dict[str, Any], product_id: str) -> Response:
    """Get a QR code of a product's page in the shop, as SVG.

    With `variantId` the page opens at that variant. `scale` is the width of a module in pixels,
    `border` the light frame in modules (a scanner wants 4), `error` the share that may be damaged:
    L 7 %, M 15 %, Q 25 %, H 30 %.
    """
    return _code(product_id, args, qr_svg, "image/svg+xml")


@codes.get("/<product_id>/qr.png", access=PUBLIC, etag=True)
@codes.arguments(schemas.QrQuery, location="query")
@codes.response(200, _BINARY, content_type="image/png")
def get_qr_png(args: dict[str, Any], product_id: str) -> Response:
    """Get a QR code of a product's page in the shop, as PNG; see the SVG."""
    return _code(product_id, args, qr_png, "image/png")


@cards.post("", access=WRITE_PRODUCTS, limit="10 per minute")
@cards.arguments(schemas.ShelfCardsBody)
@cards.response(200, _BINARY, content_type="application/pdf")
def print_shelf_cards(body: dict[str, Any]) -> Response:
    """Print shelf cards as PDF, one for each variant for sale, at most 500.

    One of `productIds`, `variantIds` and `categoryId` says of what. `format` is `a4-3x8` (24
    labels of 70 x 37 mm), `a4-2x5` (10 of 105 x 57 mm) or `a6`. A card has the name, brand, shade
    and size, the price and that of 100 ml or g, the bars of a valid EAN-13, the SKU and a QR code.
    """
    names = ("format", "copies", "show_price", "show_qr", "show_ingredients")
    order = CardOrder(
        product_ids=body.get("product_ids", ()),
        variant_ids=body.get("variant_ids", ()),
        category=body.get("category_id"),
        locale=body.get("locale") or current_platform().settings.locale,
        **{name: body[name] for name in names},
    )
    document = service(ShelfCards).print(order)
    response = Response(_chunks(document), content_type="application/pdf")
    response.content_length = len(document)
    response.headers["Content-Disposition"] = 'attachment; filename="shelf-cards.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _code(
    product_id: str, args: dict[str, Any], make: Callable[..., bytes], content_type: str
) -> Response:
    product = service(ProductQueries).get(product_id)
    variant_id = args.get("variant_id")
    if variant_id is not None:
        variant_id = chosen_variant(product, variant_id)["id"]
    url = service(ProductLinks).url(product, variant_id)
    image = make(url, scale=args["scale"], border=args["border"], error=args["error"])
    response = Response(image, content_type=content_type)
    response.headers["Cache-Control"] = _CACHE
    return response


def _chunks(document: bytes) -> Iterator[bytes]:
    view = memoryview(document)
    for start in range(0, len(view), _CHUNK):
        yield bytes(view[start : start + _CHUNK])
