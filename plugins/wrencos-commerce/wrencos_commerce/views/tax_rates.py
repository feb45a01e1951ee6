"""Tax rates as the API shows them."""

from __future__ import annotations

from wrencos_commerce.views.base import Row, View


class TaxRateView(View, kw_only=True):
    """`percent` is a decimal text; `region` and `categoryId` are null where it is for all."""

    tax_rate_id: str
    country: str
    region: str | None
    category_id: str | None
    taxed_as: str
    name: str
    percent: str


class TaxRatePage(View, kw_only=True):
    tax_rates: list[TaxRateView]
    total_count: int
    page: int
    total_pages: int


class TaxRateChanged(View, kw_only=True):
    message: str
    tax_rate: TaxRateView


class TaxRateDeleted(View, kw_only=True):
    message: str


def tax_rate_view(row: Row) -> TaxRateView:
    return TaxRateView(
        tax_rate_id=row["_id"],
        country=row["country"],
        region=row.get("region"),
        category_id=row.get("category_id"),
        taxed_as=row["taxed_as"],
        name=row["name"],
        percent=row["percent"],
    )
