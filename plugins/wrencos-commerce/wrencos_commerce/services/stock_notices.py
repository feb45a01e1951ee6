"""Telling those who wait for a variant that it is back: each once, the oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_request import StockRequest, StockRequestState as State
from wrencos_commerce.services.product_links import ProductLinks
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_requests import KEEP_DONE, NOTIFY, StockRequests
from wrencos_commerce.services.translations import translated
from wrencos_commerce.services.variants import find_variant, variant_name
from wrencos_core.api import Invalid, Platform, bump, now, transaction
from wrencos_core.contracts.auth import UserDirectory, UserSummary
from wrencos_core.contracts.commerce import StockBack

Row = Mapping[str, Any]

log = structlog.get_logger(__name__)

_BATCH = 100


class StockNotices:
    """Mails everybody who waits for a variant. A request is told or not in one transaction."""

    def __init__(
        self, platform: Platform, stock: Stock, requests: StockRequests, links: ProductLinks
    ) -> None:
        self._platform = platform
        self._stock = stock
        self._requests = requests
        self._links = links

    def on_stock_back(self, event: StockBack) -> None:
        """Subscriber: have a worker tell those who wait."""
        self._enqueue(event.variant_id)

    def notify(self, variant_id: str) -> None:
        """Job: mail all who wait, until it is sold out again or withdrawn.

        However many pieces there are, all are told: who buys first gets one. Run twice, or by two
        workers at once, it mails each of them once.
        """
        while True:
            found = self._back(variant_id)
            rows = _next_in_line(variant_id) if found else []
            if not found or not rows:
                return
            directory = self._platform.services.require(UserDirectory)
            users = directory.find_many(row["user_id"] for row in rows if row.get("user_id"))
            for row in rows:
                self._tell(row, *found, users.get(row.get("user_id") or ""))

    def sweep(self) -> int:
        """Job: enqueue `notify` for each variant in stock that somebody still waits for.

        It makes up for what came back when no event told: published again, or a lost job. How
        many variants.
        """
        count = 0
        for variant_ids in _waited_for():
            query = {"variants.id": {"$in": variant_ids}, "is_active": True}
            wanted = set(variant_ids)
            for product in Product.raw().find(query, {"variants": 1}):
                for variant in product["variants"]:
                    if variant["id"] in wanted and variant["is_active"] and variant["inventory"]:
                        self._enqueue(variant["id"])
                        count += 1
        return count

    def _enqueue(self, variant_id: str) -> None:
        self._platform.jobs.enqueue(NOTIFY, key=variant_id, variant_id=variant_id)

    def _back(self, variant_id: str) -> tuple[Row, Row] | None:
        """The product and the variant, if it can be bought."""
        product: Row | None = Product.raw().find_one({"variants.id": variant_id, "is_active": True})
        variant = find_variant(product, variant_id) if product else None
        if product is None or variant is None or not variant["is_active"]:
            return None
        return (product, variant) if self._stock.available(variant) > 0 else None

    def _tell(self, row: Row, product: Row, variant: Row, user: UserSummary | None) -> None:
        email = row.get("email")
        if "user_id" in row:
            reachable = user is not None and not user.is_erased and not user.disabled
            email = user.email if user is not None and reachable else None
        try:
            transaction(lambda: self._told(row, product, variant, email, user))
        except Invalid:
            # An address that can't be written to must not keep the rest of the line waiting.
            log.warning("stock_notice.not_sent", request=row["_id"])
            transaction(lambda: _finish(row, State.CANCELLED))

    def _told(
        self, row: Row, product: Row, variant: Row, email: str | None, user: UserSummary | None
    ) -> None:
        if email is None:
            _finish(row, State.CANCELLED)
            return
        if not _finish(row, State.NOTIFIED):
            return
        locale = user.locale if user else row["locale"]
        cancel_link, headers = self._requests.links_for(row["_id"])
        self._platform.mailer.queue(
            template="commerce/back_in_stock",
            to=email,
            locale=locale,
            key=f"{row['_id']}:back",
            user_id=row.get("user_id"),
            headers=headers,
            context={
                "name": user.display_name if user else None,
                "product": translated(product, locale)[0],
                "variant": variant_name(variant),
                "price": variant["price"],
                "currency": product["currency"],
                "link": self._links.url(product, variant["id"]),
                "cancel_link": f"{cancel_link}&locale={locale}",
            },
        )


def _finish(row: Row, state: State) -> bool:
    """Take a waiting request out of the line; False when somebody else has."""
    moment = now()
    fields = {"state": state.value, "expires_at": moment + KEEP_DONE}
    if state is State.NOTIFIED:
        fields["notified_at"] = moment
    done = StockRequest.raw().update_one(
        {"_id": row["_id"], "state": State.WAITING.value},
        bump({"$set": fields, "$unset": {"open_key": ""}}),
    )
    return bool(done.matched_count)


def _next_in_line(variant_id: str) -> Sequence[Row]:
    line = StockRequest.raw().find({"state": State.WAITING.value, "variant_id": variant_id})
    return list(line.sort([("created_at", 1), ("_id", 1)]).limit(_BATCH))


def _waited_for() -> Iterator[list[str]]:
    """The variants that are waited for, some at a time."""
    after = ""
    while True:
        pipeline = [
            {"$match": {"state": State.WAITING.value, "variant_id": {"$gt": after}}},
            {"$sort": {"variant_id": 1}},
            {"$group": {"_id": "$variant_id"}},
            {"$sort": {"_id": 1}},
            {"$limit": _BATCH},
        ]
        ids = [row["_id"] for row in StockRequest.raw().aggregate(pipeline)]
        if not ids:
            return
        yield ids
        after = ids[-1]
