"""Concerns that reviews once kept are forgotten."""

from __future__ import annotations

from wrencos_commerce.migrations.review_concerns import DROP_REVIEW_CONCERNS
from wrencos_commerce.models.review import Review
from wrencos_core.api import Platform, database


def test_concerns_are_dropped_from_reviews(platform: Platform) -> None:
    rows = [
        {"_id": "review_a", "user_id": "user_a", "product_id": "p", "concerns": ["acne"]},
        {"_id": "review_b", "user_id": "user_b", "product_id": "p", "skin_type": "dry"},
    ]
    Review.raw().insert_many(rows)
    for _ in range(2):
        DROP_REVIEW_CONCERNS.apply(database())
    first, second = Review.raw().find({}).sort("_id", 1)
    assert "concerns" not in first
    assert second == rows[1]
