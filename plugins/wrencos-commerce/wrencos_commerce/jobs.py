"""The background work of commerce, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from wrencos_commerce.services.abandoned_carts import FIND_ABANDONED, AbandonedCarts
from wrencos_commerce.services.batches import Batches
from wrencos_commerce.services.brands import RENAME_ON_PRODUCTS, Brands
from wrencos_commerce.services.csv.work import import_jobs, import_schedules
from wrencos_commerce.services.payments.work import payment_jobs, payment_schedules
from wrencos_commerce.services.price_history import PriceHistory
from wrencos_commerce.services.publishing import PUBLISH_DUE, Publishing
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_commerce.services.review_requests import ReviewRequests
from wrencos_commerce.services.search.work import search_jobs, search_schedules
from wrencos_commerce.services.stock_digest import StockDigest
from wrencos_commerce.services.stock_notices import StockNotices
from wrencos_commerce.services.stock_requests import NOTIFY
from wrencos_commerce.services.transfer_mails import transfer_jobs, transfer_schedules
from wrencos_core.api import Identity, Job, Platform, Schedule

# Whose doing it is, in histories.
_JOB = Identity(is_system=True, channel="job")


def jobs(platform: Platform) -> Sequence[Job]:
    """The jobs, bound to the platform's services."""
    find = platform.services.require
    return [
        Job(
            NOTIFY,
            lambda variant_id: find(StockNotices).notify(variant_id),
            "Mails those who wait for a variant that it is back in stock.",
            timeout=timedelta(minutes=15),
        ),
        Job(
            "commerce.sweep_stock_requests",
            lambda: _sweep_stock_requests(find(StockNotices)),
            "Finds variants in stock that somebody still waits for.",
        ),
        Job(
            "commerce.send_stock_digest",
            lambda: _send_stock_digest(find(StockDigest)),
            "Mails the staff once a day what ran low or expires soon.",
        ),
        Job(
            "commerce.request_reviews",
            lambda: _request_reviews(find(ReviewRequests)),
            "Asks customers for reviews of what was delivered some days ago.",
            timeout=timedelta(minutes=30),
        ),
        Job(
            "commerce.expire_batches",
            lambda: _check_batches(find(Batches)),
            "Takes expired batches out of the stock, and tells what expires soon.",
        ),
        Job(
            FIND_ABANDONED,
            lambda: _tell_abandoned_carts(find(AbandonedCarts)),
            "Tells of carts that were left alone for some hours.",
        ),
        Job(
            RENAME_ON_PRODUCTS,
            lambda brand_id: find(Brands).rename_on_products(brand_id),
            "Writes the new name of a brand to its many products.",
            timeout=timedelta(minutes=15),
        ),
        Job(
            "commerce.sweep_brand_names",
            lambda: find(Brands).sweep_names(),
            "Finds products that still carry a former name of their brand.",
            timeout=timedelta(minutes=15),
            queue="low",
        ),
        Job(
            PUBLISH_DUE,
            lambda: _publish_due(find(Publishing)),
            "Puts products on sale and takes them off it at the moment set for it.",
            timeout=timedelta(minutes=15),
        ),
        Job(
            "commerce.prune_prices",
            lambda: _prune_prices(find(PriceHistory)),
            "Deletes past prices that are older than two years.",
            queue="low",
        ),
        Job(
            "commerce.learn_recommendations",
            _learn,
            "Counts what is bought together and by whom, for recommendations.",
            timeout=timedelta(hours=1),
            queue="low",
        ),
        *payment_jobs(platform),
        *transfer_jobs(platform),
        *import_jobs(platform),
        *search_jobs(platform),
    ]


def schedules() -> Sequence[Schedule]:
    """When jobs are due without being asked for; times are the shop's."""
    return [
        *payment_schedules(),
        *transfer_schedules(),
        *import_schedules(),
        Schedule(
            "commerce.sweep_stock_requests",
            "commerce.sweep_stock_requests",
            every=timedelta(minutes=15),
        ),
        Schedule("commerce.send_stock_digest", "commerce.send_stock_digest", cron="0 7 * * *"),
        Schedule("commerce.request_reviews", "commerce.request_reviews", cron="30 9 * * *"),
        Schedule("commerce.expire_batches", "commerce.expire_batches", cron="1 0,6,12,18 * * *"),
        Schedule("commerce.sweep_brand_names", "commerce.sweep_brand_names", cron="20 3 * * *"),
        Schedule(FIND_ABANDONED, FIND_ABANDONED, every=timedelta(minutes=15)),
        Schedule(PUBLISH_DUE, PUBLISH_DUE, every=timedelta(minutes=1)),
        Schedule("commerce.prune_prices", "commerce.prune_prices", cron="10 4 * * 0"),
        Schedule(
            "commerce.learn_recommendations", "commerce.learn_recommendations", cron="30 2 * * *"
        ),
        *search_schedules(),
    ]


def _learn() -> None:
    learn()


def _tell_abandoned_carts(carts: AbandonedCarts) -> None:
    carts.tell()


def _publish_due(publishing: Publishing) -> None:
    publishing.run()


def _prune_prices(prices: PriceHistory) -> None:
    prices.prune()


def _check_batches(batches: Batches) -> None:
    batches.expire_due(_JOB)
    batches.alert_due()


def _sweep_stock_requests(notices: StockNotices) -> None:
    notices.sweep()


def _request_reviews(requests: ReviewRequests) -> None:
    requests.send_due()


def _send_stock_digest(digest: StockDigest) -> None:
    digest.send()
