"""The product's rating: in step with its reviews, whatever happens at once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, strategies as st

from wrencos_commerce.errors import ReviewTransitionRefused
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import Review, ReviewState
from wrencos_commerce.services import ratings
from wrencos_commerce.services.review_moderation import ReviewModeration
from wrencos_commerce.services.reviews import Reviews
from wrencos_core.api import Identity, NotFound, Platform, Role, new_id
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
STAFF = Identity(user_id="user_staff", role=Role.STAFF)


@given(st.lists(st.integers(1, 5), max_size=400))
def test_the_mean_is_rounded_half_up(stars: list[int]) -> None:
    rating = ratings.rating_of(sum(stars), len(stars))
    if not stars:
        assert rating == (0, 0, None)
        return
    exact = Fraction(sum(stars), len(stars))
    assert rating.mean is not None
    hundredths = round(rating.mean * 100)
    assert rating.mean == hundredths / 100
    assert Fraction(-1, 200) < Fraction(hundredths, 100) - exact <= Fraction(1, 200)


def test_sixteen_threads_leave_the_sums_right(
    platform: Platform, make_product: MakeProduct
) -> None:
    products = [make_product(name=f"Product {number}") for number in range(2)]
    reviews = platform.services.require(Reviews)
    moderation = platform.services.require(ReviewModeration)

    def work(number: int) -> None:
        random = Random(number)
        me = Identity(user_id=new_id("user"), role=Role.CUSTOMER)
        product = products[number % 2]
        values = {"rating": random.randint(1, 5), "comment": "Good."}
        id = str(reviews.post(product, values, me)["_id"])
        for _ in range(5):
            move = random.choice(["edit", "show", "hide", "words", "again"])
            try:
                if move == "edit":
                    reviews.edit(id, {"rating": random.randint(1, 5)}, me)
                elif move == "words":
                    reviews.edit(id, {"comment": f"Good {random.random()}"}, me)
                elif move == "show":
                    moderation.set_state(id, ReviewState.PUBLISHED, STAFF)
                elif move == "hide":
                    moderation.withhold(id, "Why not", STAFF)
                else:
                    reviews.delete(id, me)
                    id = str(reviews.post(product, values, me)["_id"])
            except (ReviewTransitionRefused, NotFound):
                continue
        if number % 3:
            moderation.set_state(id, ReviewState.PUBLISHED, STAFF)

    outcomes = run_in_threads(16, work)
    unexpected = [o for o in outcomes if o and not isinstance(o, ReviewTransitionRefused)]
    assert not unexpected
    assert list(ratings.recount()) == []
    published = list(Review.raw().find({"state": "published"}))
    assert published
    for product in products:
        stars = [row["rating"] for row in published if row["product_id"] == product]
        row = Product.raw().find_one({"_id": product})
        assert (row["rating_sum"], row["rating_count"]) == (sum(stars), len(stars))


def test_a_failed_post_leaves_no_trace(
    platform: Platform, login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    me, product = login(), make_product()
    deliver(me, product)
    before = Product.raw().find_one({"_id": product})
    post(me, product, status=404, imageIds=["img_nothing"])
    assert Product.raw().find_one({"_id": product}) == before


def test_the_rating_is_shown_with_the_product(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    product = make_product()
    for stars in (5, 4, 4):
        me = login()
        deliver(me, product)
        post(me, product, rating=stars)
    shown = login().get(f"/api/products/{product}").get_json()["product"]
    assert (shown["rating"], shown["ratingCount"]) == (4.33, 3)
