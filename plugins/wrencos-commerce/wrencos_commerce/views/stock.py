"""The stock as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from wrencos_commerce.services.stock_counts import Outcome
from wrencos_commerce.services.stock_ledger import on_hand
from wrencos_commerce.services.variants import find_variant, variant_name
from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class LevelView(View, kw_only=True):
    """How much there is of a variant: `onHand` = `available` (for sale) + `held` (for orders that
    wait for their payment)."""

    variant_id: str
    sku: str
    name: str | None
    available: int
    held: int
    on_hand: int
    is_active: bool
    cost_price: Decimal | msgspec.UnsetType | None = msgspec.UNSET


class ProductLevels(View, kw_only=True):
    """A product; `available` is the sum of its variants for sale."""

    product_id: str
    name: str
    available: int
    is_active: bool
    variants: list[LevelView]


class LevelPage(View, kw_only=True):
    products: list[ProductLevels]
    currency: str
    total_count: int
    page: int
    total_pages: int


class MovementView(View, kw_only=True):
    """A row of the ledger. `sku` and the names are today's; null when the product is gone.

    `costPrice`, of one piece, is there only for staff who may see it.
    """

    movement_id: str
    product_id: str
    product_name: str | None
    variant_id: str
    variant_name: str | None
    sku: str | None
    quantity: int
    reason: str
    reference: str | None
    actor: str
    note: str | None
    at: datetime
    cost_price: Decimal | msgspec.UnsetType | None = msgspec.UNSET


class MovementPage(View, kw_only=True):
    movements: list[MovementView]
    currency: str
    total_count: int
    page: int
    total_pages: int


class OutcomeView(View, kw_only=True):
    """The pieces on hand of a variant before and after."""

    product_id: str
    variant_id: str
    sku: str
    before: int
    after: int
    difference: int


class StockCounted(View, kw_only=True):
    message: str
    count_id: str
    items: list[OutcomeView]


class StockCorrected(View, kw_only=True):
    message: str
    item: OutcomeView


def product_levels(row: Row, with_cost: bool) -> ProductLevels:
    """The product with the levels of all its variants."""
    return ProductLevels(
        product_id=row["_id"],
        name=row["name"],
        available=row["inventory"],
        is_active=row["is_active"],
        variants=[_level(variant, row["currency"], with_cost) for variant in row["variants"]],
    )


def _level(variant: Row, currency: str, with_cost: bool) -> LevelView:
    view = LevelView(
        variant_id=variant["id"],
        sku=variant["sku"],
        name=variant_name(variant),
        available=variant["inventory"],
        held=variant.get("held") or 0,
        on_hand=on_hand(variant),
        is_active=variant["is_active"],
    )
    if with_cost:
        view.cost_price = _major(variant.get("cost_price"), currency)
    return view


def movement_views(
    rows: Sequence[Row], products: Mapping[str, Row], currency: str, with_cost: bool
) -> list[MovementView]:
    """The rows, with the names of their products from `products`, by id."""
    return [_movement(row, products.get(row["product_id"]), currency, with_cost) for row in rows]


def _movement(row: Row, product: Row | None, currency: str, with_cost: bool) -> MovementView:
    variant = find_variant(product, row["variant_id"]) if product else None
    view = MovementView(
        movement_id=row["_id"],
        product_id=row["product_id"],
        product_name=product["name"] if product else None,
        variant_id=row["variant_id"],
        variant_name=variant_name(variant) if variant else None,
        sku=variant["sku"] if variant else None,
        quantity=row["quantity"],
        reason=row["reason"],
        reference=row.get("reference"),
        actor=row["actor"],
        note=row.get("note"),
        at=row["at"],
    )
    if with_cost:
        view.cost_price = _major(row.get("cost_price"), currency)
    return view


def outcome_view(outcome: Outcome) -> OutcomeView:
    return OutcomeView(
        **outcome.unit._asdict(),
        sku=outcome.sku,
        before=outcome.before,
        after=outcome.after,
        difference=outcome.difference,
    )


def _major(amount: int | None, currency: str) -> Decimal | None:
    return None if amount is None else money.to_major(amount, currency)
