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


def recounted(text: str, product: str) -> str:
    """Which claim the text makes, after counting it again."""
    row = Product.raw().find_one({"_id": product})
    if found := RATED_ALIKE.search(text):
        people = SkinProfile.raw().distinct(
            "user_id", {"skin_type": found[3], "use_for_recommendations": True}
        )
        query = {"product_id": product, "user_id": {"$in": people}, "state": "published"}
        ratings = [review["rating"] for review in Review.raw().find(query)]
        assert (int(found[1]), int(found[2])) == (sum(r >= 4 for r in ratings), len(ratings))
        assert len(ratings) >= 3
        return "rated alike"
    if found := BOUGHT_WITH.search(text):
        other = Product.raw().find_one({"name": found[2]})["_id"]
        query = {"status": {"$ne": "cancelled"}}
        buyers = [
            set(Order.raw().distinct("user_id", {**query, "lines.product_id": id}))
            for id in (product, other)
        ]
        assert int(found[1]) == len(buyers[0] & buyers[1]) >= 3
        return "bought with"
    if found := RATED.search(text):
        assert int(found[2]) == row["rating_count"] >= 3
        assert float(found[1]) == pytest.approx(row["rating_sum"] / row["rating_count"], abs=0.05)
        return "rated"
    if found := SOLD.search(text):
        assert int(found[1]) == row["sold"] >= 3
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
    people = [past.person(skin_type=rng.choice(["dry", "oily"])) for _ in range(25)]
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
    for person in people:
        wanted = Wanted(user_id=person, limit=14, locale="en", skin_type=rng.choice([None, "dry"]))
        for item in platform.services.require(Advisor).advise(wanted).suggested:
            row = item.scored.row
            kinds.add(recounted(item.reason, row["_id"]))
            text = item.reason.casefold()
            assert ("for dry skin" not in text) or "dry" in row["skin_types"]
            assert ("against" not in text) or row["concerns"]
    assert kinds >= {"rated alike", "rated"}


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
            Grounds(Taste(skin_type="oily"), {"oily": {"rated": 9, "high": 5}}, {}, {}),
            {"sold": 3},
            "3 pieces sold in the past year",
            "Đã bán 3 sản phẩm trong năm qua",
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
        (NONE, {"rating_count": 2, "rating_sum": 10, "sold": 2}, "For sale and in stock", None),
        (NONE, {"rating_count": 9, "rating_sum": 30}, "For sale and in stock", None),
    ],
)
def test_the_words(
    grounds: Grounds, changes: dict[str, Any], english: str, vietnamese: str | None
) -> None:
    product = {**PRODUCT, **changes}
    assert reason(product, grounds, "en") == english
    assert vietnamese is None or reason(product, grounds, "vi") == vietnamese
