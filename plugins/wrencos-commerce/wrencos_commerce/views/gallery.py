"""Galleries and past prices as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from wrencos_commerce.views.base import Row, View
from wrencos_commerce.views.products import MediaView, media_view
from wrencos_core.api import money


class GalleryView(View, kw_only=True):
    """The pictures of a product in their order; the first is its `imageUrl`."""

    message: str
    image_url: str | None
    media: list[MediaView]


class MediaAdded(GalleryView, kw_only=True):
    media_id: str


class PriceChangeView(View, kw_only=True):
    """From `at` on the variant cost `price`; `previous` is null for a new one. `actor` did it."""

    variant_id: str
    price: Decimal
    previous: Decimal | None
    currency: str
    at: datetime
    actor: str


class PriceHistoryPage(View, kw_only=True):
    changes: list[PriceChangeView]
    total_count: int
    page: int
    total_pages: int


def gallery_view(row: Row, message: str) -> GalleryView:
    media = [media_view(one) for one in row["media"]]
    return GalleryView(message=message, image_url=row.get("image_url"), media=media)


def price_change_view(row: Row) -> PriceChangeView:
    currency, previous = row["currency"], row["previous"]
    return PriceChangeView(
        variant_id=row["variant_id"],
        price=money.to_major(row["price"], currency),
        previous=None if previous is None else money.to_major(previous, currency),
        currency=currency,
        at=row["at"],
        actor=row["actor"],
    )
