"""Reading the catalogue: pages, single products, the search. Rows, never documents: it is hot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from wrencos_commerce.models.product import (
    ANY,
    LISTED,
    SORTS,
    Product,
    category_facet,
    concern_facet,
    fold_tag,
    skin_type_facet,
)
from wrencos_commerce.services.variants import variant_name
from wrencos_core.api import Listing, NotFound, Platform, money
from wrencos_core.contracts.commerce import ProductInfo, VariantInfo

if TYPE_CHECKING:
    from wrencos_commerce.services.search.product_search import ProductSearch

Row = Mapping[str, Any]

# What only the indexes need.
_UNSHOWN = {"facets": 0, "name_key": 0}
# Above every price; a larger bound would only overflow.
_BEYOND = Decimal(10**12)


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

    def __init__(self, platform: Platform, search: ProductSearch) -> None:
        self._search = search
        self._currency = platform.settings.currency
        self._listing = Listing(Product.raw)

    def page(
        self, wanted: ProductFilter, sort: str, skip: int, limit: int
    ) -> tuple[list[Row], int]:
        """Products for sale that fit, without their ingredients, and how many fit in all.

        `sort` is a key of SORTS. An unknown category holds nothing. With a `search` they come from
        the search's index, a moment after they have changed.
        """
        if wanted.search is not None:
            return self._search.page(wanted.search, wanted, sort, skip, limit)
        query = self.query(wanted)
        return self._listing.page(query, sort=SORTS[sort], skip=skip, limit=limit, fields=LISTED)

    def query(self, wanted: ProductFilter) -> dict[str, Any]:
        """The MongoDB filter, `search` apart."""
        facets = []
        if wanted.category:
            facets.append(category_facet(wanted.category))
        if wanted.skin_type:
            facets.append(skin_type_facet(fold_tag(wanted.skin_type)))
        if wanted.concern:
            facets.append(concern_facet(fold_tag(wanted.concern)))
        query: dict[str, Any] = {"is_active": True, "facets": {"$all": facets or [ANY]}}
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
        """The product with this id or slug.

        Raises NotFound, also for a withdrawn one unless asked for.
        """
        # Slugs have no `_`, so none is an id.
        field = "_id" if "_" in id else "slug"
        row: Row | None = Product.raw().find_one({field: id}, _UNSHOWN)
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
        return {id: product_info(row) for id, row in self.by_ids(ids).items()}

    def matching(self, searched: str, limit: int) -> list[ProductInfo]:
        """Products for sale with all words of `searched`, accents optional, the best first."""
        found = self._search.best(searched, limit)
        rows = self.by_ids([row["_id"] for row in found])
        return [product_info(rows[row["_id"]]) for row in found if row["_id"] in rows]


def product_info(row: Row) -> ProductInfo:
    """A stored product as other plugins see it."""
    return ProductInfo(
        id=row["_id"],
        slug=row.get("slug"),
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
        ingredient_keys=tuple(row.get("ingredient_keys", ())),
        skin_types=tuple(row.get("skin_types", ())),
        concerns=tuple(row.get("concerns", ())),
        rating=row.get("rating"),
        rating_count=row["rating_count"],
        variants=tuple(_variant_info(variant) for variant in row["variants"]),
    )


def _variant_info(variant: Row) -> VariantInfo:
    return VariantInfo(
        id=variant["id"],
        sku=variant["sku"],
        name=variant_name(variant),
        shade=variant.get("shade"),
        swatch=variant.get("swatch"),
        size=variant.get("size"),
        price=variant["price"],
        inventory=variant["inventory"],
        is_active=variant["is_active"],
    )
