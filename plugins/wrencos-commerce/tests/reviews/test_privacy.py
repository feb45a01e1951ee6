"""Reviews as personal data: exported whole, deleted with their author."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from wrencos_commerce import plugin
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.recent_view import RecentViews
from wrencos_commerce.models.review import Review
from wrencos_commerce.models.review_feedback import LeftoverPhotos, ReviewReport, ReviewVote
from wrencos_commerce.models.review_request import ReviewOptOut, ReviewRequest
from wrencos_commerce.models.skin_profile import SkinProfile
from wrencos_commerce.models.stock_request import StockRequest
from wrencos_commerce.models.wishlist import Wishlist
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.recent_views import RecentlyViewed
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_commerce.services.wishlists import Wishlists
from wrencos_core.api import Identity, Platform, Role, new_row
from wrencos_core.platform import current_platform as shop
from wrencos_core.storage.models import Image
from wrencos_core.testing.accounts import PASSWORD

MakeProduct = Callable[..., str]


def test_the_export(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any, upload: Any
) -> None:
    me, other, staff, product = login(), login(), login("staff"), make_product()
    deliver(me, product)
    deliver(other, product)
    mine = post(me, product, imageIds=[upload(me)])["reviewId"]
    others = post(other, product)["reviewId"]
    staff.put(f"/api/reviews/{mine}/reply", json={"text": "Thank you!"})
    staff.put(f"/api/reviews/{mine}/status", json={"status": "hidden", "reason": "Too loud"})
    me.put(f"/api/reviews/{others}/vote", json={"helpful": True})
    me.post(f"/api/reviews/{others}/reports", json={"reason": "spam"})
    me.put("/api/review-requests/preference", json={"wanted": False})
    sections = plugin.export_personal_data(shop(), user_id=me.user_id).sections
    (review,) = sections["reviews"]
    assert (review["_id"], review["comment"]) == (mine, "Light, fresh.")
    assert review["reply"]["text"] == "Thank you!"
    assert review["history"][-1]["reason"] == "Too loud"
    assert len(review["photos"]) == 1
    assert sections["reviewVotes"][0]["review_id"] == others
    assert sections["reviewReports"][0]["reason"] == "spam"
    assert len(sections["reviewOptOut"]) == 1
    shown = json.dumps(sections, default=str)
    assert staff.user_id not in shown
    assert other.user_id not in shown


def test_the_erasure(
    login: Any,
    make_product: MakeProduct,
    deliver: Any,
    post: Any,
    shown: Any,
    upload: Any,
    run_jobs: Any,
    clock: Any,
    platform: Any,
    again: Any,
) -> None:
    me, other, product = login(), login(), make_product()
    deliver(me, product)
    deliver(other, product)
    mine = post(me, product, rating=1, imageIds=[upload(me)])["reviewId"]
    others = post(other, product, rating=5)["reviewId"]
    other.put(f"/api/reviews/{mine}/vote", json={"helpful": True})
    me.put(f"/api/reviews/{others}/vote", json={"helpful": True})
    me.post(f"/api/reviews/{others}/reports", json={})
    deliver(me, make_product(name="Unreviewed"))
    clock.advance(timedelta(days=8))
    platform.jobs.enqueue("commerce.request_reviews")
    run_jobs()
    me, other = again(me), again(other)
    me.put("/api/review-requests/preference", json={"wanted": False})
    answer = me.delete("/api/auth/me", json={"password": PASSWORD})
    assert answer.status_code == 200, answer.get_json()
    listed = shown(other, product)
    assert [review["reviewId"] for review in listed["reviews"]] == [others]
    assert (listed["avgRating"], listed["reviews"][0]["helpfulCount"]) == (5.0, 0)
    row = Product.raw().find_one({"_id": product})
    assert (row["rating_sum"], row["rating_count"]) == (5, 1)
    assert Review.raw().find_one({"_id": others})["open_reports"] == 0
    for model in (Review, ReviewVote, ReviewReport, ReviewRequest, ReviewOptOut):
        assert model.raw().count_documents({"user_id": me.user_id}) == 0
    assert ReviewVote.raw().count_documents({}) == 0
    run_jobs()
    assert LeftoverPhotos.raw().count_documents({}) == 0
    image = Image.raw().find_one({})
    assert "claimed_by" not in image
    assert "delete_after" in image


def test_an_erasure_says_what_it_did(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    me, product = login(), make_product()
    deliver(me, product)
    post(me, product)
    done = plugin.erase_personal_data(shop(), user_id=me.user_id)
    assert done.erased["reviews"] == 1
    assert plugin.erase_personal_data(shop(), user_id=me.user_id).erased.get("reviews", 0) == 0


def test_a_review_that_was_posted_during_the_erasure_goes_too(
    platform: Platform, login: Any, make_product: MakeProduct, deliver: Any, run_jobs: Any
) -> None:
    me, product = login(), make_product()
    deliver(me, product)
    assert me.delete("/api/auth/me", json={"password": PASSWORD}).status_code == 200
    late = Identity(user_id=me.user_id, role=Role.CUSTOMER)
    values = {"rating": 1, "comment": "Too late."}
    platform.services.require(Reviews).post(product, values, late)
    assert Product.raw().find_one({"_id": product})["rating"] == 1.0
    run_jobs()
    assert Review.raw().count_documents({}) == 0
    assert Product.raw().find_one({"_id": product})["rating"] is None


def test_what_else_was_written_during_the_erasure_goes_too(
    platform: Platform, login: Any, make_product: MakeProduct, run_jobs: Any
) -> None:
    me, product = login(), make_product()
    assert me.delete("/api/auth/me", json={"password": PASSWORD}).status_code == 200
    late = Identity(user_id=me.user_id, role=Role.CUSTOMER)
    need = platform.services.require
    need(Wishlists).add(me.user_id, product)
    need(RecentlyViewed).note(me.user_id, product)
    StockRequest.raw().insert_one(new_row("sreq_late", user_id=me.user_id, state="waiting"))
    need(SkinProfiles).save(me.user_id, {"skin_type": "dry"})
    need(Carts).add(CartHolder(late), product, 1)
    models = (Wishlist, RecentViews, StockRequest, SkinProfile, Cart)
    mine = {"user_id": me.user_id}
    assert [model.raw().count_documents(mine) for model in models] == [1] * 5
    run_jobs()
    assert [model.raw().count_documents(mine) for model in models] == [0] * 5
