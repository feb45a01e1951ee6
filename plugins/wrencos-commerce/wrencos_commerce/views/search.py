"""The search as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from wrencos_commerce.services.search.product_search import SearchPage
from wrencos_commerce.services.search.suggestions import Suggested
from wrencos_commerce.views.base import Row, View
from wrencos_commerce.views.products import ProductView, product_view
from wrencos_core.api import money


class CategoryCount(View, kw_only=True):
    category_id: str
    slug: str
    name: str
    parent_id: str | None
    count: int


class BrandCount(View, kw_only=True):
    slug: str
    name: str
    count: int


class ValueCount(View, kw_only=True):
    value: str
    count: int


class PriceCount(View, kw_only=True):
    """`priceFrom` is included, `priceBelow` is not."""

    price_from: Decimal
    price_below: Decimal
    count: int


class RatingCount(View, kw_only=True):
    """Products with a mean rating of at least `minRating`."""

    min_rating: int
    count: int


class Facets(View, kw_only=True):
    """How many of the products found have each value; those without any are left out.

    What is chosen of one facet does not narrow its own counts. A category's count includes the
    categories below it.
    """

    categories: list[CategoryCount]
    brands: list[BrandCount]
    skin_types: list[ValueCount]
    concerns: list[ValueCount]
    free_from: list[ValueCount]
    prices: list[PriceCount]
    ratings: list[RatingCount]
    in_stock: int


class ProductSearchPage(View, kw_only=True):
    """`correctedTo` is what was searched for in place of a mistyped query.

    With `relaxed`, nothing fits all words, and these products fit the most of them.
    """

    products: list[ProductView]
    total_count: int
    page: int
    total_pages: int
    facets: Facets
    corrected_to: str | None
    relaxed: bool


class CategorySuggestion(View, kw_only=True):
    category_id: str
    slug: str
    name: str


class BrandSuggestion(View, kw_only=True):
    slug: str
    name: str


class SuggestionsView(View, kw_only=True):
    products: list[ProductView]
    categories: list[CategorySuggestion]
    brands: list[BrandSuggestion]
    queries: list[str]


class SynonymsView(View, kw_only=True):
    synonyms_id: str
    phrases: list[str]
    one_way: bool
    created_at: datetime
    updated_at: datetime


class SynonymsList(View, kw_only=True):
    synonyms: list[SynonymsView]
    total_count: int
    page: int
    total_pages: int


class SynonymsDetail(View, kw_only=True):
    synonyms: SynonymsView


class SynonymsCreated(View, kw_only=True):
    synonyms_id: str
    message: str


class SynonymsUpdated(View, kw_only=True):
    message: str
    updated_synonyms: SynonymsView


class SynonymsDeleted(View, kw_only=True):
    message: str


class SearchedQuery(View, kw_only=True):
    """A query's words: how often, and how many products it found the last time without filters."""

    query: str
    count: int
    results: int
    last_at: datetime


class SearchReportPage(View, kw_only=True):
    searches: list[SearchedQuery]
    total_count: int
    page: int
    total_pages: int


def facets_view(page: SearchPage, brands: Mapping[str, Row], currency: str) -> Facets:
    """The counts with names; `brands` are rows by slug."""
    counts = page.counts
    return Facets(
        categories=[
            CategoryCount(
                category_id=row["_id"],
                slug=row["slug"],
                name=row["name"],
                parent_id=row["ancestors"][-1] if row["ancestors"] else None,
                count=counts.categories[row["_id"]],
            )
            for row in page.shelves.rows
            if row["_id"] in counts.categories
        ],
        brands=[
            BrandCount(slug=slug, name=brands[slug]["name"] if slug in brands else slug, count=n)
            for slug, n in counts.brands.items()
        ],
        skin_types=_values(counts.skin_types),
        concerns=_values(counts.concerns),
        free_from=_values(counts.free_from),
        prices=[
            PriceCount(
                price_from=money.to_major(least, currency),
                price_below=money.to_major(beyond, currency),
                count=count,
            )
            for (least, beyond), count in counts.prices.items()
        ],
        ratings=[RatingCount(min_rating=n, count=count) for n, count in counts.ratings.items()],
        in_stock=counts.in_stock,
    )


def _values(counts: Mapping[str, int]) -> list[ValueCount]:
    return [ValueCount(value=value, count=count) for value, count in counts.items()]


def suggestions_view(found: Suggested, *, with_cost: bool, locale: str) -> SuggestionsView:
    return SuggestionsView(
        products=[product_view(row, with_cost, locale) for row in found.products],
        categories=[
            CategorySuggestion(category_id=row["_id"], slug=row["slug"], name=row["name"])
            for row in found.categories
        ],
        brands=[BrandSuggestion(slug=row["slug"], name=row["name"]) for row in found.brands],
        queries=list(found.queries),
    )


def synonyms_view(row: Row) -> SynonymsView:
    return SynonymsView(
        synonyms_id=row["_id"],
        phrases=row["phrases"],
        one_way=row["one_way"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def searched_query(row: Row) -> SearchedQuery:
    return SearchedQuery(
        query=row["query"], count=row["count"], results=row["results"], last_at=row["last_at"]
    )
