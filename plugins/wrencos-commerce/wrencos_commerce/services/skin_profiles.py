"""Skin profiles of customers: kept by themselves, read by what advises them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo import ReturnDocument

from wrencos_commerce.models.product import fold_tag
from wrencos_commerce.models.skin_profile import SkinProfile, Source
from wrencos_commerce.services.avoiding import Avoiding
from wrencos_core.api import NotFound, bump, new_id, now, transactional

Row = Mapping[str, Any]


class SkinProfileInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's profile. `unknown_avoids` are texts that the dictionary does not know.

    Without `use_for_recommendations` nothing but `avoid` may be used for suggestions.
    """

    user_id: str
    skin_type: str | None
    concerns: tuple[str, ...]
    sensitivities: tuple[str, ...]
    avoid: tuple[str, ...]
    unknown_avoids: tuple[str, ...]
    tone: str | None
    undertone: str | None
    age_range: str | None
    source: str
    use_for_recommendations: bool
    consented_at: datetime | None
    show_in_reviews: bool
    updated_at: datetime


class SkinProfiles:
    """Reads and keeps profiles; each is its customer's own."""

    def find(self, user_id: str) -> SkinProfileInfo | None:
        """The profile of this user, or None. One query, on an index."""
        row = SkinProfile.raw().find_one({"user_id": user_id})
        return None if row is None else _info(row)

    def hold(self, user_id: str) -> SkinProfileInfo | None:
        """As `find`, for a transaction that copies from the profile.

        It is written to, so that a change of it at this moment collides, and one of both runs again
        and meets what the other wrote.
        """
        row = SkinProfile.raw().find_one_and_update(
            {"user_id": user_id}, {"$inc": {"version": 1}}, return_document=ReturnDocument.AFTER
        )
        return None if row is None else _info(row)

    def get(self, user_id: str) -> SkinProfileInfo:
        """As `find`; raises NotFound."""
        found = self.find(user_id)
        if found is None:
            raise NotFound("You have no skin profile yet.")
        return found

    def avoided(self, user_id: str) -> Sequence[str]:
        """What this user avoids, as they typed it; nothing for who has no profile."""
        row = SkinProfile.raw().find_one({"user_id": user_id}, {"avoid": 1})
        return tuple(row["avoid"]) if row else ()

    @transactional
    def save(
        self, user_id: str, values: Row, source: Source = Source.MANUAL, *, whole: bool = True
    ) -> SkinProfileInfo:
        """Keep the fields of SkinProfile in `values`, and return the profile.

        A `whole` profile replaces the one before; else what `values` lacks stays as it is. Consent
        gets the present time when it is new, and loses it when it is withdrawn.
        """
        before: Row = SkinProfile.raw().find_one({"user_id": user_id}) or {}
        after = {**_EMPTY, **({} if whole else _kept(before)), **values}
        for field in ("concerns", "sensitivities"):
            after[field] = list(dict.fromkeys(map(fold_tag, after[field])))
        if after["skin_type"]:
            after["skin_type"] = fold_tag(after["skin_type"])
        after["avoid"] = list(dict.fromkeys(after["avoid"]))
        avoiding = Avoiding.of(after["avoid"])
        after["avoid_keys"], after["avoid_groups"] = list(avoiding.keys), list(avoiding.groups)
        after["source"] = source.value
        after["consented_at"] = (
            (before.get("consented_at") or now()) if after["use_for_recommendations"] else None
        )
        made = {"_id": new_id(SkinProfile.id_prefix), "created_at": now()}
        row = SkinProfile.raw().find_one_and_update(
            {"user_id": user_id},
            bump({"$set": after, "$setOnInsert": made}),
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return _info(row)

    def delete(self, user_id: str) -> int:
        """Forget the user's profile; how many there were: 0 or 1."""
        deleted: int = SkinProfile.raw().delete_one({"user_id": user_id}).deleted_count
        return deleted


_EMPTY: Row = {
    "skin_type": None,
    "concerns": [],
    "sensitivities": [],
    "avoid": [],
    "tone": None,
    "undertone": None,
    "age_range": None,
    "use_for_recommendations": False,
    "show_in_reviews": False,
}


def _kept(before: Row) -> dict[str, Any]:
    return {field: before[field] for field in _EMPTY if field in before}


def stored_profile(user_id: str) -> dict[str, list[dict[str, Any]]]:
    """The user's profile as a section of their personal data; nothing for who has none."""
    rows = list(SkinProfile.raw().find({"user_id": user_id}, {"version": 0, "user_id": 0}))
    return {"skinProfile": rows} if rows else {}


def erase_profile(user_id: str) -> dict[str, int]:
    """Delete the user's profile; counted when there was one.

    What the nightly job has counted names nobody, and leaves this user out from the next night on.
    """
    deleted = SkinProfile.raw().delete_one({"user_id": user_id}).deleted_count
    return {"skinProfiles": deleted} if deleted else {}


def _info(row: Row) -> SkinProfileInfo:
    return SkinProfileInfo(
        user_id=row["user_id"],
        skin_type=row.get("skin_type"),
        concerns=tuple(row["concerns"]),
        sensitivities=tuple(row["sensitivities"]),
        avoid=tuple(row["avoid"]),
        unknown_avoids=Avoiding.of(row["avoid"]).unknown,
        tone=row.get("tone"),
        undertone=row.get("undertone"),
        age_range=row.get("age_range"),
        source=row["source"],
        use_for_recommendations=row["use_for_recommendations"],
        consented_at=row.get("consented_at"),
        show_in_reviews=row["show_in_reviews"],
        updated_at=row["updated_at"],
    )
