"""/api/products"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.permissions import READ_COST, WRITE_PRODUCTS
from wrencos_commerce.schemas import products as schemas
from wrencos_commerce.services.price_history import PriceHistory
from wrencos_commerce.services.product_queries import ProductFilter, ProductQueries
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.review_queries import ReviewQueries
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.views.base import Row
from wrencos_commerce.views.products import (
    Details,
    ProductCreated,
    ProductDetail,
    ProductDetailView,
    ProductPage,
    ProductUpdated,
    ProductWithdrawn,
    VariantCreated,
    product_detail,
    product_view,
)
from wrencos_core.web import (
    PUBLIC,
    Blueprint,
    Paging,
    current_identity,
    current_platform,
    require_match,
    service,
)

blp = Blueprint("products", __name__, url_prefix="/products", description="The catalogue.")


# An instance of its schema: of a class, webargs would build one for each request.
@blp.get("", access=PUBLIC, remembered=True)
@blp.arguments(schemas.ProductListQuery, location="query")
@blp.response(200, ProductPage)
def list_products(args: dict[str, Any]) -> ProductPage:
    """List products for sale.

    All filters must fit. `category` is an id or slug and includes the categories below it;
    `search` finds products that have, for each word, one that begins with it, accents optional;
    `minPrice` and `maxPrice` are in major units of the shop's currency. `sort` is `newest`,
    `price`, `-price`, `name` or `rating`. `costPrice` is there only for staff who may see it.
    """
    paging = Paging.of(args)
    wanted = ProductFilter(
        category=args.get("category"),
        skin_type=args.get("skin_type"),
        concern=args.get("concern"),
        search=args.get("search"),
        min_price=args.get("min_price"),
        max_price=args.get("max_price"),
        in_stock=args["in_stock"],
    )
    rows, total = service(ProductQueries).page(wanted, args["sort"], paging.skip, paging.limit)
    with_cost, locale = sees(READ_COST), wanted_locale()
    return ProductPage(
        products=[product_view(row, with_cost, locale) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/<product_id>", access=PUBLIC, remembered=True)
@blp.response(200, ProductDetail)
def get_product(product_id: str) -> ProductDetail:
    """Get a product with its variants, pictures, ingredients and newest reviews.

    By its id or its slug. A withdrawn product, and one that is not published yet, is there only
    for staff who may change products.
    """
    row = service(ProductQueries).get(product_id, with_inactive=sees(WRITE_PRODUCTS))
    return ProductDetail(product=detail(row))


@blp.post("", access=WRITE_PRODUCTS)
@blp.arguments(schemas.ProductCreate)
@blp.response(201, ProductCreated)
def create_product(body: dict[str, Any]) -> ProductCreated:
    """Create a product.

    `price` is in major units of the shop's currency. Without a `sku` the product gets one. Shades
    and sizes are `variants`, each with its own SKU, stock and perhaps price; without, the product
    has one variant with its own `sku`, `inventory`, `barcode` and `weight`.
    """
    id = service(Products).create(body, current_identity())
    return ProductCreated(product_id=id, message="Product created successfully")


@blp.put("/<product_id>", access=WRITE_PRODUCTS)
@blp.arguments(schemas.ProductFields)
@blp.response(200, ProductUpdated)
def update_product(body: dict[str, Any], product_id: str) -> ProductUpdated:
    """Change the given fields of a product.

    `sku`, `price`, `costPrice`, `inventory`, `barcode` and `weight` are those of its only variant;
    one with several has them changed there. With `If-Match` (the ETag of its GET) it is changed
    only if nobody else has since: else 412.
    """
    row = service(Products).update(
        product_id,
        body,
        current_identity(),
        lambda before: require_match(ProductDetail(product=detail(before))),
    )
    return ProductUpdated(message="Product updated successfully", updated_product=detail(row))


@blp.delete("/<product_id>", access=WRITE_PRODUCTS)
@blp.response(200, ProductWithdrawn)
def withdraw_product(product_id: str) -> ProductWithdrawn:
    """Take a product off sale.

    It leaves the lists; orders keep it, and `isActive: true` brings it back.
    """
    service(Products).withdraw(product_id, current_identity())
    return ProductWithdrawn(message="Product withdrawn from sale")


@blp.post("/<product_id>/variants", access=WRITE_PRODUCTS)
@blp.arguments(schemas.VariantFields)
@blp.response(201, VariantCreated)
def add_variant(body: dict[str, Any], product_id: str) -> VariantCreated:
    """Add a shade or size to a product.

    Without a `price` it has the product's. Variants of one product differ in shade or size.
    """
    variant_id, row = service(Products).add_variant(product_id, body, current_identity())
    return VariantCreated(
        variant_id=variant_id,
        message="Variant created successfully",
        updated_product=detail(row),
    )


@blp.put("/<product_id>/variants/<variant_id>", access=WRITE_PRODUCTS)
@blp.arguments(schemas.VariantFields)
@blp.response(200, ProductUpdated)
def update_variant(body: dict[str, Any], product_id: str, variant_id: str) -> ProductUpdated:
    """Change the given fields of a variant; `isActive: false` takes it off sale."""
    row = service(Products).update_variant(product_id, variant_id, body, current_identity())
    return ProductUpdated(message="Variant updated successfully", updated_product=detail(row))


@blp.put("/<product_id>/variants", access=WRITE_PRODUCTS)
@blp.arguments(schemas.VariantOrder)
@blp.response(200, ProductUpdated)
def order_variants(body: dict[str, Any], product_id: str) -> ProductUpdated:
    """Show the variants in this order; `variantIds` names each of them once."""
    ids = body["variant_ids"]
    row = service(Products).order_variants(product_id, ids, current_identity())
    return ProductUpdated(message="Variants ordered successfully", updated_product=detail(row))


def detail(row: Row) -> ProductDetailView:
    """All of a product as the caller may see it, in the caller's language."""
    lowest = service(PriceHistory).lowest([variant["id"] for variant in row["variants"]])
    reviews = service(Reviews).latest(row["_id"]) if row["rating_count"] else ()
    authors = service(ReviewQueries).author_ids(current_identity(), reviews)
    details = Details(lowest, reviews, authors)
    return product_detail(
        row, sees(READ_COST), details, wanted_locale(), for_staff=sees(WRITE_PRODUCTS)
    )


def sees(permission: str) -> bool:
    """Whether the caller, perhaps a visitor, has this permission."""
    identity = current_identity()
    return identity.is_authenticated and current_platform().allows(identity, permission)
