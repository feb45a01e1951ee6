"""/api/stock"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.products import sees
from wrencos_commerce.permissions import READ_COST, READ_STOCK, WRITE_STOCK
from wrencos_commerce.schemas import stock as schemas
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.stock_counts import Counted, StockCounts
from wrencos_commerce.services.stock_queries import (
    LevelFilter,
    LevelSort,
    MovementFilter,
    StockQueries,
)
from wrencos_commerce.views.stock import (
    LevelPage,
    MovementPage,
    StockCorrected,
    StockCounted,
    movement_views,
    outcome_view,
    product_levels,
)
from wrencos_core.web import Blueprint, Paging, current_identity, current_platform, service

blp = Blueprint(
    "stock", __name__, url_prefix="/stock", description="How much there is, and what came and went."
)


@blp.get("", access=READ_STOCK)
@blp.arguments(schemas.LevelQuery, location="query")
@blp.response(200, LevelPage)
def list_levels(args: dict[str, Any]) -> LevelPage:
    """List products with what there is of their variants.

    `available` can be sold, `held` is kept for orders that wait for their payment, and `onHand` is
    both. `sort` is `lowest` (the product with the scarcest variant in front) or `name`;
    `isActive=false` lists what is withdrawn; `productId` or `sku` finds one product.
    """
    paging = Paging.of(args)
    wanted = LevelFilter(
        is_active=args["is_active"], product_id=args.get("product_id"), sku=args.get("sku")
    )
    sort = LevelSort(args["sort"])
    rows, total = service(StockQueries).page(wanted, sort, paging.skip, paging.limit)
    with_cost = sees(READ_COST)
    return LevelPage(
        products=[product_levels(row, with_cost) for row in rows],
        currency=current_platform().settings.currency,
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/movements", access=READ_STOCK)
@blp.arguments(schemas.MovementQuery, location="query")
@blp.response(200, MovementPage)
def list_movements(args: dict[str, Any]) -> MovementPage:
    """List what came and went, the newest first.

    Limited by `variantId`, `productId`, `reason`, `reference` (the id of an order, batch, return,
    count or import) and the moment: from `from` up to, but not including, `to`. What is held for an
    order is on hand until it is paid for.
    """
    paging = Paging.of(args)
    names = ("variant_id", "product_id", "reason", "reference", "since", "until")
    wanted = MovementFilter(**{name: args.get(name) for name in names})
    rows, total = service(StockQueries).movements(wanted, paging.skip, paging.limit)
    products = service(ProductQueries).by_ids([row["product_id"] for row in rows])
    currency = current_platform().settings.currency
    return MovementPage(
        movements=movement_views(rows, products, currency, sees(READ_COST)),
        currency=currency,
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("/counts", access=WRITE_STOCK, idempotent=True)
@blp.arguments(schemas.CountBody)
@blp.response(201, StockCounted)
def count_stock(body: dict[str, Any]) -> StockCounted:
    """Make what was counted what is on hand, all of it or nothing.

    Each item names a variant by its `sku` or `variantId`. Count every piece that is there: those
    held for orders and those in batches too, but not what has expired or was recalled, which is
    out of the stock already. 409 `count-refused` lists the variants of which less
    was counted than is held or in batches: cancel those orders, or write off what is gone of the
    batches, and count again.
    """
    items = [Counted(**item) for item in body["items"]]
    id, outcomes = service(StockCounts).count(items, body.get("note"), current_identity())
    items_shown = [outcome_view(outcome) for outcome in outcomes]
    return StockCounted(message="Stock counted", count_id=id, items=items_shown)


@blp.post("/corrections", access=WRITE_STOCK, idempotent=True)
@blp.arguments(schemas.CorrectionBody)
@blp.response(201, StockCorrected)
def correct_stock(body: dict[str, Any]) -> StockCorrected:
    """Add pieces of a variant, or take some away, and say why.

    `reason` is `damaged`, `lost` or `sample` (a negative `quantity`), `found` (a positive one) or
    `other`. Pieces that are held for orders or in batches can't be taken: batches have a write-off
    of their own.
    """
    reason, _ = schemas.CORRECTIONS[body["reason"]]
    outcome = service(StockCounts).correct(
        body["variant_id"], body["quantity"], reason, body.get("note"), current_identity()
    )
    return StockCorrected(message="Stock corrected", item=outcome_view(outcome))
