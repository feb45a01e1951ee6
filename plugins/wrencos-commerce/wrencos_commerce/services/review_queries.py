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
from wrencos_commerce.services.skin_profiles import SkinProfileInfo, SkinProfiles
from wrencos_core.api import FeatureUnavailable, Identity, Invalid, Listing, NotFound, Platform
from wrencos_core.contracts.auth import UserDirectory

Row = Mapping[str, Any]

_NEWEST = [("created_at", -1), ("_id", -1)]
# More reviews by people like the caller than this are not compared; the newest are.
_MOST_COMPARED = 1000


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
        self, user_id: str, wanted: ReviewFilter, skip: int, limit: int
    ) -> tuple[list[Row], int]:
        """As `page`, by people of the user's skin type; most shared concerns first, then newest.

        Who has told no skin type is compared by concerns alone. Raises Invalid without a profile,
        and FeatureUnavailable where there are none.
        """
        profile = self._profile(user_id)
        query, concerns = wanted.query, list(profile.concerns)
        if profile.skin_type:
            query["facets"]["$all"].insert(0, skin_facet(profile.skin_type))
        else:
            query["concerns"] = {"$in": concerns}
        shared = {"$size": {"$setIntersection": ["$concerns", concerns]}}
        order = {"shared": -1, "created_at": -1, "_id": -1}
        pipeline: list[dict[str, Any]] = [
            {"$match": query},
            {"$sort": dict(_NEWEST)},
            {"$limit": _MOST_COMPARED},
            {"$set": {"shared": shared}},
            {
                "$facet": {
                    "page": [{"$sort": order}, {"$skip": skip}, {"$limit": limit}],
                    "total": [{"$count": "count"}],
                }
            },
        ]
        (answer,) = Review.raw().aggregate(pipeline)
        return answer["page"], answer["total"][0]["count"] if answer["total"] else 0

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

    def _profile(self, user_id: str) -> SkinProfileInfo:
        profiles = self._platform.services.find(SkinProfiles)
        if profiles is None:
            raise FeatureUnavailable("This shop keeps no skin profiles.")
        profile = profiles.find(user_id)
        if profile is None or not (profile.skin_type or profile.concerns):
            raise Invalid(errors={"likeMe": ["Tell your skin type or concerns first."]})
        return profile
