"""/api/tax-rates"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.permissions import WRITE_TAX_RATES
from wrencos_commerce.schemas import tax_rates as schemas
from wrencos_commerce.services.taxes import Taxes
from wrencos_commerce.views.tax_rates import (
    TaxRateChanged,
    TaxRateDeleted,
    TaxRatePage,
    tax_rate_view,
)
from wrencos_core.web import PUBLIC, Blueprint, Paging, current_identity, service

blp = Blueprint("tax_rates", __name__, url_prefix="/tax-rates", description="What is taxed how.")


@blp.get("", access=PUBLIC)
@blp.arguments(schemas.TaxRateListQuery, location="query")
@blp.response(200, TaxRatePage)
def list_tax_rates(args: dict[str, Any]) -> TaxRatePage:
    """List tax rates by country, region and category."""
    paging = Paging.of(args)
    rows, total = service(Taxes).page(args.get("country"), paging.skip, paging.limit)
    return TaxRatePage(
        tax_rates=[tax_rate_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("", access=WRITE_TAX_RATES, idempotent=True)
@blp.arguments(schemas.TaxRateCreate)
@blp.response(201, TaxRateChanged)
def create_tax_rate(body: dict[str, Any]) -> TaxRateChanged:
    """Create a tax rate.

    For a category it counts for the categories below too, unless those have one of their own.
    409 `already-exists` when there is one for the same country, region and category.
    """
    row = service(Taxes).create(body, current_identity())
    return TaxRateChanged(message="Tax rate created", tax_rate=tax_rate_view(row))


@blp.put("/<tax_rate_id>", access=WRITE_TAX_RATES)
@blp.arguments(schemas.TaxRateChange)
@blp.response(200, TaxRateChanged)
def update_tax_rate(body: dict[str, Any], tax_rate_id: str) -> TaxRateChanged:
    """Change the name or the per cent of a tax rate; orders that were placed keep theirs."""
    row = service(Taxes).update(tax_rate_id, body, current_identity())
    return TaxRateChanged(message="Tax rate updated", tax_rate=tax_rate_view(row))


@blp.delete("/<tax_rate_id>", access=WRITE_TAX_RATES)
@blp.response(200, TaxRateDeleted)
def delete_tax_rate(tax_rate_id: str) -> TaxRateDeleted:
    """Delete a tax rate."""
    service(Taxes).delete(tax_rate_id, current_identity())
    return TaxRateDeleted(message="Tax rate deleted")
