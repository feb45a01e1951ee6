"""Who withdraws the showing of their skin withdraws it from what they have written."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from wrencos_commerce.models.review import Review
from wrencos_commerce.services.review_writer import ReviewWriter
from wrencos_commerce.services.skin_consent import SkinConsent
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import Platform
from wrencos_core.testing.callers import Caller


@pytest.fixture
def author(login: Any, make_product: Callable[..., str]) -> Caller:
    """A customer with dry skin who has shown it in a review."""
    caller: Caller = login()
    caller.put("/api/skin-profile", json={"skinType": "dry", "showInReviews": True})
    body = {"productId": make_product(), "rating": 5, "comment": "Good.", "showSkinType": True}
    assert caller.post("/api/reviews", json=body).status_code == 201
    assert shown() == "dry"
    return caller


def shown() -> str | None:
    return Review.raw().find_one({}).get("skin_type")  # type: ignore[no-any-return]


def test_deleting_the_profile_hides_the_skin(author: Caller) -> None:
    assert author.delete("/api/skin-profile").status_code == 200
    assert shown() is None


def test_withdrawing_the_consent_hides_the_skin(author: Caller) -> None:
    author.put("/api/skin-profile", json={"skinType": "oily", "showInReviews": True})
    assert shown() == "dry"
    author.put("/api/skin-profile", json={"skinType": "oily", "showInReviews": False})
    assert shown() is None


def withdrawals() -> list[Any]:
    return [
        pytest.param(lambda consent, user: consent.delete(user), id="delete"),
        pytest.param(lambda consent, user: consent.save(user, {"skin_type": "dry"}), id="save"),
    ]


@pytest.mark.parametrize("withdraw", withdrawals())
def test_a_review_that_is_posted_at_that_moment_does_not_show_it(
    platform: Platform,
    login: Any,
    make_product: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    withdraw: Callable[[SkinConsent, str], Any],
) -> None:
    me: Caller = login()
    me.put("/api/skin-profile", json={"skinType": "dry", "showInReviews": True})
    consent = platform.services.require(SkinConsent)
    meanwhile = Thread(target=lambda: withdraw(consent, me.user_id))
    insert = ReviewWriter.insert

    def and_then_it_is_withdrawn(self: ReviewWriter, *args: Any) -> None:
        insert(self, *args)
        if meanwhile.ident is None:
            meanwhile.start()
            # It can't end while the review holds the profile; without that it would.
            meanwhile.join(timeout=0.5)

    monkeypatch.setattr(ReviewWriter, "insert", and_then_it_is_withdrawn)
    body = {"productId": make_product(), "rating": 5, "comment": "Good."}
    assert me.post("/api/reviews", json=body).status_code == 201
    meanwhile.join()
    assert shown() is None


def test_forgetting_a_profile_that_is_gone_still_hides_the_skin(
    author: Caller, platform: Platform
) -> None:
    platform.services.require(SkinProfiles).delete(author.user_id)
    assert author.delete("/api/skin-profile").status_code == 200
    assert shown() is None
