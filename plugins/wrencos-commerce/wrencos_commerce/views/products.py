"""Products as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.translations import translated
from wrencos_commerce.services.variants import variant_name
from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class ProductView(View, kw_only=True):
    """A product in a list.

    `price` is the lowest of its variants', `priceTo` the highest, `inventory` the stock of all.
    `costPrice` (the first variant's) is there only for staff who may see it.
    """

    product_id: str
    slug: str | None
    sku: str
    name: str
    description: str
    brand: str | None
    category_id: str | None
    price: Decimal
    price_to: Decimal
    currency: str
    inventory: int
    image_url: str | None
    rating: float | None
    rating_count: int
    skin_types: list[str]
    concerns: list[str]
    is_active: bool
    created_at: datetime
    updated_at: datetime
    cost_price: Decimal | msgspec.UnsetType | None = msgspec.UNSET


class VariantView(View, kw_only=True):
    """A variant; `name` is "Rosewood, 30 ml", or null for the only one, `weight` grams.

    `lowestPrice30Days` is to state beside a reduction (Directive 98/6/EC, art. 6a): where `price`
    is lower than the one before it, the lowest of the 30 days before it came into force; else the
    lowest of the last 30 days.
    """

    variant_id: str
    sku: str
    name: str | None
    shade: str | None
    swatch: str | None
    size: str | None
    price: Decimal
    lowest_price_30_days: Decimal = msgspec.field(name="lowestPrice30Days")
    inventory: int
    barcode: str | None
    weight: int | None
    media_ids: list[str]
    is_active: bool
    cost_price: Decimal | msgspec.UnsetType | None = msgspec.UNSET


class MediaView(View, kw_only=True):
    """A picture of the gallery. `thumbnails` are by their width, once they are made."""

    media_id: str
    url: str
    width: int | None
    height: int | None
    thumbnails: dict[str, str]
    alt: dict[str, str]


class IngredientView(View, kw_only=True):
    """An ingredient in the order of the list; `key` is the dictionary's name for it."""

    name: str
    key: str
    percent: str | None
    may_contain: bool
    is_nano: bool
    is_allergen: bool
    functions: list[str]


class ProductReview(View, kw_only=True):
    """What a customer wrote about a product; `userId` as in the list of its reviews."""

    user_id: str
    rating: int
    comment: str
    created_at: datetime


class ProductDetailView(ProductView, kw_only=True):
    """A product with all that is known of it; `reviews` are the newest.

    `allergens` are those of the EU's fragrance allergens that it lists, `freeFrom` what its list
    shows it to be without, `periodAfterOpening` in months. `publishAt` and `unpublishAt` are for
    staff.
    """

    variants: list[VariantView]
    media: list[MediaView]
    ingredients: list[str]
    ingredient_list: list[IngredientView]
    allergens: list[str]
    free_from: list[str]
    period_after_opening: int | None
    reviews: list[ProductReview]
    publish_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
    unpublish_at: datetime | msgspec.UnsetType | None = msgspec.UNSET


class VariantCreated(View, kw_only=True):
    variant_id: str
    message: str
    updated_product: ProductDetailView


@dataclass(frozen=True)
class Details:
    """What the page of a product shows beside its row.

    `lowest` are minor units by variant id, `reviews` rows of reviews, `author_ids` what to show as
    their authors by review id.
    """

    lowest: Mapping[str, int]
    reviews: Sequence[Row] = ()
    author_ids: Mapping[str, str] = field(default_factory=dict)


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


def product_view(row: Row, with_cost: bool, locale: str | None = None) -> ProductView:
    """The product in a list, in the language `locale`."""
    return ProductView(**_product_fields(row, with_cost, locale))


def product_detail(
    row: Row, with_cost: bool, details: Details, locale: str | None = None, for_staff: bool = False
) -> ProductDetailView:
    """All of the product; with variants that are not for sale and the schedule `for_staff`."""
    currency = row["currency"]
    shown = [v for v in row["variants"] if v["is_active"] or for_staff]
    view = ProductDetailView(
        **_product_fields(row, with_cost, locale),
        variants=[variant_view(v, currency, details.lowest, with_cost) for v in shown],
        media=[media_view(media) for media in row["media"]],
        ingredients=row["ingredients"],
        ingredient_list=[_ingredient_view(listed) for listed in row["inci"]],
        allergens=row["allergens"],
        free_from=row["free_from"],
        period_after_opening=row.get("period_after_opening"),
        reviews=[
            ProductReview(
                user_id=details.author_ids[review["_id"]],
                rating=review["rating"],
                comment=review["comment"],
                created_at=review["created_at"],
            )
            for review in details.reviews
        ],
    )
    if for_staff:
        view.publish_at, view.unpublish_at = row.get("publish_at"), row.get("unpublish_at")
    return view


def variant_view(
    variant: Row, currency: str, lowest: Mapping[str, int], with_cost: bool
) -> VariantView:
    """The variant; `lowest` has the lowest prices of 30 days by variant id."""
    view = VariantView(
        variant_id=variant["id"],
        sku=variant["sku"],
        name=variant_name(variant),
        shade=variant.get("shade"),
        swatch=variant.get("swatch"),
        size=variant.get("size"),
        price=money.to_major(variant["price"], currency),
        lowest_price_30_days=money.to_major(lowest.get(variant["id"], variant["price"]), currency),
        inventory=variant["inventory"],
        barcode=variant.get("barcode"),
        weight=variant.get("weight"),
        media_ids=variant["media_ids"],
        is_active=variant["is_active"],
    )
    if with_cost:
        view.cost_price = _major_or_none(variant.get("cost_price"), currency)
    return view


def media_view(media: Row) -> MediaView:
    return MediaView(
        media_id=media["id"],
        url=media["url"],
        width=media.get("width"),
        height=media.get("height"),
        thumbnails=media.get("thumbnails", {}),
        alt=media.get("alt", {}),
    )


def _ingredient_view(listed: Row) -> IngredientView:
    known = dictionary().ingredients.get(listed["key"])
    return IngredientView(
        name=listed["name"],
        key=listed["key"],
        percent=listed.get("percent"),
        may_contain=bool(listed.get("may_contain")),
        is_nano=bool(listed.get("nano")),
        is_allergen=bool(known and known.allergen),
        functions=list(known.functions) if known else [],
    )


def _major_or_none(amount: int | None, currency: str) -> Decimal | None:
    return None if amount is None else money.to_major(amount, currency)


def _product_fields(row: Row, with_cost: bool, locale: str | None) -> dict[str, Any]:
    currency = row["currency"]
    name, description = translated(row, locale)
    fields: dict[str, Any] = {
        "product_id": row["_id"],
        "slug": row.get("slug"),
        "sku": row["sku"],
        "name": name,
        "description": description,
        "brand": row.get("brand"),
        "category_id": row.get("category_id"),
        "price": money.to_major(row["price"], currency),
        "price_to": money.to_major(row["price_to"], currency),
        "currency": currency,
        "inventory": row["inventory"],
        "image_url": row.get("image_url"),
        "rating": row.get("rating"),
        "rating_count": row["rating_count"],
        "skin_types": row["skin_types"],
        "concerns": row["concerns"],
        "is_active": row["is_active"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
    if with_cost:
        fields["cost_price"] = _major_or_none(row.get("cost_price"), currency)
    return fields
