"""The queue of what a human must decide about payments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.payment_review import PaymentReview, ReviewReason
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Listing, NotFound, Platform, bump, new_row

Row = Mapping[str, Any]

NEWEST = [("created_at", -1), ("_id", -1)]


class PaymentReviews:
    """Fills and reads the queue; review_desk.py empties it."""

    def __init__(self, platform: Platform) -> None:
        self._mailer = platform.mailer
        self._to = platform.settings_for(CommerceSettings).payment_alert_email
        self._listing = Listing(PaymentReview.raw)

    def add(self, reason: ReviewReason, key: str, detail: str, **about: Any) -> str:
        """Put something into the queue, in the running transaction; its id.

        The same `reason` and `key` are the same entry, also when it has been resolved. `about` has
        the fields of PaymentReview that are known; `method` is needed.
        """
        digest = hashlib.sha256(f"{reason.value}|{key}".encode()).hexdigest()
        id = f"{PaymentReview.id_prefix}_{digest[:26]}"
        if PaymentReview.raw().find_one({"_id": id}, {"_id": 1}) is None:
            known = {name: value for name, value in about.items() if value is not None}
            values = {"reason": reason.value, "state": "open", "detail": detail, **known}
            PaymentReview.raw().insert_one(new_row(id, **values))
            self._tell(id, values)
        return id

    def _tell(self, id: str, values: Row) -> None:
        """Mail whom the shop wants to know of it at once."""
        if self._to:
            context = {
                "review_id": id,
                "reason": values["reason"].replace("_", " "),
                "detail": values["detail"],
                "order_id": values.get("order_id"),
                "payment_id": values.get("payment_id"),
                "method": values["method"],
            }
            self._mailer.queue(
                template="commerce/payment_review", to=self._to, key=f"{id}:open", context=context
            )

    def page(self, state: str | None, skip: int, limit: int) -> tuple[list[Row], int]:
        """Entries in this state (all when None), the newest first, and how many there are."""
        query = {"state": state} if state else {}
        return self._listing.page(query, sort=NEWEST, skip=skip, limit=limit)

    @staticmethod
    def get(id: str) -> Row:
        """The entry; raises NotFound."""
        row: Row | None = PaymentReview.raw().find_one({"_id": id})
        if row is None:
            raise NotFound(f"There is no review {id}.")
        return row

    @staticmethod
    def locked(id: str) -> Row:
        """The entry, which nobody else can change until the transaction ends."""
        row: Row | None = PaymentReview.raw().find_one_and_update(
            {"_id": id}, bump({}), return_document=True
        )
        if row is None:
            raise NotFound(f"There is no review {id}.")
        return row
