"""Votes: one each, changed and withdrawn, and counted exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from wrencos_commerce.models.review import Review
from wrencos_commerce.models.review_feedback import ReviewVote
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]


@pytest.fixture
def reviewed(login: Any, make_product: MakeProduct, deliver: Any, post: Any) -> tuple[Caller, str]:
    """The author and the id of a published review."""
    me, product = login(), make_product()
    deliver(me, product)
    return me, post(me, product)["reviewId"]


def test_a_vote_is_changed_and_withdrawn(
    login: Any, reviewed: tuple[Caller, str], shown: Any
) -> None:
    _, id = reviewed
    reader, path = login(), f"/api/reviews/{id}/vote"
    for helpful, counts in ((True, (1, 0)), (True, (1, 0)), (False, (0, 1)), (None, (0, 0))):
        if helpful is None:
            answer = reader.delete(path)
        else:
            answer = reader.put(path, json={"helpful": helpful})
        assert answer.status_code == 200
        told = answer.get_json()
        assert (told["helpfulCount"], told["unhelpfulCount"]) == counts
        assert told["myVote"] is helpful
        product = Review.raw().find_one({"_id": id})["product_id"]
        (review,) = shown(reader, product)["reviews"]
        assert (review["helpfulCount"], review["unhelpfulCount"]) == counts
        assert review["myVote"] is helpful
    assert reader.delete(path).get_json()["helpfulCount"] == 0
    assert ReviewVote.raw().count_documents({}) == 0


def test_who_may_not_vote(login: Any, client: Any, reviewed: tuple[Caller, str]) -> None:
    author, id = reviewed
    path, body = f"/api/reviews/{id}/vote", {"helpful": True}
    assert author.put(path, json=body).status_code == 403
    assert author.delete(path).status_code == 403
    assert login("staff").put(path, json=body).status_code == 403
    assert client.put(path, json=body).status_code == 401
    reader = login()
    assert reader.put("/api/reviews/review_x/vote", json=body).status_code == 404
    for bad in ({}, {"helpful": "yes"}, {"helpful": 1}, {"helpful": None}):
        assert reader.put(path, json=bad).status_code == 422
    row = Review.raw().find_one({"_id": id})
    assert (row["helpful"], row["unhelpful"]) == (0, 0)


def test_a_visitor_is_told_no_vote(client: Any, reviewed: tuple[Caller, str]) -> None:
    assert "myVote" not in client.get(f"/api/reviews/{reviewed[1]}").get_json()["review"]


def test_many_votes_at_once_are_counted_exactly(
    app: Flask, login: Any, reviewed: tuple[Caller, str]
) -> None:
    id = reviewed[1]
    readers = [login() for _ in range(8)]

    def work(number: int) -> int:
        reader = readers[number % 8]
        caller = Caller(app, reader.user_id, reader.token)
        body = {"helpful": number % 3 > 0}
        return caller.put(f"/api/reviews/{id}/vote", json=body).status_code

    assert set(run_in_threads(16, work)) == {200}
    row = Review.raw().find_one({"_id": id})
    assert ReviewVote.raw().count_documents({}) == 8
    for field, value in (("helpful", True), ("unhelpful", False)):
        assert row[field] == ReviewVote.raw().count_documents({"is_helpful": value})
