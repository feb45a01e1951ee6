"""/api/products"""

from __future__ import annotations

from typing import Any

from wrencos_commerce import schemas
from wrencos_commerce.permissions import READ_COST, WRITE_PRODUCTS
from wrencos_commerce.services.product_queries import ProductFilter, ProductQueries
from wrencos_commerce.services.products import Products
from wrencos_commerce.views.products import (
    ProductCreated,
    ProductDetail,
    ProductPage,
    ProductUpdated,
    ProductWithdrawn,
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
    with_cost = _sees(READ_COST)
    return ProductPage(
        products=[product_view(row, with_cost) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/<product_id>", access=PUBLIC, remembered=True)
@blp.response(200, ProductDetail)
def get_product(product_id: str) -> ProductDetail:
    """Get a product with its ingredients and reviews.

    A withdrawn product is there only for staff who may change products.
    """
    row = service(ProductQueries).get(product_id, with_inactive=_sees(WRITE_PRODUCTS))
    return ProductDetail(product=product_detail(row, _sees(READ_COST)))


@blp.post("", access=WRITE_PRODUCTS)
@blp.arguments(schemas.ProductCreate)
@blp.response(201, ProductCreated)
def create_product(body: dict[str, Any]) -> ProductCreated:
    """Create a product.

    `price` is in major units of the shop's currency. Without a `sku` the product gets one.
    """
    id = service(Products).create(body, current_identity())
    return ProductCreated(product_id=id, message="Product created successfully")


@blp.put("/<product_id>", access=WRITE_PRODUCTS)
@blp.arguments(schemas.ProductFields)
@blp.response(200, ProductUpdated)
def update_product(body: dict[str, Any], product_id: str) -> ProductUpdated:
    """Change the given fields of a product.

    With `If-Match` (the ETag of its GET) it is changed only if nobody else has since: else 412.
    """
    with_cost = _sees(READ_COST)
    row = service(Products).update(
        product_id,
        body,
        current_identity(),
        lambda before: require_match(ProductDetail(product=product_detail(before, with_cost))),
    )
    return ProductUpdated(
        message="Product updated successfully", updated_product=product_detail(row, with_cost)
    )


@blp.delete("/<product_id>", access=WRITE_PRODUCTS)
@blp.response(200, ProductWithdrawn)
def withdraw_product(product_id: str) -> ProductWithdrawn:
    """Take a product off sale.

    It leaves the lists; orders keep it, and `isActive: true` brings it back.
    """
    service(Products).withdraw(product_id, current_identity())
    return ProductWithdrawn(message="Product withdrawn from sale")


def _sees(permission: str) -> bool:
    identity = current_identity()
    return identity.is_authenticated and current_platform().allows(identity, permission)
