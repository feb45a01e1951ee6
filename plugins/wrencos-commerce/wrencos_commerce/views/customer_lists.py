"""Wishlists, stock requests and recently viewed products as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from wrencos_commerce.services.recent_views import Viewed
from wrencos_commerce.services.stock_requests import Demand
from wrencos_commerce.services.translations import translated
from wrencos_commerce.services.variants import variant_name
from wrencos_commerce.services.wishlists import Wished
from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class SharedWishView(View, kw_only=True):
    """A product on a wishlist at its present price; `available`: it can be bought now."""

    product_id: str
    slug: str | None
    name: str
    brand: str | None
    variant_id: str | None
    variant_name: str | None
    image_url: str | None
    price: Decimal
    currency: str
    available: bool
    rating: float | None


class WishView(SharedWishView, kw_only=True):
    """An item of one's own wishlist. `priceDrop` is how much cheaper it is than when added."""

    item_id: str
    note: str | None
    added_at: datetime
    added_price: Decimal
    price_drop: Decimal
    is_active: bool


class WishlistView(View, kw_only=True):
    items: list[WishView]
    total_count: int
    page: int
    total_pages: int


class SharedWishlistView(View, kw_only=True):
    """A wishlist as its owner shows it; it says nothing of who that is."""

    items: list[SharedWishView]
    total_count: int
    page: int
    total_pages: int


class WishAdded(View, kw_only=True):
    item_id: str
    is_new: bool
    message: str


class WishlistMessage(View, kw_only=True):
    message: str


class WishMoved(View, kw_only=True):
    """`itemId` is that of the cart."""

    cart_id: str
    item_id: str
    message: str


class WishlistSharing(View, kw_only=True):
    """`token` and `url`, the page to pass on, are null while the list is private."""

    is_shared: bool
    token: str | None
    url: str | None


class StockRequestView(View, kw_only=True):
    """`state` is `unconfirmed`, `waiting`, `notified` or `cancelled`."""

    request_id: str
    product_id: str
    variant_id: str
    state: str
    created_at: datetime
    notified_at: datetime | None


class StockRequestAsked(View, kw_only=True):
    """`request` is null for a guest, whatever became of it."""

    message: str
    request: StockRequestView | None


class StockRequestPage(View, kw_only=True):
    requests: list[StockRequestView]
    total_count: int
    page: int
    total_pages: int


class StockRequestMessage(View, kw_only=True):
    message: str


class DemandView(View, kw_only=True):
    """How many wait for a variant, and since when the first of them does."""

    product_id: str
    variant_id: str
    sku: str
    name: str
    variant_name: str | None
    waiting: int
    waiting_since: datetime
    inventory: int


class DemandPage(View, kw_only=True):
    demand: list[DemandView]
    total_count: int
    page: int
    total_pages: int


class RecentlyViewedView(View, kw_only=True):
    """A product that the caller looked at, as it is now."""

    product_id: str
    slug: str | None
    name: str
    brand: str | None
    image_url: str | None
    price: Decimal
    currency: str
    available: bool
    rating: float | None
    viewed_at: datetime


class RecentlyViewedPage(View, kw_only=True):
    products: list[RecentlyViewedView]
    total_count: int
    page: int
    total_pages: int


class RecentlyViewedMessage(View, kw_only=True):
    message: str


def shared_wish_view(wish: Wished, locale: str) -> SharedWishView:
    return SharedWishView(**_wish_fields(wish, locale))


def wish_view(wish: Wished, locale: str) -> WishView:
    item, currency = wish.item, wish.product["currency"]
    comparable = item["currency"] == currency
    drop = max(item["price"] - wish.price, 0) if comparable else 0
    return WishView(
        **_wish_fields(wish, locale),
        item_id=item["id"],
        note=item.get("note"),
        added_at=item["added_at"],
        added_price=money.to_major(item["price"], item["currency"]),
        price_drop=money.to_major(drop, currency),
        is_active=wish.product["is_active"],
    )


def _wish_fields(wish: Wished, locale: str) -> dict[str, Any]:
    product, variant = wish.product, wish.variant
    return {
        **_product_fields(product, locale),
        "variant_id": variant["id"] if variant else None,
        "variant_name": variant_name(variant) if variant else None,
        "price": money.to_major(wish.price, product["currency"]),
        "available": wish.is_available,
    }


def _product_fields(product: Row, locale: str) -> dict[str, Any]:
    return {
        "product_id": product["_id"],
        "slug": product.get("slug"),
        "name": translated(product, locale)[0],
        "brand": product.get("brand"),
        "image_url": product.get("image_url"),
        "price": money.to_major(product["price"], product["currency"]),
        "currency": product["currency"],
        "available": product["is_active"] and product["inventory"] > 0,
        "rating": product.get("rating"),
    }


def stock_request_view(row: Row) -> StockRequestView:
    return StockRequestView(
        request_id=row["_id"],
        product_id=row["product_id"],
        variant_id=row["variant_id"],
        state=row["state"],
        created_at=row["created_at"],
        notified_at=row.get("notified_at"),
    )


def demand_view(demand: Demand) -> DemandView:
    return DemandView(
        product_id=demand.product["_id"],
        variant_id=demand.variant["id"],
        sku=demand.variant["sku"],
        name=demand.product["name"],
        variant_name=variant_name(demand.variant),
        waiting=demand.waiting,
        waiting_since=demand.oldest,
        inventory=demand.variant["inventory"],
    )


def viewed_view(viewed: Viewed, locale: str) -> RecentlyViewedView:
    return RecentlyViewedView(**_product_fields(viewed.product, locale), viewed_at=viewed.at)
