"""Customers' own reviews: posting, changing and deleting them, one for each product."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wrencos_commerce.errors import AlreadyReviewed
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.review import ANY, REFUSALS, SORTS, RefusedReview, Review, ReviewState
from wrencos_commerce.services import ratings
from wrencos_commerce.services.review_writer import ReviewWriter
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    Identity,
    NotFound,
    PermissionDenied,
    Platform,
    Role,
    bump,
    new_id,
    new_row,
    now,
    transactional,
)
from wrencos_core.contracts.files import ImageProcessed
from wrencos_core.contracts.orders import OrderStatusChanged

Row = Mapping[str, Any]

_CONTENT = ("rating", "comment", "photos")
_FINISHED = [OrderStatus.DELIVERED.value, OrderStatus.CANCELLED.value]


class Reviews:
    """Writes reviews for their authors, and keeps them right when orders and images go on.

    What comes in: `rating` (1 to 5), `comment` (plain text), `image_ids` of uploaded images,
    `show_name`, and `show_skin_type`, which copies the skin type of the author's profile.
    """

    def __init__(self, platform: Platform, writer: ReviewWriter) -> None:
        self._platform = platform
        self._writer = writer
        self._moderation = platform.settings_for(CommerceSettings).review_moderation

    @transactional
    def post(self, product_id: str, values: Row, identity: Identity) -> Row:
        """The customer's review of a product for sale; `state` says whether it is to be seen yet.

        It waits for a moderator when one that they have deleted was hidden or rejected.
        Raises PermissionDenied for staff, NotFound for the product or an image, and
        AlreadyReviewed.
        """
        user_id = require_customer(identity)
        product = ratings.lock(product_id)
        if not product["is_active"]:
            raise NotFound(f"There is no product {product_id}.")
        mine = {"user_id": user_id, "product_id": product_id}
        if found := Review.raw().find_one(mine, {"_id": 1}):
            raise AlreadyReviewed(
                "You have reviewed this product; change that review.", reviewId=found["_id"]
            )
        id = new_id(Review.id_prefix)
        is_verified = _has_received(user_id, product_id)
        waits = self._waits(is_verified=is_verified) or _was_refused(mine)
        row = new_row(
            id,
            **mine,
            rating=values["rating"],
            comment=tidied(values["comment"]),
            photos=self._claimed(values.get("image_ids", ()), id, identity),
            is_verified=is_verified,
            show_name=values.get("show_name", False),
            **self._skin(user_id, values.get("show_skin_type")),
            state=(ReviewState.PENDING if waits else ReviewState.PUBLISHED).value,
            helpful=0,
            unhelpful=0,
            open_reports=0,
        )
        self._writer.insert(product, row)
        return row

    @transactional
    def edit(self, id: str, changes: Row, identity: Identity) -> Row:
        """Change the given fields of the caller's own review; the changed row.

        New words, stars or photos go to a moderator again where the shop wants that, and always
        when the review was hidden or rejected. Raises NotFound, also for another's.
        """
        before = own(id, identity)
        fields: dict[str, Any] = {
            name: changes[name] for name in ("rating", "show_name") if name in changes
        }
        if "comment" in changes:
            fields["comment"] = tidied(changes["comment"])
        if "image_ids" in changes:
            fields["photos"] = self._exchanged(before, changes["image_ids"], identity)
        if "show_skin_type" in changes:
            fields |= self._skin(before["user_id"], changes["show_skin_type"])
        state = None
        if any(name in fields and fields[name] != before[name] for name in _CONTENT):
            fields["edited_at"] = now()
            if before["state"] != ReviewState.PUBLISHED or self._waits(
                is_verified=before["is_verified"]
            ):
                state = ReviewState.PENDING
        return self._writer.change(before, fields, state=state, actor=identity.actor)

    @transactional
    def delete(self, id: str, identity: Identity) -> None:
        """Delete the caller's own review and its photos. Raises NotFound, also for another's.

        That it was hidden or rejected is remembered, or it could be posted again past that.
        """
        row = own(id, identity)
        self._writer.delete(row)
        if _has_refusal(row):
            mine = {"user_id": row["user_id"], "product_id": row["product_id"]}
            made = {"_id": new_id(RefusedReview.id_prefix), "created_at": now()}
            RefusedReview.raw().update_one(mine, bump({"$setOnInsert": made}), upsert=True)

    @transactional
    def hide_skin_type(self, user_id: str) -> int:
        """Take the author's skin from all their reviews: they agree to it no more. How many."""
        mine = Review.raw().find({"user_id": user_id}).sort("product_id", 1)
        rows = [row for row in mine if row.get("skin_type")]
        for row in rows:
            self._writer.change(row, _NO_SKIN)
        return len(rows)

    @staticmethod
    def latest(product_id: str, limit: int = 5) -> list[Row]:
        """The newest published reviews of a product, for its own page."""
        query = {
            "product_id": product_id,
            "state": ReviewState.PUBLISHED.value,
            "facets": ANY,
        }
        return list(Review.raw().find(query).sort(SORTS["newest"]).limit(limit))

    def on_order_delivered(self, event: OrderStatusChanged) -> None:
        """Subscriber: the buyer's reviews of what was delivered are verified from now on.

        Those that waited for nothing else are published.
        """
        if event.status != OrderStatus.DELIVERED:
            return
        order = Order.raw().find_one({"_id": event.order_id}, {"lines.product_id": 1})
        products = {line["product_id"] for line in order["lines"]} if order else set()
        query = {
            "user_id": event.user_id,
            "product_id": {"$in": sorted(products)},
            "is_verified": False,
        }
        for row in list(Review.raw().find(query).sort("product_id", 1)):
            # One that was refused before waits for a person, whatever its author has bought.
            mine = {"user_id": row["user_id"], "product_id": row["product_id"]}
            refused = _has_refusal(row) or _was_refused(mine)
            only_unverified = row["state"] == ReviewState.PENDING and not refused
            publish = only_unverified and not self._waits(is_verified=True)
            self._writer.change(
                row,
                {"is_verified": True},
                state=ReviewState.PUBLISHED if publish else None,
                actor="system",
            )

    @staticmethod
    def on_image_processed(event: ImageProcessed) -> None:
        """Subscriber: the thumbnails of a photo are there."""
        Review.raw().update_many(
            {"photos.id": event.image_id},
            bump({"$set": {"photos.$[photo].thumbnails": event.thumbnails}}),
            array_filters=[{"photo.id": event.image_id}],
        )

    def _waits(self, *, is_verified: bool) -> bool:
        """Whether a moderator must see such a review before everybody does."""
        return self._moderation == "all" or (self._moderation == "unverified" and not is_verified)

    def _skin(self, user_id: str, wanted: bool | None) -> dict[str, Any]:
        """What of the author's skin goes with a review; None: as their profile has it.

        The profile is held, so that who withdraws it at this moment finds this review.
        """
        profiles = self._platform.services.find(SkinProfiles)
        profile = profiles.hold(user_id) if profiles and wanted is not False else None
        if profile is None or not (wanted or profile.show_in_reviews):
            return dict(_NO_SKIN)
        return {"skin_type": profile.skin_type}

    def _claimed(
        self, image_ids: Sequence[str], review_id: str, identity: Identity
    ) -> list[dict[str, Any]]:
        stored = self._platform.images.claim(image_ids, review_id, identity)
        return [
            {
                "id": image.id,
                "url": image.url,
                "width": image.width,
                "height": image.height,
                "thumbnails": image.thumbnails,
            }
            for image in stored
        ]

    def _exchanged(
        self, before: Row, image_ids: Sequence[str], identity: Identity
    ) -> list[dict[str, Any]]:
        gone = {photo["id"] for photo in before["photos"]} - set(image_ids)
        if gone:
            self._platform.images.release(sorted(gone), before["_id"])
        return self._claimed(image_ids, before["_id"], identity)


_NO_SKIN: Row = {"skin_type": None}


def require_customer(identity: Identity) -> str:
    """The caller's user id; raises PermissionDenied for whoever is no customer."""
    if identity.role is not Role.CUSTOMER or identity.user_id is None:
        raise PermissionDenied("Reviews are written and judged by customers.")
    return identity.user_id


def own(id: str, identity: Identity) -> Row:
    """The caller's review; raises NotFound, also for another's."""
    row: Row | None = Review.raw().find_one({"_id": id, "user_id": identity.user_id})
    if row is None:
        raise NotFound(f"There is no review {id} of yours.")
    return row


def tidied(comment: str) -> str:
    """`comment` as it was typed, but with at most one empty line between paragraphs."""
    lines = "\n".join(line.rstrip() for line in comment.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines)


def _has_refusal(row: Row) -> bool:
    """Whether a moderator has ever hidden or rejected this review."""
    return any(entry["state"] in REFUSALS for entry in row["history"])


def _was_refused(mine: Row) -> bool:
    """Whether one of this user (`user_id`) and `product_id` was, which they have deleted."""
    return RefusedReview.raw().find_one(mine, {"_id": 1}) is not None


def _has_received(user_id: str, product_id: str) -> bool:
    """Whether an order of the user's with this product was delivered."""
    bought = {"user_id": user_id, "lines.product_id": product_id}
    if Order.raw().find_one({**bought, "status": OrderStatus.DELIVERED.value}, {"_id": 1}):
        return True
    # Written to, so that a delivery at this moment collides: then either this runs again and finds
    # it, or the delivery does, and its event finds the review.
    Order.raw().update_many({**bought, "status": {"$nin": _FINISHED}}, {"$inc": {"version": 1}})
    return False
