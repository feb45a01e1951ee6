"""/api/brands"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.permissions import WRITE_BRANDS
from wrencos_commerce.schemas import brands as schemas
from wrencos_commerce.services.brands import Brands
from wrencos_commerce.views.brands import (
    BrandCreated,
    BrandDeleted,
    BrandDetail,
    BrandPage,
    BrandUpdated,
    brand_view,
)
from wrencos_core.web import PUBLIC, Blueprint, Paging, current_identity, service

blp = Blueprint("brands", __name__, url_prefix="/brands", description="Whose products they are.")


@blp.get("", access=PUBLIC, etag=True)
@blp.arguments(schemas.BrandListQuery, location="query")
@blp.response(200, BrandPage)
def list_brands(args: dict[str, Any]) -> BrandPage:
    """List brands by name."""
    paging, locale = Paging.of(args), wanted_locale()
    rows, total = service(Brands).page(paging.skip, paging.limit)
    return BrandPage(
        brands=[brand_view(row, locale) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/<brand_id>", access=PUBLIC, etag=True)
@blp.response(200, BrandDetail)
def get_brand(brand_id: str) -> BrandDetail:
    """Get a brand by its id or slug; the slug of a former name finds it too."""
    return BrandDetail(brand=brand_view(service(Brands).get(brand_id), wanted_locale()))


@blp.post("", access=WRITE_BRANDS)
@blp.arguments(schemas.BrandCreate)
@blp.response(201, BrandCreated)
def create_brand(body: dict[str, Any]) -> BrandCreated:
    """Create a brand.

    Its slug is made from the name; names that differ only in case and accents are one brand.
    """
    id = service(Brands).create(body, current_identity())
    return BrandCreated(brand_id=id, message="Brand created")


@blp.put("/<brand_id>", access=WRITE_BRANDS)
@blp.arguments(schemas.BrandFields)
@blp.response(200, BrandUpdated)
def update_brand(body: dict[str, Any], brand_id: str) -> BrandUpdated:
    """Change the given fields of a brand.

    A new name is written to its products too; with more than 500 that takes a moment longer.
    """
    row = service(Brands).update(brand_id, body, current_identity())
    return BrandUpdated(message="Brand updated", updated_brand=brand_view(row))


@blp.delete("/<brand_id>", access=WRITE_BRANDS)
@blp.response(200, BrandDeleted)
def delete_brand(brand_id: str) -> BrandDeleted:
    """Delete a brand that has no products, withdrawn ones included."""
    service(Brands).delete(brand_id, current_identity())
    return BrandDeleted(message="Brand deleted")
