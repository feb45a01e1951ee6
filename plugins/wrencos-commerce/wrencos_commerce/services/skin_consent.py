"""What a customer's skin profile allows, carried over to the reviews that show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.skin_profile import Source
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.services.skin_profiles import SkinProfileInfo, SkinProfiles
from wrencos_core.api import transactional


class SkinConsent:
    """Keeps skin profiles; who withdraws a profile or its showing withdraws it from reviews."""

    def __init__(self, profiles: SkinProfiles, reviews: Reviews) -> None:
        self._profiles = profiles
        self._reviews = reviews

    @transactional
    def save(
        self,
        user_id: str,
        values: Mapping[str, Any],
        source: Source = Source.MANUAL,
        *,
        whole: bool = True,
    ) -> SkinProfileInfo:
        """As SkinProfiles.save; the reviews show the skin no more when that was withdrawn."""
        before = self._profiles.find(user_id)
        after = self._profiles.save(user_id, values, source, whole=whole)
        if before is not None and before.show_in_reviews and not after.show_in_reviews:
            self._reviews.hide_skin_type(user_id)
        return after

    @transactional
    def delete(self, user_id: str) -> None:
        """Forget the profile, in the reviews too; fine when there is none."""
        self._profiles.delete(user_id)
        self._reviews.hide_skin_type(user_id)
