"""Batches as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from wrencos_commerce.services.batches import pieces_of
from wrencos_commerce.services.variants import find_variant, variant_name
from wrencos_commerce.views.base import Row, View


class BatchView(View, kw_only=True):
    """A batch; `expiresOn` is the last day (`2027-03-31`) on which it is sold."""

    batch_id: str
    product_id: str
    product_name: str | None
    variant_id: str
    variant_name: str | None
    sku: str | None
    code: str
    expires_on: str
    state: str
    quantity: int
    received: int
    received_at: datetime


class BatchMovementView(View, kw_only=True):
    kind: str
    quantity: int
    at: datetime
    actor: str
    note: str | None


class BatchPage(View, kw_only=True):
    batches: list[BatchView]
    total_count: int
    page: int
    total_pages: int


class BatchDetail(View, kw_only=True):
    batch: BatchView
    movements: list[BatchMovementView]


class BatchUpdated(View, kw_only=True):
    message: str
    updated_batch: BatchView


class BatchRecalled(View, kw_only=True):
    """`affectedOrders` counts the orders that have pieces of it."""

    message: str
    updated_batch: BatchView
    affected_orders: int


class BatchOrderView(View, kw_only=True):
    """An order that has pieces of a batch."""

    order_id: str
    user_id: str | None
    date: datetime
    status: str
    quantity: int


class BatchOrderPage(View, kw_only=True):
    orders: list[BatchOrderView]
    total_count: int
    page: int
    total_pages: int


def batch_view(row: Row, products: Mapping[str, Row]) -> BatchView:
    """The batch, with the names of its product from `products`, by id."""
    product = products.get(row["product_id"])
    variant = find_variant(product, row["variant_id"]) if product else None
    return BatchView(
        batch_id=row["_id"],
        product_id=row["product_id"],
        product_name=product["name"] if product else None,
        variant_id=row["variant_id"],
        variant_name=variant_name(variant) if variant else None,
        sku=variant["sku"] if variant else None,
        code=row["code"],
        expires_on=row["expires_on"],
        state=row["state"],
        quantity=row["quantity"],
        received=row["received"],
        received_at=row["received_at"],
    )


def movement_views(rows: Sequence[Row]) -> list[BatchMovementView]:
    return [
        BatchMovementView(
            kind=row["kind"],
            quantity=row["quantity"],
            at=row["at"],
            actor=row["actor"],
            note=row.get("note"),
        )
        for row in rows
    ]


def batch_order_view(order: Row, batch_id: str) -> BatchOrderView:
    return BatchOrderView(
        order_id=order["_id"],
        user_id=order.get("user_id"),
        date=order["created_at"],
        status=order["status"],
        quantity=pieces_of(order, batch_id),
    )
