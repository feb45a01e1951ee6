"""Reading reviews: a product's, one's own, and the queue of the moderators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.models.product import Product, fold_tag
from wrencos_commerce.models.review import (
    ANY,
    SORTS,
    VERIFIED,
    WITH_PHOTOS,
    Review,
    ReviewState,
    rating_facet,
    skin_facet,
)
from wrencos_commerce.models.review_feedback import ReviewReport, ReviewVote
from wrencos_commerce.permissions import MODERATE_REVIEWS
from wrencos_commerce.services.review_pseudonyms import pseudonym
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import FeatureUnavailable, Identity, Invalid, Listing, NotFound, Platform
from wrencos_core.contracts.auth import UserDirectory

Row = Mapping[str, Any]

_NEWEST = [("created_at", -1), ("_id", -1)]


@dataclass(frozen=True, kw_only=True)
class ReviewFilter:
    """What the published reviews of a product are limited to."""

    product_id: str
    rating: int | None = None
    skin_type: str | None = None
    verified: bool = False
    with_photos: bool = False

    @property
    def query(self) -> dict[str, Any]:
        """The MongoDB filter."""
        facets = []
        if self.skin_type:
            facets.append(skin_facet(fold_tag(self.skin_type)))
        if self.rating is not None:
            facets.append(rating_facet(self.rating))
        if self.with_photos:
            facets.append(WITH_PHOTOS)
        if self.verified:
            facets.append(VERIFIED)
        return {
            "product_id": self.product_id,
            "state": ReviewState.PUBLISHED.value,
            "facets": {"$all": facets or [ANY]},
        }


class ReviewQueries:
    """Reads reviews; rows have the fields of the Review document."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._listing = Listing(Review.raw)
        self._reports = Listing(ReviewReport.raw)

    def page(self, wanted: ReviewFilter, sort: str, skip: int, limit: int) -> tuple[list[Row], int]:
        """Published reviews that fit, and how many fit in all. `sort` is a key of SORTS."""
        return self._listing.page(wanted.query, sort=SORTS[sort], skip=skip, limit=limit)

    def page_like(
        self, user_id: str, wanted: ReviewFilter, sort: str, skip: int, limit: int
    ) -> tuple[list[Row], int]:
        """As `page`, by people who show the same skin type as the user's profile has.

        Nothing is compared that a review does not show: who may choose what to be compared with
        could read it. Raises Invalid without a skin type, and FeatureUnavailable where there are
        no profiles.
        """
        query = wanted.query
        query["facets"]["$all"].insert(0, skin_facet(self._skin_type(user_id)))
        return self._listing.page(query, sort=SORTS[sort], skip=skip, limit=limit)

    def by_author(self, user_id: str, skip: int, limit: int) -> tuple[list[Row], int]:
        """The user's own reviews in every state, the newest first, and how many there are."""
        return self._listing.page({"user_id": user_id}, sort=_NEWEST, skip=skip, limit=limit)

    def queue(
        self, state: ReviewState | None, reported: bool, skip: int, limit: int
    ) -> tuple[list[Row], int]:
        """Reviews for moderators, the newest first, or those that most have reported."""
        query: dict[str, Any] = {} if state is None else {"state": state.value}
        if reported:
            query["open_reports"] = {"$gt": 0}
        sort = [("open_reports", -1), *_NEWEST] if reported else _NEWEST
        return self._listing.page(query, sort=sort, skip=skip, limit=limit)

    def reports(self, id: str, skip: int, limit: int) -> tuple[list[Row], int]:
        """What customers have reported of a review, the newest first. Raises NotFound."""
        if not Review.raw().find_one({"_id": id}, {"_id": 1}):
            raise NotFound(f"There is no review {id}.")
        return self._reports.page({"review_id": id}, sort=_NEWEST, skip=skip, limit=limit)

    def visible_to(self, identity: Identity, id: str) -> Row:
        """A published review, the caller's own, or any one for moderators; else NotFound."""
        row: Row | None = Review.raw().find_one({"_id": id})
        if row is not None and (
            row["state"] == ReviewState.PUBLISHED
            or (identity.user_id is not None and row["user_id"] == identity.user_id)
            or (identity.is_authenticated and self._platform.allows(identity, MODERATE_REVIEWS))
        ):
            return row
        raise NotFound(f"There is no review {id}.")

    def authors(self, rows: Iterable[Row]) -> dict[str, str]:
        """How the authors who want their names shown are called: "Lan N.", by user id."""
        directory = self._platform.services.require(UserDirectory)
        users = directory.find_many(row["user_id"] for row in rows if row["show_name"])
        return {
            id: f"{user.first_name} {user.last_name[:1]}.".replace(" .", "").strip()
            for id, user in users.items()
            if not user.is_erased
        }

    def author_ids(self, identity: Identity, rows: Iterable[Row]) -> dict[str, str]:
        """What tells the caller who wrote each review, by review id.

        The user's id where the author shows their name, and for the author and moderators; else
        one that is theirs for this product only, so that nobody joins what they wrote of several.
        """
        key = self._platform.secret_key
        sees_all = identity.is_authenticated and self._platform.allows(identity, MODERATE_REVIEWS)
        return {
            row["_id"]: row["user_id"]
            if sees_all or row["show_name"] or row["user_id"] == identity.user_id
            else pseudonym(key, row["user_id"], row["product_id"])
            for row in rows
        }

    @staticmethod
    def votes(user_id: str | None, rows: Iterable[Row]) -> dict[str, bool]:
        """Whether each review that the user has voted on helped them, by review id."""
        ids = [row["_id"] for row in rows]
        if user_id is None or not ids:
            return {}
        mine = ReviewVote.raw().find({"review_id": {"$in": ids}, "user_id": user_id})
        return {vote["review_id"]: vote["is_helpful"] for vote in mine}

    @staticmethod
    def product_names(rows: Iterable[Row]) -> dict[str, str]:
        """The names of the products that are reviewed, by id."""
        ids = sorted({row["product_id"] for row in rows})
        found = Product.raw().find({"_id": {"$in": ids}}, {"name": 1}) if ids else ()
        return {row["_id"]: row["name"] for row in found}

    def _skin_type(self, user_id: str) -> str:
        profiles = self._platform.services.find(SkinProfiles)
        if profiles is None:
            raise FeatureUnavailable("This shop keeps no skin profiles.")
        profile = profiles.find(user_id)
        if profile is None or not profile.skin_type:
            raise Invalid(errors={"likeMe": ["Tell your skin type first."]})
        return profile.skin_type
