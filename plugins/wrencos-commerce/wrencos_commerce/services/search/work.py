"""What keeps the index in step: on what happened, each minute, and each night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_core.api import Conflict, Event, Job, Platform, Schedule, Subscriber
from wrencos_core.contracts.commerce import ProductsChanged, StockBack, StockLow

log = structlog.get_logger(__name__)

INDEX = "commerce.index_products"
_CATCH_UP = "commerce.catch_up_search"
_REBUILD = "commerce.rebuild_search"


def search_jobs(platform: Platform) -> Sequence[Job]:
    """The jobs of the index."""
    find = platform.services.require

    def index(product_ids: list[str]) -> None:
        find(SearchIndex).index(product_ids)

    def catch_up() -> None:
        find(SearchIndex).catch_up()

    def rebuild() -> None:
        try:
            products = find(SearchIndex).rebuild()
        except Conflict:
            return  # it is being rebuilt
        log.info("search.rebuilt", products=products)

    return [
        Job(INDEX, index, "Takes changed products into the search index.", queue="high"),
        Job(
            _CATCH_UP,
            catch_up,
            "Finds changed products that the search index has missed.",
            timeout=timedelta(minutes=15),
        ),
        Job(
            _REBUILD,
            rebuild,
            "Builds the search index anew, in the order of popularity.",
            timeout=timedelta(minutes=15),
            queue="low",
        ),
    ]


def search_schedules() -> Sequence[Schedule]:
    """When the index is looked after."""
    return [
        Schedule(_CATCH_UP, _CATCH_UP, every=timedelta(minutes=1)),
        Schedule(_REBUILD, _REBUILD, cron="15 3 * * *"),
    ]


def search_subscribers(platform: Platform) -> Sequence[Subscriber]:
    """Changed products, and variants that sold out or are back, are indexed."""

    def enqueue(event: Event, product_ids: Sequence[str]) -> None:
        platform.jobs.enqueue(INDEX, key=event.id, product_ids=list(product_ids))

    def stock_low(event: StockLow) -> None:
        if event.inventory == 0:
            enqueue(event, [event.product_id])

    return [
        Subscriber(
            ProductsChanged,
            "commerce.index_changed_products",
            lambda event: enqueue(event, event.product_ids),
        ),
        Subscriber(StockLow, "commerce.index_sold_out_product", stock_low),
        Subscriber(
            StockBack,
            "commerce.index_restocked_product",
            lambda event: enqueue(event, [event.product_id]),
        ),
    ]
