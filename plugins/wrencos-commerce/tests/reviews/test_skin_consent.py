"""Who withdraws the showing of their skin withdraws it from what they have written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.models.review import Review
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
