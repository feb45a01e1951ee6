"""The reviews of a product: filters, orders, pages, people like the caller, and their indexes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import SORTS, Review, ReviewState, facets
from wrencos_commerce.models.review_feedback import ReviewReport, ReviewVote
from wrencos_commerce.models.review_request import ReviewOptOut, ReviewRequest
from wrencos_commerce.services import ratings
from wrencos_commerce.services.review_queries import ReviewFilter, ReviewQueries
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import Platform, new_id, new_row, now
from wrencos_core.testing.queries import assert_uses_index

MakeProduct = Callable[..., str]


@pytest.fixture
def write(platform: Platform) -> Callable[..., str]:
    """Returns `write(product, **fields)`: stores a published review, each a minute newer."""
    start = now() - timedelta(days=1)
    count = 0

    def write(product: str, **fields: Any) -> str:
        nonlocal count
        count += 1
        values: dict[str, Any] = {
            "product_id": product,
            "user_id": new_id("user"),
            "rating": 4,
            "comment": f"Number {count}.",
            "photos": [],
            "is_verified": False,
            "show_name": False,
            "skin_type": None,
            "state": "published",
            "history": [],
            "helpful": 0,
            "unhelpful": 0,
            "open_reports": 0,
        }
        row = {**new_row(new_id("review"), **values), **fields}
        row["created_at"] = start + timedelta(minutes=count)
        row["history"] = [{"state": row["state"], "at": row["created_at"], "actor": row["user_id"]}]
        row["facets"] = facets(row)
        Review.raw().insert_one(row)
        return str(row["_id"])

    return write


def ids(listed: Mapping[str, Any]) -> list[str]:
    return [review["reviewId"] for review in listed["reviews"]]


def test_filters_and_their_counts(
    client: Any, make_product: MakeProduct, write: Any, shown: Any
) -> None:
    product, other = make_product(), make_product(name="Other")
    photo = {"id": "img_1", "url": "/media/a.jpg", "width": 9, "height": 9, "thumbnails": {}}
    dry = write(product, skin_type="dry", rating=5, is_verified=True)
    oily = write(product, skin_type="oily", rating=2, photos=[photo])
    plain = write(product, rating=5)
    write(other, rating=1, skin_type="dry")
    for state in (ReviewState.PENDING, ReviewState.HIDDEN, ReviewState.REJECTED):
        write(product, state=state.value, rating=1, skin_type="dry")
    assert list(ratings.recount(fix=True))
    everything = shown(client, product)
    assert ids(everything) == [plain, oily, dry]
    assert everything["avgRating"] == 4.0
    assert everything["ratingCounts"] == {"1": 0, "2": 1, "3": 0, "4": 0, "5": 2}
    for query, expected in (
        ({"rating": 5}, [plain, dry]),
        ({"rating": 1}, []),
        ({"skinType": "Dry"}, [dry]),
        ({"verified": "1"}, [dry]),
        ({"withPhotos": "true"}, [oily]),
        ({"withPhotos": "false"}, [plain, oily, dry]),
        ({"rating": 5, "verified": 1, "skinType": "dry"}, [dry]),
        ({"rating": 2, "verified": 1}, []),
    ):
        listed = shown(client, product, **query)
        assert ids(listed) == expected, query
        assert listed["totalCount"] == len(expected)
        assert (listed["avgRating"], sum(listed["ratingCounts"].values())) == (4.0, 3)
    slug = Product.raw().find_one({"_id": product})["slug"]
    assert ids(shown(client, slug)) == [plain, oily, dry]


def test_orders_and_pages(client: Any, make_product: MakeProduct, write: Any, shown: Any) -> None:
    product = make_product()
    first = write(product, rating=5, helpful=1)
    second = write(product, rating=1, helpful=7)
    third = write(product, rating=5)
    fourth = write(product, rating=1, helpful=1)
    assert ids(shown(client, product, sort="newest")) == [fourth, third, second, first]
    assert ids(shown(client, product, sort="helpful")) == [second, fourth, first, third]
    assert ids(shown(client, product, sort="highest")) == [third, first, fourth, second]
    assert ids(shown(client, product, sort="lowest")) == [fourth, second, third, first]
    page = shown(client, product, page=2, limit=3)
    assert ids(page) == [first]
    assert (page["totalCount"], page["page"], page["totalPages"]) == (4, 2, 2)
    assert ids(shown(client, product, page=3, limit=3)) == []


@pytest.mark.parametrize(
    "query",
    ["rating=0", "rating=6", "rating=x", "sort=best", "limit=101", "page=0", "verified=yes"],
)
def test_bad_queries(client: Any, make_product: MakeProduct, query: str) -> None:
    assert client.get(f"/api/reviews/product/{make_product()}?{query}").status_code == 422


def test_products_that_are_not_there(client: Any, make_product: MakeProduct, write: Any) -> None:
    gone = make_product(is_active=False)
    write(gone)
    for product in ("prod_nothing", "no-such-slug", gone):
        assert client.get(f"/api/reviews/product/{product}").status_code == 404


def test_people_like_me(
    platform: Platform, login: Any, make_product: MakeProduct, write: Any, shown: Any
) -> None:
    me, product = login(), make_product()
    write(product, skin_type="oily")
    write(product)
    old = write(product, skin_type="dry", rating=5)
    middle = write(product, skin_type="dry", rating=2)
    new = write(product, skin_type="dry")
    save = platform.services.require(SkinProfiles).save
    save(me.user_id, {"skin_type": "dry", "concerns": ["acne", "redness"]})
    listed = shown(me, product, likeMe=1)
    assert ids(listed) == [new, middle, old]
    assert listed["totalCount"] == 3
    assert ids(shown(me, product, likeMe=1, rating=2)) == [middle]
    assert ids(shown(me, product, likeMe=1, limit=2, page=2)) == [old]
    assert ids(shown(me, product, likeMe=1, sort="highest")) == [old, new, middle]
    assert ids(shown(me, product, likeMe=1, skinType="oily")) == []


def test_nobody_reads_concerns_by_likeness(
    login: Any, make_product: MakeProduct, post: Any, shown: Any, deliver: Any
) -> None:
    author, product, spy = login(), make_product(), login()
    profile = {"skinType": "dry", "concerns": ["rosacea", "acne"], "showInReviews": True}
    assert author.put("/api/skin-profile", json=profile).status_code == 200
    deliver(author, product)
    post(author, product, showSkinType=True)
    assert "rosacea" not in str(Review.raw().find_one({}))
    spy.put("/api/skin-profile", json={"concerns": ["rosacea"]})
    path = f"/api/reviews/product/{product}?likeMe=1"
    assert spy.get(path).status_code == 422
    answers = []
    for concern in ("rosacea", "aging"):
        spy.put("/api/skin-profile", json={"skinType": "dry", "concerns": [concern]})
        answers.append(spy.get(path).get_json())
    assert answers[0] == answers[1]


def test_who_shows_no_name_has_another_id_for_each_product(
    login: Any, client: Any, make_product: MakeProduct, write: Any, shown: Any
) -> None:
    me, staff, other = login(), login("staff"), login()
    one, two, named = (make_product(name=name) for name in ("One", "Two", "Three"))
    first = write(one, user_id=me.user_id)
    write(two, user_id=me.user_id)
    write(named, user_id=me.user_id, show_name=True)
    write(one, user_id=other.user_id)
    assert list(ratings.recount(fix=True))

    def id_in(caller: Any, product: str) -> str:
        return str(shown(caller, product)["reviews"][-1]["userId"])

    for caller in (client, other):
        assert id_in(caller, one).startswith("anon_")
        assert len({review["userId"] for review in shown(caller, one)["reviews"]}) == 2
        assert id_in(caller, one) == id_in(caller, one) != id_in(caller, two)
        assert id_in(caller, named) == me.user_id
        (detailed,) = caller.get(f"/api/products/{two}").get_json()["product"]["reviews"]
        assert detailed["userId"] == id_in(caller, two)
        single = caller.get(f"/api/reviews/{first}").get_json()["review"]
        assert single["userId"] == id_in(caller, one)
        assert me.user_id not in caller.get(f"/api/products/{one}").text
    for caller in (me, staff):
        assert id_in(caller, one) == id_in(caller, two) == me.user_id
        (detailed,) = caller.get(f"/api/products/{two}").get_json()["product"]["reviews"]
        assert detailed["userId"] == me.user_id
    assert me.get("/api/reviews/mine").get_json()["reviews"][0]["userId"] == me.user_id


def test_people_like_nobody(client: Any, login: Any, make_product: MakeProduct) -> None:
    url = f"/api/reviews/product/{make_product()}?likeMe=1"
    assert client.get(url).status_code == 401
    answer = login().get(url)
    assert answer.status_code == 422
    assert "likeMe" in answer.get_json()["errors"]


def test_the_latest_for_the_page_of_a_product(
    platform: Platform, make_product: MakeProduct, write: Any
) -> None:
    product = make_product()
    written = [write(product) for _ in range(7)]
    write(product, state="hidden")
    rows = platform.services.require(Reviews).latest(product)
    assert [row["_id"] for row in rows] == written[:1:-1]
    assert {"user_id", "rating", "comment", "created_at"} <= set(rows[0])


def test_every_list_walks_an_index_only_as_far_as_it_shows(
    platform: Platform, make_product: MakeProduct, write: Any, commands_of: Any, plans_of: Any
) -> None:
    product, other = make_product(), make_product(name="Other")
    for number in range(60):
        write(other if number % 2 else product, rating=1 + number % 5, is_verified=number % 3 == 0)
    queries = platform.services.require(ReviewQueries)
    for sort in SORTS:
        for wanted in (
            ReviewFilter(product_id=product),
            ReviewFilter(product_id=product, rating=3),
            ReviewFilter(product_id=product, verified=True),
        ):
            (sent,) = commands_of(lambda w=wanted, s=sort: queries.page(w, s, 0, 5))
            page = plans_of(sent)[0]
            assert "COLLSCAN" not in page["stages"]
            assert "SORT" not in page["stages"], (sort, wanted)
            assert page["documents"] <= 5, (sort, wanted)
    (sent,) = commands_of(lambda: platform.services.require(Reviews).latest(product))
    (plan,) = plans_of(sent)
    assert plan["documents"] <= 5
    assert "SORT" not in plan["stages"]


def test_the_distribution_is_read_from_an_index_alone(
    make_product: MakeProduct, write: Any, commands_of: Any, plans_of: Any
) -> None:
    product, other = make_product(), make_product(name="Other")
    for number in range(20):
        write(product if number < 6 else other, rating=5)
    (sent,) = commands_of(lambda: ratings.distribution(product))
    (plan,) = plans_of(sent)
    assert plan["documents"] == 0
    assert plan["keys"] <= 7


def test_the_other_queries_use_indexes(platform: Platform) -> None:
    newest = [("created_at", -1), ("_id", -1)]
    find = Review.raw().find
    assert_uses_index(find({"user_id": "user_a"}).sort(newest))
    assert_uses_index(find({}).sort(newest).hint("all"))
    assert_uses_index(find({"state": "pending"}).sort(newest))
    assert_uses_index(find({"open_reports": {"$gt": 0}}).sort([("open_reports", -1), *newest]))
    assert_uses_index(find({"photos.id": "img_a"}))
    bought = {"user_id": "user_a", "lines.product_id": "prod_a", "status": "delivered"}
    assert_uses_index(Order.raw().find(bought))
    for model in (ReviewVote, ReviewReport, ReviewRequest, ReviewOptOut):
        assert_uses_index(model.raw().find({"user_id": "user_a"}))
    assert_uses_index(ReviewVote.raw().find({"review_id": "review_a", "user_id": "user_a"}))
    assert_uses_index(ReviewReport.raw().find({"review_id": "review_a"}).sort(newest))
    assert_uses_index(ReviewRequest.raw().find({"order_id": {"$in": ["order_a"]}}))
    assert_uses_index(find({"user_id": "user_a", "product_id": {"$in": ["prod_a"]}}))


def test_the_list_takes_few_queries(
    login: Any, make_product: MakeProduct, write: Any, commands_of: Any, shown: Any
) -> None:
    me, product = login(), make_product()
    for _ in range(5):
        write(product, show_name=True)
    shown(me, product)
    sent = commands_of(lambda: shown(me, product))
    collections = [command.get("find") or command.get("aggregate") for command in sent]
    ours = [name for name in collections if name and name.startswith("commerce_")]
    assert len(ours) <= 4
    assert collections.count("auth_users") <= 2


def test_people_like_me_are_found_by_an_index(
    platform: Platform, make_product: MakeProduct, write: Any, commands_of: Any, plans_of: Any
) -> None:
    product, me = make_product(), new_id("user")
    for number in range(40):
        write(product, skin_type="dry" if number < 4 else "oily")
    platform.services.require(SkinProfiles).save(me, {"skin_type": "dry", "concerns": ["acne"]})
    queries, wanted = platform.services.require(ReviewQueries), ReviewFilter(product_id=product)
    _, sent = commands_of(lambda: queries.page_like(me, wanted, "newest", 0, 5))
    plan, _ = plans_of(sent)
    assert "COLLSCAN" not in plan["stages"]
    assert "SORT" not in plan["stages"]
    assert plan["documents"] <= 4
