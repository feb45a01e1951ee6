"""What goes with a product: similar ones, and those that were ordered with it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_commerce.services.recommendations.likeness import bought_together, similar, similarity
from wrencos_core.api import SYSTEM, Platform


def shown(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.get_json()
    return [product["name"] for product in answer.get_json()["products"]]


@pytest.fixture
def serums(platform: Platform, past: Any) -> dict[str, str]:
    categories = platform.services.require(Categories)
    category = categories.create({"name": "Serums"}, SYSTEM)
    fields: dict[str, Any] = {"category_id": category, "concerns": ["acne"], "skin_types": ["oily"]}
    clear = ["Aqua", "Niacinamide", "Zinc PCA"]
    return {
        "this": past.product("This", ingredients=clear, **fields),
        "twin": past.product("Twin", ingredients=clear, **fields),
        "same": past.product("Same shelf", category_id=category, ingredients=["Aqua", "Parfum"]),
        "other": past.product("Same concern", concerns=["acne"]),
        "far": past.product("Something else"),
    }


def test_the_most_alike_come_first(client: FlaskClient, serums: dict[str, str]) -> None:
    answer = client.get(f"/api/products/{serums['this']}/similar")
    assert shown(answer) == ["Twin", "Same shelf", "Same concern"]
    first = answer.get_json()["products"][0]
    assert first["similarity"] == 1
    assert shown(client.get(f"/api/products/{serums['this']}/similar?limit=1")) == ["Twin"]


def test_what_the_caller_avoids_is_not_among_them(
    login: Any, past: Any, serums: dict[str, str]
) -> None:
    me = login()
    url = f"/api/products/{serums['this']}/similar"
    assert "Same shelf" in shown(me.get(url))
    past.profiles.save(me.user_id, {"avoid": ["fragrance"]})
    assert shown(me.get(url)) == ["Twin", "Same concern"]


def test_sold_out_and_withdrawn_ones_are_not_among_them(
    client: FlaskClient, serums: dict[str, str]
) -> None:
    Product.raw().update_one({"_id": serums["twin"]}, {"$set": {"inventory": 0}})
    Product.raw().update_one({"_id": serums["same"]}, {"$set": {"is_active": False}})
    assert shown(client.get(f"/api/products/{serums['this']}/similar")) == ["Same concern"]


def test_similarity_is_symmetric_and_from_0_to_1(serums: dict[str, str]) -> None:
    rows = list(Product.raw().find())
    assert len(rows) == len(serums)
    for one in rows:
        for other in rows:
            assert 0 <= similarity(one, other) <= 1
            assert similarity(one, other) == similarity(other, one)


def test_what_was_ordered_together_with_its_true_counts(
    client: FlaskClient, login: Any, past: Any
) -> None:
    this, often, seldom, once, apart = past.products(5)
    scented = {"ingredient_keys": ["aqua", "parfum"], "ingredients": ["Aqua", "Parfum"]}
    Product.raw().update_one({"_id": apart}, {"$set": {**scented, "name": "Scented"}})
    for number in range(4):
        past.order(past.person(), this, often, *([seldom] if number < 2 else []))
    past.order(past.person(), this, once)
    for _ in range(3):
        buyer = past.person()
        past.order(buyer, this)
        past.order(buyer, apart)
    url = f"/api/products/{this}/bought-together"
    assert shown(client.get(url)) == []
    learn()
    rows = client.get(url).get_json()["products"]
    assert [(row["productId"], row["orders"], row["customers"]) for row in rows] == [
        (often, 4, 4),
        (seldom, 2, 2),
    ]
    for _ in range(2):
        past.order(past.person(), this, apart)
    learn()
    assert "Scented" in shown(client.get(url))
    me = login()
    past.profiles.save(me.user_id, {"avoid": ["hương liệu"]})
    assert "Scented" not in shown(me.get(url))
    Product.raw().update_one({"_id": often}, {"$set": {"inventory": 0}})
    assert often not in str(client.get(url).get_json())


@pytest.mark.parametrize("what", ["similar", "bought-together"])
def test_unknown_and_withdrawn_products_have_none(
    client: FlaskClient, past: Any, what: str
) -> None:
    gone = past.product("Gone", is_active=False)
    for id in (gone, "prod_nothing"):
        assert client.get(f"/api/products/{id}/{what}").status_code == 404
    assert client.get(f"/api/products/{past.product('A')}/{what}?limit=51").status_code == 422


def test_they_are_answered_by_indexes(
    serums: dict[str, str], past: Any, commands_of: Any, plans_of: Any
) -> None:
    for _ in range(2):
        past.order(past.person(), serums["this"], serums["twin"])
    learn()
    row = Product.raw().find_one({"_id": serums["this"]})
    nothing = Avoiding.of(["retinol"])
    sent = commands_of(lambda: similar(row, nothing, 5))
    assert len(sent) == 1
    sent += commands_of(lambda: bought_together(serums["this"], nothing, 5))
    assert len(sent) == 3
    for command in sent:
        for plan in plans_of(command):
            assert "COLLSCAN" not in plan["stages"], command
