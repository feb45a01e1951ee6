"""Reasons say what the data says: recounted here, from the orders and reviews themselves."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import Review
from wrencos_commerce.models.skin_profile import SkinProfile
from wrencos_commerce.services.recommendations.advice import Advisor, Wanted
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_commerce.services.recommendations.reasons import Grounds, reason
from wrencos_commerce.services.recommendations.scoring import Taste
from wrencos_core.api import Platform

RATED_ALIKE = re.compile(r"(\d+) of (\d+) customers with (\w+) skin rated it 4 or more")
BOUGHT_WITH = re.compile(r"(\d+) customers who bought (.+) bought it too")
RATED = re.compile(r"rated ([\d.]+) by (\d+) customers", re.IGNORECASE)
SOLD = re.compile(r"(\d+) pieces sold")
WITH_PROFILE = 25


def buyers_of(product: str) -> set[str]:
    query = {"status": {"$ne": "cancelled"}, "lines.product_id": product}
    return set(Order.raw().distinct("user_id", query))


def pieces_of(product: str) -> int:
    rows = Order.raw().find({"status": {"$ne": "cancelled"}})
    lines = [line for row in rows for line in row["lines"]]
    return sum(line["quantity"] for line in lines if line["product_id"] == product)


def recounted(text: str, product: str, reader: str) -> str:
    """Which claim the text makes, after counting it again; at least three are not the reader.

    `reader` is someone whose purchases may be looked at.
    """
    row = Product.raw().find_one({"_id": product})
    if found := RATED_ALIKE.search(text):
        people = SkinProfile.raw().distinct(
            "user_id", {"skin_type": found[3], "use_for_recommendations": True}
        )
        query = {"product_id": product, "user_id": {"$in": people}, "state": "published"}
        reviews = list(Review.raw().find(query))
        high = sum(review["rating"] >= 4 for review in reviews)
        assert (int(found[1]), int(found[2])) == (high, len(reviews))
        assert len({review["user_id"] for review in reviews} - {reader}) >= 3
        return "rated alike"
    if found := BOUGHT_WITH.search(text):
        other = Product.raw().find_one({"name": found[2]})["_id"]
        both = buyers_of(product) & buyers_of(other)
        assert int(found[1]) == len(both)
        assert len(both - {reader}) >= 3
        return "bought with"
    if found := RATED.search(text):
        raters = Review.raw().distinct("user_id", {"product_id": product, "state": "published"})
        assert int(found[2]) == row["rating_count"]
        assert len({*raters} - {reader}) >= 3
        assert float(found[1]) == pytest.approx(row["rating_sum"] / row["rating_count"], abs=0.05)
        return "rated"
    if found := SOLD.search(text):
        assert int(found[1]) == pieces_of(product)
        assert len(buyers_of(product) - {reader}) >= 3
        return "sold"
    return "content"


@pytest.mark.parametrize("seed", range(3))
def test_every_number_in_a_reason_is_true(platform: Platform, past: Any, seed: int) -> None:
    rng = random.Random(seed)
    products = [
        past.product(
            f"Cream {number:02}",
            skin_types=rng.sample(["dry", "oily"], rng.randint(0, 2)),
            concerns=rng.sample(["acne", "redness"], rng.randint(0, 2)),
        )
        for number in range(14)
    ]
    people = [past.person(skin_type=rng.choice(["dry", "oily"])) for _ in range(WITH_PROFILE)]
    people += [past.person() for _ in range(15)]
    for person in people:
        for product in rng.sample(products, rng.randint(1, 4)):
            past.order(person, product, days_ago=rng.randint(100, 300))
            if rng.random() < 0.7:
                rating = rng.choice([3, 4, 5, 5])
                past.review(person, product, rating)
                added = {"rating_sum": rating, "rating_count": 1}
                Product.raw().update_one({"_id": product}, {"$inc": added})
    learn()
    kinds = set()
    for number, person in enumerate(people):
        reader = person if number < WITH_PROFILE else "somebody"
        wanted = Wanted(user_id=person, limit=14, locale="en", skin_type=rng.choice([None, "dry"]))
        for item in platform.services.require(Advisor).advise(wanted).suggested:
            row = item.scored.row
            kinds.add(recounted(item.reason, row["_id"], reader))
            text = item.reason.casefold()
            assert ("for dry skin" not in text) or "dry" in row["skin_types"]
            assert ("against" not in text) or row["concerns"]
    assert kinds >= {"rated alike", "rated"}


def test_pieces_are_quoted_when_three_people_bought_them(platform: Platform, past: Any) -> None:
    wholesale, retail = past.products(2)
    past.order(past.person(), wholesale, quantity=40)
    past.order(past.person(), wholesale, quantity=40)
    buyers = [past.person(concerns=["acne"]) for _ in range(3)]
    for buyer in buyers:
        past.order(buyer, retail, days_ago=200)
    learn()
    advisor = platform.services.require(Advisor)

    def reasons(user_id: str | None) -> dict[str, str]:
        advice = advisor.advise(Wanted(user_id=user_id, limit=5, locale="en"))
        return {item.scored.row["_id"]: item.reason for item in advice.suggested}

    assert reasons(None) == {
        wholesale: "For sale and in stock",
        retail: "3 pieces sold in the past year",
    }
    assert recounted(reasons(None)[retail], retail, "somebody") == "sold"
    assert reasons(buyers[0])[retail] == "For sale and in stock"


PRODUCT = {
    "_id": "prod_a",
    "name": "Cream",
    "skin_types": ["dry"],
    "concerns": ["dark-spots"],
    "free_from": ["fragrance"],
    "rating_count": 0,
    "rating_sum": 0,
    "sold": 0,
}
MINE = Taste(
    skin_type="dry", concerns=("dark-spots", "acne"), sensitivities=("fragrance", "alcohol")
)
NONE = Grounds(Taste(), {}, {}, {})


@pytest.mark.parametrize(
    ("grounds", "changes", "english", "vietnamese"),
    [
        (NONE, {}, "For sale and in stock", "Đang bán và còn hàng"),
        (
            Grounds(MINE, {}, {}, {}),
            {},
            "For dry skin; against dark spots; without fragrance",
            "Dành cho da khô; chăm sóc đốm nâu; không có hương liệu",
        ),
        (
            Grounds(Taste(concerns=("acne", "odd-thing")), {}, {}, {}),
            {"concerns": ["odd-thing", "acne"]},
            "Against acne and odd thing",
            "Chăm sóc mụn và odd thing",
        ),
        (
            Grounds(Taste(skin_type="oily"), {"oily": {"rated": 9, "high": 8}}, {}, {}),
            {},
            "8 of 9 customers with oily skin rated it 4 or more",
            "8 trên 9 khách hàng có da dầu chấm từ 4 sao",
        ),
        (
            Grounds(Taste(skin_type="oily"), {"oily": {"rated": 2, "high": 2}}, {}, {}),
            {},
            "For sale and in stock",
            "Đang bán và còn hàng",
        ),
        (
            Grounds(Taste(skin_type="oily"), {"oily": {"rated": 9, "high": 5}}, {}, {}, buyers=3),
            {"sold": 7},
            "7 pieces sold in the past year",
            "Đã bán 7 sản phẩm trong năm qua",
        ),
        (
            Grounds(Taste(), {}, {"b": {"customers": 3}, "c": {"customers": 9}}, {"b": "Toner"}),
            {"sold": 99},
            "3 customers who bought Toner bought it too",
            "3 khách hàng mua Toner cũng đã mua",
        ),
        (
            Grounds(Taste(), {}, {"b": {"customers": 2}}, {"b": "Toner"}),
            {"rating_count": 3, "rating_sum": 14},
            "Rated 4.7 by 3 customers",
            "3 khách hàng chấm trung bình 4,7 sao",
        ),
        (Grounds(Taste(), {}, {}, {}, buyers=2), {"sold": 99}, "For sale and in stock", None),
        # Whoever reads it is not one of the three.
        (
            Grounds(
                Taste(skin_type="oily"),
                {"oily": {"rated": 3, "high": 3}},
                {"b": {"customers": 3}},
                {"b": "Toner", "prod_a": "Cream"},
                buyers=3,
            ),
            {"rating_count": 3, "rating_sum": 15, "sold": 99},
            "For sale and in stock",
            None,
        ),
        (
            Grounds(Taste(), {}, {"b": {"customers": 4}}, {"b": "Toner", "prod_a": "Cream"}),
            {},
            "4 customers who bought Toner bought it too",
            None,
        ),
        (NONE, {"rating_count": 2, "rating_sum": 10}, "For sale and in stock", None),
        (NONE, {"rating_count": 9, "rating_sum": 30}, "For sale and in stock", None),
    ],
)
def test_the_words(
    grounds: Grounds, changes: dict[str, Any], english: str, vietnamese: str | None
) -> None:
    product = {**PRODUCT, **changes}
    assert reason(product, grounds, "en") == english
    assert vietnamese is None or reason(product, grounds, "vi") == vietnamese
