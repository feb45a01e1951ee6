"""What commerce does when something has happened."""

from __future__ import annotations

from collections.abc import Sequence

from wrencos_commerce.services.gallery import Gallery
from wrencos_commerce.services.order_mails import order_mail_subscribers
from wrencos_commerce.services.privacy import finish_erasure
from wrencos_commerce.services.returns.queries import ReturnQueries
from wrencos_commerce.services.returns.receiving import ReturnReceiving
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.services.search.work import search_subscribers
from wrencos_commerce.services.stock_digest import StockDigest
from wrencos_commerce.services.stock_notices import StockNotices
from wrencos_core.api import Platform, Subscriber
from wrencos_core.contracts.auth import UserErased
from wrencos_core.contracts.commerce import BatchExpiring, StockBack, StockLow
from wrencos_core.contracts.files import ImageProcessed
from wrencos_core.contracts.orders import OrderRefunded, OrderStatusChanged


def subscribers(platform: Platform) -> Sequence[Subscriber]:
    """The subscribers, bound to the platform."""
    return [
        *order_mail_subscribers(platform),
        Subscriber(
            StockBack,
            "commerce.notify_stock_back",
            lambda event: platform.services.require(StockNotices).on_stock_back(event),
        ),
        Subscriber(
            StockLow,
            "commerce.note_stock_low",
            lambda event: platform.services.require(StockDigest).on_stock_low(event),
        ),
        Subscriber(
            BatchExpiring,
            "commerce.note_batch_expiring",
            lambda event: platform.services.require(StockDigest).on_batch_expiring(event),
        ),
        Subscriber(
            OrderStatusChanged,
            "commerce.verify_reviews",
            lambda event: platform.services.require(Reviews).on_order_delivered(event),
        ),
        Subscriber(
            ImageProcessed,
            "commerce.show_thumbnails",
            lambda event: platform.services.require(Gallery).image_processed(event),
        ),
        Subscriber(
            ImageProcessed,
            "commerce.show_review_thumbnails",
            lambda event: platform.services.require(Reviews).on_image_processed(event),
        ),
        Subscriber(
            ImageProcessed,
            "commerce.show_return_thumbnails",
            lambda event: platform.services.require(ReturnQueries).on_image_processed(event),
        ),
        Subscriber(
            OrderRefunded,
            "commerce.close_return",
            lambda event: platform.services.require(ReturnReceiving).on_refunded(event),
        ),
        Subscriber(
            UserErased,
            "commerce.finish_erasure",
            lambda event: finish_erasure(platform, event),
        ),
        *search_subscribers(platform),
    ]
