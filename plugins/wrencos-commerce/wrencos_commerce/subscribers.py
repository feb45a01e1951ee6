"""What commerce does when something has happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from wrencos_commerce.models.order import Order
from wrencos_commerce.services.gallery import Gallery
from wrencos_commerce.services.privacy import finish_erasure
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.services.search.work import search_subscribers
from wrencos_commerce.services.stock_digest import StockDigest
from wrencos_commerce.services.stock_notices import StockNotices
from wrencos_core.api import Platform, Subscriber, now
from wrencos_core.contracts.auth import UserDirectory, UserErased
from wrencos_core.contracts.commerce import BatchExpiring, StockBack, StockLow
from wrencos_core.contracts.files import ImageProcessed
from wrencos_core.contracts.orders import OrderPlaced, OrderStatusChanged

# A replay, or an import of old orders, must not write to people about them.
STALE = timedelta(days=3)


def subscribers(platform: Platform) -> Sequence[Subscriber]:
    """The subscribers, bound to the platform."""
    return [
        Subscriber(
            OrderPlaced, "commerce.confirm_order", lambda event: confirm_order(platform, event)
        ),
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
            UserErased,
            "commerce.finish_erasure",
            lambda event: finish_erasure(platform, event),
        ),
        *search_subscribers(platform),
    ]


def confirm_order(platform: Platform, event: OrderPlaced) -> None:
    """Queue the confirmation of a new order, once for each order, in the customer's language."""
    if event.user_id is None or now() - event.occurred_at > STALE:
        return
    directory = platform.services.require(UserDirectory)
    user = directory.find(event.user_id)
    order = Order.raw().find_one({"_id": event.order_id})
    if user is None or user.is_erased or order is None:
        return
    platform.mailer.queue(
        template="commerce/order_confirmation",
        to=user.email,
        locale=user.locale,
        key=f"{event.order_id}:confirmation",
        user_id=user.user_id,
        context={
            "name": user.display_name,
            "order_id": event.order_id,
            "lines": event.lines,
            "adjustments": event.adjustments,
            "total": event.total_price,
            "currency": event.currency,
            "address": order["shipping_address"],
            "estimated_delivery": date.fromisoformat(order["estimated_delivery"]),
            "payment_method": event.payment_method,
        },
    )
