"""What a moderator has refused is not back by being deleted and posted again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.models.review import RefusedReview, Review
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index

MakeProduct = Callable[..., str]


def decide(staff: Caller, id: str, status: str) -> None:
    body = {"status": status, "reason": "Abuse"}
    assert staff.put(f"/api/reviews/{id}/status", json=body).status_code == 200


def delete(caller: Caller, id: str) -> None:
    assert caller.delete(f"/api/reviews/{id}").status_code == 200


@pytest.mark.parametrize("edited", [False, True])
def test_a_hidden_review_waits_when_it_is_posted_again(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any, shown: Any, edited: bool
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    deliver(me, product)
    id = post(me, product)["reviewId"]
    decide(staff, id, "hidden")
    if edited:
        me.put(f"/api/reviews/{id}", json={"comment": "Other words."})
    for _ in range(2):
        delete(me, id)
        again = post(me, product, comment="The same abuse")
        assert again["status"] == "pending"
        id = again["reviewId"]
    assert shown(login(), product)["totalCount"] == 0
    assert RefusedReview.raw().count_documents({}) == 1
    decide(staff, id, "published")
    assert shown(login(), product)["totalCount"] == 1


def test_a_later_delivery_does_not_publish_it(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any, run_jobs: Any
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    id = post(me, product)["reviewId"]
    decide(staff, id, "rejected")
    delete(me, id)
    post(me, product)
    deliver(me, product)
    run_jobs()
    row = Review.raw().find_one({})
    assert (row["is_verified"], row["state"]) == (True, "pending")


def test_others_products_and_people_are_as_before(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    me, other, staff = login(), login(), login("staff")
    refused, fine = make_product(), make_product(name="Fine")
    for caller, product in ((me, refused), (me, fine), (other, refused)):
        deliver(caller, product)
    id = post(me, refused)["reviewId"]
    decide(staff, id, "hidden")
    delete(me, id)
    id = post(me, fine)["reviewId"]
    delete(me, id)
    assert post(me, fine)["status"] == "published"
    assert post(other, refused)["status"] == "published"


def test_it_is_exported_and_erased(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    deliver(me, product)
    id = post(me, product)["reviewId"]
    decide(staff, id, "hidden")
    delete(me, id)
    assert "refusedReviews" in me.get("/api/auth/me/export").text
    assert me.delete("/api/auth/me", json={"password": PASSWORD}).status_code == 200
    assert RefusedReview.raw().count_documents({}) == 0


def test_it_is_found_by_an_index() -> None:
    assert_uses_index(RefusedReview.raw().find({"user_id": "user_a", "product_id": "prod_a"}))
