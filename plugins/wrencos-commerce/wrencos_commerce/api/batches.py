"""/api/batches"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.permissions import READ_BATCHES, READ_ORDERS, WRITE_BATCHES
from wrencos_commerce.schemas import batches as schemas
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.views.base import Row
from wrencos_commerce.views.batches import (
    BatchDetail,
    BatchOrderPage,
    BatchPage,
    BatchRecalled,
    BatchUpdated,
    BatchView,
    batch_order_view,
    batch_view,
    movement_views,
)
from wrencos_core.web import Blueprint, PageQuery, Paging, current_identity, service

blp = Blueprint(
    "batches", __name__, url_prefix="/batches", description="Batches and their expiry dates."
)


@blp.get("", access=READ_BATCHES)
@blp.arguments(schemas.BatchListQuery, location="query")
@blp.response(200, BatchPage)
def list_batches(args: dict[str, Any]) -> BatchPage:
    """List batches, those that expire first in front.

    `state` is `sellable`, `expired` or `recalled`; `expiresWithin` days, with pieces left.
    """
    paging = Paging.of(args)
    names = ("state", "product_id", "variant_id")
    wanted = {name: args[name] for name in names if name in args}
    within = args.get("expires_within")
    rows, total = service(Batches).page(wanted, within, paging.skip, paging.limit)
    products = service(ProductQueries).by_ids([row["product_id"] for row in rows])
    return BatchPage(
        batches=[batch_view(row, products) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("", access=WRITE_BATCHES, idempotent=True)
@blp.arguments(schemas.BatchReceive)
@blp.response(201, BatchUpdated)
def receive_batch(body: dict[str, Any]) -> BatchUpdated:
    """Receive a batch.

    Its pieces add to the variant's stock, unless `fromStock` says that they are counted already.
    More of a batch that is known adds to it. Orders take from what expires first, and never after
    `expiresOn`. Send an Idempotency-Key, so that a repeated request can't count twice.
    """
    row = service(Batches).receive(Delivery(**body), current_identity())
    return BatchUpdated(message="Batch received", updated_batch=_view(row))


@blp.get("/<batch_id>", access=READ_BATCHES)
@blp.response(200, BatchDetail)
def get_batch(batch_id: str) -> BatchDetail:
    """Get a batch with what happened to it, sales apart."""
    row = service(Batches).get(batch_id)
    movements = movement_views(service(Batches).movements(batch_id))
    return BatchDetail(batch=_view(row), movements=movements)


@blp.post("/<batch_id>/write-off", access=WRITE_BATCHES, idempotent=True)
@blp.arguments(schemas.BatchTake)
@blp.response(200, BatchUpdated)
def write_off_batch(body: dict[str, Any], batch_id: str) -> BatchUpdated:
    """Write pieces off: expired, damaged, lost, used as testers."""
    row = service(Batches).write_off(
        batch_id, body.get("quantity"), body["note"], current_identity()
    )
    return BatchUpdated(message="Pieces written off", updated_batch=_view(row))


@blp.post("/<batch_id>/return", access=WRITE_BATCHES, idempotent=True)
@blp.arguments(schemas.BatchTake)
@blp.response(200, BatchUpdated)
def return_batch(body: dict[str, Any], batch_id: str) -> BatchUpdated:
    """Send pieces back to the supplier, expired or recalled ones too."""
    row = service(Batches).return_to_supplier(
        batch_id, body.get("quantity"), body["note"], current_identity()
    )
    return BatchUpdated(message="Pieces returned", updated_batch=_view(row))


@blp.post("/<batch_id>/recall", access=WRITE_BATCHES)
@blp.arguments(schemas.BatchRecall)
@blp.response(200, BatchRecalled)
def recall_batch(body: dict[str, Any], batch_id: str) -> BatchRecalled:
    """Stop the sale of a batch at once, and learn how many orders have pieces of it."""
    row = service(Batches).recall(batch_id, body["note"], current_identity())
    _, affected = service(Batches).orders_with(batch_id, limit=1)
    return BatchRecalled(
        message="Batch recalled", updated_batch=_view(row), affected_orders=affected
    )


@blp.get("/<batch_id>/orders", access=READ_ORDERS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, BatchOrderPage)
def list_batch_orders(args: dict[str, Any], batch_id: str) -> BatchOrderPage:
    """List the orders that have pieces of a batch, newest first."""
    service(Batches).get(batch_id)
    paging = Paging.of(args)
    rows, total = service(Batches).orders_with(batch_id, paging.skip, paging.limit)
    return BatchOrderPage(
        orders=[batch_order_view(row, batch_id) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


def _view(row: Row) -> BatchView:
    return batch_view(row, service(ProductQueries).by_ids([row["product_id"]]))
