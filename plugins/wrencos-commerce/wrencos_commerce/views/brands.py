"""Brands as the API shows them."""

from __future__ import annotations

from datetime import datetime

from wrencos_commerce.services.translations import translated
from wrencos_commerce.views.base import Row, View


class BrandView(View, kw_only=True):
    """A brand; `imageUrl` is its logo, `thumbnails` are by their width, once they are made."""

    brand_id: str
    name: str
    slug: str
    description: str
    image_id: str | None
    image_url: str | None
    thumbnails: dict[str, str]
    created_at: datetime


class BrandPage(View, kw_only=True):
    brands: list[BrandView]
    total_count: int
    page: int
    total_pages: int


class BrandDetail(View, kw_only=True):
    brand: BrandView


class BrandCreated(View, kw_only=True):
    brand_id: str
    message: str


class BrandUpdated(View, kw_only=True):
    message: str
    updated_brand: BrandView


class BrandDeleted(View, kw_only=True):
    message: str


def brand_view(row: Row, locale: str | None = None) -> BrandView:
    """The brand in the language `locale`; without one, as the shop wrote it."""
    name, description = translated(row, locale)
    return BrandView(
        brand_id=row["_id"],
        name=name,
        slug=row["slug"],
        description=description,
        image_id=row.get("image_id"),
        image_url=row.get("image_url"),
        thumbnails=row["thumbnails"],
        created_at=row["created_at"],
    )
