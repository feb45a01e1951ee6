"""Posting, changing and deleting one's own review."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from flask import Flask

from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import Review
from wrencos_commerce.models.review_feedback import ReviewReport, ReviewVote
from wrencos_commerce.services import reviews
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, now, transaction
from wrencos_core.contracts.orders import OrderStatusChanged
from wrencos_core.storage.models import Image
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]


def delivery(order: str, user_id: str) -> OrderStatusChanged:
    """The event that this order was delivered."""
    return OrderStatusChanged(
        id=f"{order}:delivered",
        occurred_at=now(),
        order_id=order,
        user_id=user_id,
        status="delivered",
        previous="shipped",
    )


def test_a_buyers_review_is_published_at_once(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any, shown: Any, outbox_events: Any
) -> None:
    me, product = login(), make_product()
    deliver(me, product)
    answer = post(me, product, rating=5, comment="  Một.\r\n\r\n\r\n\r\nHai <b>x</b>  ")
    assert answer == {
        "reviewId": answer["reviewId"],
        "message": "Review submitted",
        "status": "published",
    }
    listed = shown(me, product)
    assert (listed["avgRating"], listed["totalCount"], listed["page"]) == (5.0, 1, 1)
    assert listed["ratingCounts"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}
    (review,) = listed["reviews"]
    assert review["userId"] == me.user_id
    assert (review["rating"], review["isVerified"], review["author"]) == (5, True, None)
    assert review["comment"] == "Một.\n\nHai <b>x</b>"
    assert review["createdAt"].endswith("Z")
    (event,) = outbox_events("commerce.review_posted")
    assert event["_id"] == f"{answer['reviewId']}:posted"
    assert event["payload"]["rating"] == 5
    assert event["payload"]["is_verified"] is True


@pytest.mark.parametrize(
    ("moderation", "unverified", "verified"),
    [
        ("all", "pending", "pending"),
        ("unverified", "pending", "published"),
        ("none", "published", "published"),
    ],
)
def test_what_waits_for_a_moderator(
    make_platform: Any,
    make_app: Any,
    purchase: dict[str, Any],
    post: Any,
    moderation: str,
    unverified: str,
    verified: str,
) -> None:
    platform = make_platform(settings={CommerceSettings: {"review_moderation": moderation}})
    login = Logins(platform, make_app(platform))
    values = {"name": "Serum", "price": Decimal(10), "inventory": 9}
    product = platform.services.require(Products).create(values, SYSTEM)
    buyer = login()
    buyer.post("/api/cart/items", json={"productId": product})
    assert buyer.post("/api/cart/checkout", json=purchase).status_code == 201
    Order.raw().update_one({}, {"$set": {"status": "delivered"}})
    assert post(buyer, product)["status"] == verified
    assert post(login(), product)["status"] == unverified


def test_one_review_of_a_product(login: Any, make_product: MakeProduct, post: Any) -> None:
    me, product = login(), make_product()
    first = post(me, product)["reviewId"]
    problem = post(me, product, status=409)
    assert problem["type"].endswith("already-reviewed")
    assert problem["reviewId"] == first
    post(me, make_product(name="Another"))
    assert Review.raw().count_documents({"user_id": me.user_id}) == 2


def test_a_second_click_with_the_same_key_is_the_same_review(
    login: Any, make_product: MakeProduct
) -> None:
    me, body = login(), {"productId": make_product(), "rating": 3, "comment": "Fine."}
    headers = {"Idempotency-Key": "click"}
    answers = [me.post("/api/reviews", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert Review.raw().count_documents({}) == 1


def test_eight_posts_at_once_are_one_review(
    app: Flask, login: Any, make_product: MakeProduct
) -> None:
    me, product = login(), make_product()
    body = {"productId": product, "rating": 3, "comment": "Fine."}

    def work(_: int) -> Any:
        answer = Caller(app, me.user_id, me.token).post("/api/reviews", json=body)
        return answer.status_code, answer.get_json()["reviewId"]

    outcomes = run_in_threads(8, work)
    assert sorted(status for status, _ in outcomes) == [201] + [409] * 7  # type: ignore[misc]
    assert len({id for _, id in outcomes}) == 1  # type: ignore[misc]


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_only_customers_post(login: Any, make_product: MakeProduct, post: Any, role: str) -> None:
    post(login(role), make_product(), status=403)
    assert Review.raw().count_documents({}) == 0


def test_a_visitor_may_not_post(client: Any, make_product: MakeProduct) -> None:
    body = {"productId": make_product(), "rating": 5, "comment": "!"}
    assert client.post("/api/reviews", json=body).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rating", 0),
        ("rating", 6),
        ("rating", 4.5),
        ("rating", "4"),
        ("rating", True),
        ("rating", None),
        ("comment", ""),
        ("comment", " \n "),
        ("comment", "x" * 4001),
        ("comment", "a\x00b"),
        ("comment", 5),
        ("imageIds", ["a", "a"]),
        ("imageIds", ["a", "b", "c", "d", "e", "f"]),
        ("imageIds", "a"),
        ("showName", "yes"),
        ("showSkinType", 1),
        ("isVerified", True),
        ("state", "published"),
    ],
)
def test_bad_input(
    login: Any, make_product: MakeProduct, post: Any, field: str, value: Any
) -> None:
    problem = post(login(), make_product(), status=422, **{field: value})
    assert field in problem["errors"]
    assert Review.raw().count_documents({}) == 0


def test_what_can_not_be_reviewed(login: Any, make_product: MakeProduct, post: Any) -> None:
    post(login(), "prod_nothing", status=404)
    post(login(), make_product(is_active=False), status=404)


def test_an_edit_changes_the_review_and_the_rating(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any, shown: Any, outbox_events: Any
) -> None:
    me, product = login(first_name="Lan", last_name="Nguyễn"), make_product()
    deliver(me, product)
    id = post(me, product, rating=5)["reviewId"]
    answer = me.put(f"/api/reviews/{id}", json={"rating": 2, "showName": True})
    assert answer.status_code == 200
    assert answer.get_json()["updatedReview"]["status"] == "published"
    listed = shown(me, product)
    (review,) = listed["reviews"]
    assert (review["rating"], review["author"]) == (2, "Lan N.")
    assert review["editedAt"] is not None
    assert listed["avgRating"] == 2.0
    assert listed["ratingCounts"]["5"] == 0
    assert me.put(f"/api/reviews/{id}", json={"showName": False}).status_code == 200
    assert shown(me, product)["reviews"][0]["author"] is None
    assert len(outbox_events("commerce.review_posted")) == 1


def test_an_edit_of_the_unverified_waits_again(
    login: Any, make_product: MakeProduct, post: Any, shown: Any
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    id = post(me, product)["reviewId"]
    staff.put(f"/api/reviews/{id}/status", json={"status": "published"})
    me.put(f"/api/reviews/{id}", json={"showName": True})
    assert shown(me, product)["totalCount"] == 1
    answer = me.put(f"/api/reviews/{id}", json={"comment": "Buy at other.example"})
    assert answer.get_json()["updatedReview"]["status"] == "pending"
    assert shown(me, product)["totalCount"] == 0
    assert Product.raw().find_one({"_id": product})["rating"] is None


def test_anothers_review_is_not_there(login: Any, make_product: MakeProduct, post: Any) -> None:
    id = post(login(), make_product())["reviewId"]
    other = login()
    for answer in (
        other.get(f"/api/reviews/{id}"),
        other.put(f"/api/reviews/{id}", json={"rating": 1}),
        other.delete(f"/api/reviews/{id}"),
        login("staff").put(f"/api/reviews/{id}", json={"rating": 1}),
    ):
        assert answer.status_code == 404
    assert Review.raw().find_one({"_id": id})["rating"] == 4


def test_deleting_takes_everything_along(
    platform: Platform, login: Any, make_product: MakeProduct, deliver: Any, post: Any, upload: Any
) -> None:
    me, other, product = login(), login(), make_product()
    deliver(me, product)
    id = post(me, product, imageIds=[upload(me)])["reviewId"]
    other.put(f"/api/reviews/{id}/vote", json={"helpful": True})
    other.post(f"/api/reviews/{id}/reports", json={})
    assert me.delete(f"/api/reviews/{id}").status_code == 200
    assert me.delete(f"/api/reviews/{id}").status_code == 404
    for model in (Review, ReviewVote, ReviewReport):
        assert model.raw().count_documents({}) == 0
    row = Product.raw().find_one({"_id": product})
    assert (row["rating"], row["rating_sum"], row["rating_count"]) == (None, 0, 0)
    image = Image.raw().find_one({})
    assert "claimed_by" not in image
    assert "delete_after" in image
    post(me, product)


def test_photos_and_their_thumbnails(
    login: Any,
    make_product: MakeProduct,
    deliver: Any,
    post: Any,
    shown: Any,
    upload: Any,
    run_jobs: Any,
) -> None:
    me, product = login(), make_product()
    deliver(me, product)
    first, second = upload(me), upload(me)
    id = post(me, product, imageIds=[first])["reviewId"]
    (photo,) = shown(me, product)["reviews"][0]["photos"]
    assert (photo["imageId"], photo["width"], photo["thumbnails"]) == (first, 800, {})
    run_jobs()
    (photo,) = shown(me, product)["reviews"][0]["photos"]
    assert set(photo["thumbnails"]) == {"320", "640"}
    assert me.get(photo["thumbnails"]["320"]).status_code == 200
    assert shown(me, product, withPhotos="1")["totalCount"] == 1
    me.put(f"/api/reviews/{id}", json={"imageIds": [second, first]})
    photos = shown(me, product)["reviews"][0]["photos"]
    assert [photo["imageId"] for photo in photos] == [second, first]
    assert set(photos[1]["thumbnails"]) == {"320", "640"}
    me.put(f"/api/reviews/{id}", json={"imageIds": []})
    assert shown(me, product, withPhotos="1")["totalCount"] == 0
    assert Image.raw().count_documents({"claimed_by": id}) == 0


def test_photos_of_others_are_refused(
    login: Any, make_product: MakeProduct, post: Any, upload: Any
) -> None:
    me, product = login(), make_product()
    post(me, product, status=404, imageIds=[upload(login())])
    post(me, product, status=404, imageIds=["img_nothing"])
    mine = upload(me)
    post(me, product, imageIds=[mine])
    post(me, make_product(name="Another"), status=409, imageIds=[mine])
    assert Review.raw().count_documents({}) == 1


def test_a_later_delivery_verifies_and_publishes(
    login: Any,
    make_product: MakeProduct,
    deliver: Any,
    post: Any,
    shown: Any,
    run_jobs: Any,
    outbox_events: Any,
) -> None:
    me, product = login(), make_product()
    id = post(me, product)["reviewId"]
    assert shown(me, product)["totalCount"] == 0
    deliver(me, product, until="delivered")
    run_jobs()
    assert Review.raw().find_one({"_id": id})["is_verified"] is False
    deliver(me, product)
    run_jobs()
    (review,) = shown(me, product, verified="true")["reviews"]
    assert review["isVerified"] is True
    assert shown(me, product)["avgRating"] == 4.0
    (event,) = outbox_events("commerce.review_posted")
    assert event["payload"]["is_verified"] is True
    me.put(f"/api/reviews/{id}", json={"comment": "Still mine."})
    assert Review.raw().find_one({"_id": id})["is_verified"] is True


def test_a_delivery_publishes_nothing_that_was_refused(
    platform: Platform, login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    id = post(me, product)["reviewId"]
    staff.put(f"/api/reviews/{id}/status", json={"status": "rejected", "reason": "An advert"})
    me.put(f"/api/reviews/{id}", json={"comment": "Now an honest one."})
    order = deliver(me, product)
    event = delivery(order, me.user_id)
    for _ in range(2):
        transaction(lambda: platform.services.require(Reviews).on_order_delivered(event))
    row = Review.raw().find_one({"_id": id})
    assert (row["is_verified"], row["state"]) == (True, "pending")
    assert len(row["history"]) == 3


def test_a_delivery_while_a_review_is_posted_verifies_it(
    platform: Platform,
    login: Any,
    make_product: MakeProduct,
    deliver: Any,
    post: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    me, product = login(), make_product()
    order = deliver(me, product, until="delivered")
    has_received = reviews._has_received

    def delivered() -> None:
        change = StatusChange(status=OrderStatus.DELIVERED)
        platform.services.require(Orders).change_status(order, change, SYSTEM)
        event = delivery(order, me.user_id)
        transaction(lambda: platform.services.require(Reviews).on_order_delivered(event))

    meanwhile = Thread(target=delivered)

    def and_then_it_comes(user_id: str, product_id: str) -> bool:
        found = has_received(user_id, product_id)
        if meanwhile.ident is None:
            meanwhile.start()
            # It can't end while the review holds the order; without that it would.
            meanwhile.join(timeout=0.5)
        return found

    monkeypatch.setattr(reviews, "_has_received", and_then_it_comes)
    id = post(me, product)["reviewId"]
    meanwhile.join()
    row = Review.raw().find_one({"_id": id})
    assert (row["is_verified"], row["state"]) == (True, "published")


def test_the_skin_type_is_shown_by_consent(
    platform: Platform, login: Any, make_product: MakeProduct, deliver: Any, post: Any, shown: Any
) -> None:
    profiles = platform.services.require(SkinProfiles)
    me, product = login(), make_product()
    deliver(me, product)
    profiles.save(me.user_id, {"skin_type": "dry", "concerns": ["acne"]})
    id = post(me, product)["reviewId"]
    assert shown(me, product)["reviews"][0]["skinType"] is None
    me.put(f"/api/reviews/{id}", json={"showSkinType": True})
    profiles.save(me.user_id, {"skin_type": "oily"})
    assert shown(me, product, skinType="Dry")["reviews"][0]["skinType"] == "dry"
    assert shown(me, product, skinType="oily")["totalCount"] == 0
    me.put(f"/api/reviews/{id}", json={"showSkinType": False})
    assert shown(me, product, skinType="dry")["totalCount"] == 0
    row = Review.raw().find_one({"_id": id})
    assert row["skin_type"] is None


def test_the_profile_consents_for_all_reviews_and_takes_it_back(
    platform: Platform, login: Any, make_product: MakeProduct, deliver: Any, post: Any, shown: Any
) -> None:
    me, product = login(), make_product()
    deliver(me, product)
    profiles = platform.services.require(SkinProfiles)
    profiles.save(me.user_id, {"skin_type": "dry", "show_in_reviews": True})
    post(me, product)
    assert shown(me, product)["reviews"][0]["skinType"] == "dry"
    post(me, make_product(), showSkinType=False)
    assert platform.services.require(Reviews).hide_skin_type(me.user_id) == 1
    assert shown(me, product)["reviews"][0]["skinType"] is None
    assert shown(me, product, skinType="dry")["totalCount"] == 0


def test_ones_own_reviews(login: Any, make_product: MakeProduct, post: Any) -> None:
    me, staff = login(), login("staff")
    product = make_product(name="Kem")
    id = post(me, product)["reviewId"]
    post(login(), product)
    staff.put(f"/api/reviews/{id}/status", json={"status": "rejected", "reason": "An advert"})
    listed = me.get("/api/reviews/mine").get_json()
    assert listed["totalCount"] == 1
    (review,) = listed["reviews"]
    assert (review["reviewId"], review["status"], review["reason"], review["productName"]) == (
        id,
        "rejected",
        "An advert",
        "Kem",
    )
    assert staff.user_id not in str(listed)
    assert me.get(f"/api/reviews/{id}").status_code == 200
