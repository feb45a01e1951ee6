"""Products as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class ProductView(View, kw_only=True):
    """A product in a list. `costPrice` is there only for staff who may see it."""

    product_id: str
    sku: str
    name: str
    description: str
    brand: str | None
    category_id: str | None
    price: Decimal
    currency: str
    inventory: int
    image_url: str | None
    rating: float | None
    skin_types: list[str]
    concerns: list[str]
    is_active: bool
    created_at: datetime
    updated_at: datetime
    cost_price: Decimal | msgspec.UnsetType | None = msgspec.UNSET


class ProductReview(View, kw_only=True):
    """What a customer wrote about a product."""

    user_id: str
    rating: int
    comment: str
    created_at: datetime


class ProductDetailView(ProductView, kw_only=True):
    """A product with all that is known of it."""

    ingredients: list[str]
    reviews: list[ProductReview]


class ProductPage(View, kw_only=True):
    products: list[ProductView]
    total_count: int
    page: int
    total_pages: int


class ProductDetail(View, kw_only=True):
    product: ProductDetailView


class ProductCreated(View, kw_only=True):
    product_id: str
    message: str


class ProductWithdrawn(View, kw_only=True):
    message: str


class ProductUpdated(View, kw_only=True):
    message: str
    updated_product: ProductDetailView


def product_view(row: Row, with_cost: bool) -> ProductView:
    return ProductView(**_product_fields(row, with_cost))


def product_detail(row: Row, with_cost: bool) -> ProductDetailView:
    return ProductDetailView(
        **_product_fields(row, with_cost), ingredients=row["ingredients"], reviews=[]
    )


def _product_fields(row: Row, with_cost: bool) -> dict[str, Any]:
    currency = row["currency"]
    fields: dict[str, Any] = {
        "product_id": row["_id"],
        "sku": row["sku"],
        "name": row["name"],
        "description": row["description"],
        "brand": row.get("brand"),
        "category_id": row.get("category_id"),
        "price": money.to_major(row["price"], currency),
        "currency": currency,
        "inventory": row["inventory"],
        "image_url": row.get("image_url"),
        "rating": row.get("rating"),
        "skin_types": row["skin_types"],
        "concerns": row["concerns"],
        "is_active": row["is_active"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
    if with_cost:
        cost = row.get("cost_price")
        fields["cost_price"] = None if cost is None else money.to_major(cost, currency)
    return fields
