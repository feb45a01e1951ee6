"""Asking customers, some days after a delivery, what they think of what they bought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from wrencos_commerce.errors import InvalidLink
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import Review
from wrencos_commerce.models.review_request import ReviewOptOut, ReviewRequest
from wrencos_commerce.services.product_links import ProductLinks
from wrencos_commerce.services.signed_links import one_click, opened, signed
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Invalid, Platform, new_id, new_row, now, transaction
from wrencos_core.contracts.auth import UserDirectory, UserSummary

Row = Mapping[str, Any]

log = structlog.get_logger(__name__)

UNSUBSCRIBE = "review-request-unsubscribe"
PATH = "/api/review-requests/unsubscribe"
# An order that was delivered earlier is not asked about: a new shop must not mail its history.
STALE = timedelta(days=30)
_MOST_PRODUCTS = 10
_BATCH = 200


class ReviewRequests:
    """Sends one mail for each order, and knows who wants none."""

    def __init__(self, platform: Platform, links: ProductLinks) -> None:
        self._platform = platform
        self._links = links
        self._days = platform.settings_for(CommerceSettings).review_request_days

    def send_due(self) -> int:
        """Job: queue the mails of the orders whose time has come; how many.

        An order is dealt with in a transaction of its own, once: run again, after a crash or by
        two workers, it is mailed no second time.
        """
        if not self._days:
            return 0
        sent = 0
        for orders in self._due():
            users = self._users(orders)
            for order in orders:
                user = users.get(order.get("user_id") or "")
                if user is not None:
                    sent += self._ask(order, user)
        return sent

    def unsubscribe(self, token: str) -> None:
        """Ask the user whom this link was mailed to no more; fine twice. Raises InvalidLink."""
        self.set_wanted(self.user_of(token), wanted=False)

    def user_of(self, token: str) -> str:
        """The user whom this link was mailed to. Raises InvalidLink."""
        user_id = opened(self._platform.secret_key, UNSUBSCRIBE, token)
        if user_id is None:
            raise InvalidLink()
        return user_id

    @staticmethod
    def wanted(user_id: str) -> bool:
        """Whether the user may be asked for reviews by mail."""
        return ReviewOptOut.raw().find_one({"user_id": user_id}, {"_id": 1}) is None

    @staticmethod
    def set_wanted(user_id: str, *, wanted: bool) -> None:
        """Whether to ask this user for reviews by mail from now on."""
        mine = {"user_id": user_id}
        if wanted:
            ReviewOptOut.raw().delete_one(mine)
            return
        row = new_row(new_id(ReviewOptOut.id_prefix))
        ReviewOptOut.raw().update_one(mine, {"$setOnInsert": row}, upsert=True)

    def _due(self) -> Iterator[list[Row]]:
        """The orders to be looked at, oldest delivery first, some at a time."""
        moment = now()
        since = moment - STALE
        until = moment - timedelta(days=self._days)
        after: tuple[datetime, str] = (since, "")
        fields = {"user_id": 1, "lines": 1, "delivered_at": 1}
        while True:
            at, id = after
            query = {
                "delivered_at": {"$gte": at, "$lte": until},
                "$or": [{"delivered_at": {"$gt": at}}, {"_id": {"$gt": id}}],
            }
            found = Order.raw().find(query, fields)
            rows = list(found.sort([("delivered_at", 1), ("_id", 1)]).limit(_BATCH))
            if not rows:
                return
            after = rows[-1]["delivered_at"], rows[-1]["_id"]
            known = {"order_id": {"$in": [row["_id"] for row in rows]}}
            done = {row["order_id"] for row in ReviewRequest.raw().find(known, {"order_id": 1})}
            yield [row for row in rows if row["_id"] not in done]

    def _users(self, orders: Sequence[Row]) -> dict[str, UserSummary]:
        """Those of the buyers who may be mailed."""
        ids = {order["user_id"] for order in orders if order.get("user_id")}
        refused = ReviewOptOut.raw().find({"user_id": {"$in": sorted(ids)}}, {"user_id": 1})
        ids -= {row["user_id"] for row in refused}
        directory = self._platform.services.require(UserDirectory)
        users = directory.find_many(ids)
        return {id: user for id, user in users.items() if not (user.is_erased or user.disabled)}

    def _ask(self, order: Row, user: UserSummary) -> bool:
        try:
            return transaction(partial(self._asked, order, user))
        except Invalid:
            # An address that can't be written to must not keep the others waiting.
            log.warning("review_request.not_sent", order=order["_id"])
            return False

    def _asked(self, order: Row, user: UserSummary) -> bool:
        if ReviewRequest.raw().find_one({"order_id": order["_id"]}, {"_id": 1}):
            return False
        if not self.wanted(user.user_id):
            return False
        products = _unreviewed(order)
        ReviewRequest.raw().insert_one(
            new_row(
                new_id(ReviewRequest.id_prefix),
                order_id=order["_id"],
                user_id=user.user_id,
                is_mailed=bool(products),
                expires_at=order["delivered_at"] + 2 * STALE,
            )
        )
        if products:
            self._mail(order, user, products)
        return bool(products)

    def _mail(self, order: Row, user: UserSummary, products: Sequence[Row]) -> None:
        token = signed(self._platform.secret_key, UNSUBSCRIBE, user.user_id)
        url, headers = one_click(f"{self._platform.settings.base_url}{PATH}", token)
        self._platform.mailer.queue(
            template="commerce/review_request",
            to=user.email,
            locale=user.locale,
            key=f"{order['_id']}:review-request",
            user_id=user.user_id,
            headers=headers,
            context={
                "name": user.display_name,
                "order_id": order["_id"],
                "delivered_at": order["delivered_at"],
                "products": [
                    {"name": row["name"], "link": self._links.url(row)} for row in products
                ],
                "unsubscribe_link": f"{url}&locale={user.locale}",
            },
        )


def _unreviewed(order: Row) -> list[Row]:
    """The products of the order, in its order, that are for sale and the buyer has not reviewed."""
    ids = list(dict.fromkeys(line["product_id"] for line in order["lines"]))
    query = {"user_id": order["user_id"], "product_id": {"$in": ids}}
    reviewed = {row["product_id"] for row in Review.raw().find(query, {"product_id": 1})}
    shown = Product.raw().find({"_id": {"$in": ids}, "is_active": True}, {"name": 1, "slug": 1})
    products = {row["_id"]: row for row in shown}
    return [products[id] for id in ids if id in products and id not in reviewed][:_MOST_PRODUCTS]
