"""Reading the catalogue: pages, single products, the search. Rows, never documents: it is hot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any

from wrencos_commerce.models.product import (
    ANY,
    SORTS,
    Product,
    category_facet,
    concern_facet,
    skin_type_facet,
)
from wrencos_core.api import Listing, NotFound, Platform, money, text
from wrencos_core.contracts.commerce import ProductInfo

Row = Mapping[str, Any]

# What only the search and the indexes need.
_UNSHOWN = {"terms": 0, "facets": 0, "name_key": 0}
# Above every price; a larger bound would only overflow.
_BEYOND = Decimal(10**12)
_UNLISTED = {**_UNSHOWN, "ingredients": 0}


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """What a page of products is limited to. Prices are major units, bounds included."""

    category: str | None = None
    skin_type: str | None = None
    concern: str | None = None
    search: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool = False


class ProductQueries:
    """Reads products; provides contracts.commerce.ProductCatalog."""

    def __init__(self, platform: Platform) -> None:
        self._currency = platform.settings.currency
        self._listing = Listing(Product.raw)

    def page(
        self, wanted: ProductFilter, sort: str, skip: int, limit: int
    ) -> tuple[list[Row], int]:
        """Products for sale that fit, without their ingredients, and how many fit in all.

        `sort` is a key of SORTS. An unknown category holds nothing.
        """
        query = self.query(wanted)
        if query is None:
            return [], 0
        return self._listing.page(query, sort=SORTS[sort], skip=skip, limit=limit, fields=_UNLISTED)

    def query(self, wanted: ProductFilter) -> dict[str, Any] | None:
        """The MongoDB filter, or None when nothing can fit."""
        facets = []
        if wanted.category:
            facets.append(category_facet(wanted.category))
        if wanted.skin_type:
            facets.append(skin_type_facet(fold_tag(wanted.skin_type)))
        if wanted.concern:
            facets.append(concern_facet(fold_tag(wanted.concern)))
        query: dict[str, Any] = {"is_active": True}
        if wanted.search is not None:
            searched = text.words(wanted.search)
            if not searched:
                return None
            query["terms"] = text.beginnings(searched)
        # Also beside a search: for a common word the server walks a sorted index and stops early.
        query["facets"] = {"$all": facets or [ANY]}
        if price := self._price_bounds(wanted):
            query["price"] = price
        if wanted.in_stock:
            query["inventory"] = {"$gt": 0}
        return query

    def _price_bounds(self, wanted: ProductFilter) -> dict[str, int]:
        """In minor units, rounded inwards: at least 9.999 USD begins with 10.00."""
        bounds = {}
        for operator, bound, inwards in (
            ("$gte", wanted.min_price, ceil),
            ("$lte", wanted.max_price, floor),
        ):
            if bound is not None:
                scaled = min(bound, _BEYOND).scaleb(money.precision(self._currency))
                bounds[operator] = inwards(scaled)
        return bounds

    def get(self, id: str, with_inactive: bool = False) -> Row:
        """The product with this id; raises NotFound, also for a withdrawn one unless asked for."""
        row: Row | None = Product.raw().find_one({"_id": id}, _UNSHOWN)
        if row is None or not (row["is_active"] or with_inactive):
            raise NotFound(f"There is no product {id}.")
        return row

    def by_ids(self, ids: Sequence[str]) -> dict[str, Row]:
        """Those of the products that exist, by id, withdrawn ones included."""
        wanted = sorted(set(ids))
        rows = Product.raw().find({"_id": {"$in": wanted}}, _UNSHOWN) if wanted else ()
        return {row["_id"]: row for row in rows}

    def products(self, ids: Sequence[str]) -> dict[str, ProductInfo]:
        """As `by_ids`, in the form that is published to other plugins."""
        return {id: _info(row) for id, row in self.by_ids(ids).items()}

    def matching(self, searched: str, limit: int) -> list[ProductInfo]:
        """Products for sale with all words of `searched`, accents optional, best rated first."""
        query = self.query(ProductFilter(search=searched))
        if query is None:
            return []
        rows = Product.raw().find(query, _UNSHOWN).sort(SORTS["rating"]).limit(limit)
        return [_info(row) for row in rows]


def fold_tag(tag: str) -> str:
    """A skin type or concern as it is stored: `Large pores` as `large-pores`."""
    return "-".join(text.fold(tag).split())


def _info(row: Row) -> ProductInfo:
    return ProductInfo(
        id=row["_id"],
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        brand=row.get("brand"),
        category_id=row.get("category_id"),
        price=row["price"],
        currency=row["currency"],
        inventory=row["inventory"],
        is_active=row["is_active"],
        image_url=row.get("image_url"),
        ingredients=tuple(row.get("ingredients", ())),
        skin_types=tuple(row.get("skin_types", ())),
        concerns=tuple(row.get("concerns", ())),
        rating=row.get("rating"),
    )
