"""/api/ingredients and /api/products/ingredient-check"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.ingredients.gathering import IngredientGuard
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import ANONYMOUS, Identity, Platform, Role, now
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
Login = Callable[..., Caller]
Avoids = Callable[[Caller, Sequence[str]], None]
CHECK = "/api/products/ingredient-check"


@pytest.fixture
def avoids(platform: Platform) -> Avoids:
    """Returns `avoids(caller, texts)`: keeps this list for them."""

    def avoids(caller: Caller, texts: Sequence[str]) -> None:
        platform.services.require(SkinProfiles).save(caller.user_id, {"avoid": list(texts)})

    return avoids


@pytest.fixture
def retinol(make_product: MakeProduct) -> str:
    return make_product(name="Night Serum", ingredients=["Aqua", "Retinol"])


@pytest.fixture
def acid(make_product: MakeProduct) -> str:
    return make_product(name="Toner", ingredients=["Aqua", "Glycolic Acid"])


def rules_of(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [warning["rule"] for warning in answer.json["warnings"]]


def test_a_visitor_checks_products(client: FlaskClient, retinol: str, acid: str) -> None:
    answer = client.post(CHECK, json={"productIds": [retinol, acid]})
    warnings = {warning["rule"]: warning for warning in answer.get_json()["warnings"]}
    pair = warnings["retinoid-exfoliant"]
    assert pair["severity"] == "caution"
    assert pair["ingredients"] == ["Retinol", "Glycolic Acid"]
    assert pair["products"] == [
        {"productId": retinol, "name": "Night Serum"},
        {"productId": acid, "name": "Toner"},
    ]
    assert set(pair["source"]) == {"title", "reference", "url"}
    assert answer.get_json()["ingredients"] == []


def test_a_typed_list_is_read_and_checked(client: FlaskClient) -> None:
    line = "Aqua, Retinol 0,3%, Foo Extract, [+/- CI 77491]"
    body = {"ingredients": line, "avoid": ["vitamin a", "zzyzx"]}
    answer = client.post(CHECK, json=body).get_json()
    assert answer["ingredients"][1] == {
        "name": "Retinol",
        "key": "retinol",
        "inciName": "Retinol",
        "percent": 0.3,
        "mayContain": False,
        "nano": False,
    }
    assert answer["ingredients"][3]["mayContain"] is True
    assert answer["unknown"] == ["Foo Extract", "zzyzx"]
    assert answer["warnings"][0]["rule"] == "avoided"
    assert answer["warnings"][0]["products"] == [
        {"productId": None, "name": "The ingredients given"}
    ]
    assert "paraben" in [claim["id"] for claim in answer["freeFrom"]]


def test_a_list_may_be_an_array(client: FlaskClient) -> None:
    answer = client.post(CHECK, json={"ingredients": ["Aqua", "", "1,2-Hexanediol", "Citral"]})
    assert [one["key"] for one in answer.get_json()["ingredients"]] == [
        "aqua",
        "1-2-hexanediol",
        "citral",
    ]
    assert answer.get_json()["allergens"] == ["Citral"]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"locale": "vi"}, {}, "Có thành phần bạn muốn tránh: Parfum."),
        ({}, {"Accept-Language": "vi-VN,vi;q=0.9"}, "Có thành phần bạn muốn tránh: Parfum."),
        ({}, {"Accept-Language": "fr"}, "Contains what you avoid: Parfum."),
    ],
)
def test_the_language(
    client: FlaskClient, body: dict[str, Any], headers: dict[str, str], expected: str
) -> None:
    body = {"ingredients": "Aqua, Parfum", "avoid": ["parfum"], **body}
    answer = client.post(CHECK, json=body, headers=headers).get_json()
    assert answer["warnings"][0]["message"] == expected


def test_caches_keep_the_languages_of_the_dictionary_apart(
    client: FlaskClient, login: Login
) -> None:
    path = "/api/ingredients/niacinamide"
    answer = client.get(path, headers={"Accept-Language": "vi-VN"})
    assert answer.headers["Content-Language"] == "vi"
    assert "Accept-Language" in answer.headers["Vary"]
    # A user's own language goes before the browser's.
    own = login(locale="vi").get(path, headers={"Accept-Language": "en"})
    assert own.get_json() == answer.get_json()
    assert client.get(f"{path}?locale=en").headers["Content-Language"] == "en"
    assert client.get(f"{path}?locale=fr").status_code == 422


def test_the_cart_counts_when_asked_for(login: Login, retinol: str, acid: str) -> None:
    customer = login()
    assert customer.post("/api/cart/items", json={"productId": acid}).status_code == 201
    assert "retinoid-exfoliant" not in rules_of(
        customer.post(CHECK, json={"productIds": [retinol]})
    )
    body = {"productIds": [retinol], "includeCart": True}
    assert "retinoid-exfoliant" in rules_of(customer.post(CHECK, json=body))
    assert "retinoid-exfoliant" not in rules_of(login().post(CHECK, json=body))


def test_recent_purchases_count_when_asked_for(
    login: Login, place_order: Callable[..., str], retinol: str, acid: str
) -> None:
    customer = login()
    order = place_order(customer, acid)
    body = {"productIds": [retinol], "includePastPurchases": True}
    assert "retinoid-exfoliant" in rules_of(customer.post(CHECK, json=body))
    Order.raw().update_one({"_id": order}, {"$set": {"status": "cancelled"}})
    assert "retinoid-exfoliant" not in rules_of(customer.post(CHECK, json=body))
    long_ago = {"status": "delivered", "created_at": now() - timedelta(days=181)}
    Order.raw().update_one({"_id": order}, {"$set": long_ago})
    assert "retinoid-exfoliant" not in rules_of(customer.post(CHECK, json=body))


def test_the_stored_list_always_counts(
    login: Login, client: FlaskClient, avoids: Avoids, retinol: str
) -> None:
    customer = login()
    avoids(customer, ["retinoids"])
    assert rules_of(customer.post(CHECK, json={"productIds": [retinol]}))[0] == "avoided"
    assert "avoided" not in rules_of(client.post(CHECK, json={"productIds": [retinol]}))
    assert "avoided" not in rules_of(login().post(CHECK, json={"productIds": [retinol]}))


@pytest.mark.parametrize("flag", ["includeCart", "includePastPurchases"])
def test_a_visitor_has_no_cart_or_purchases_to_check(client: FlaskClient, flag: str) -> None:
    assert client.post(CHECK, json={flag: True}).status_code == 401


def test_a_product_that_is_not_for_sale_is_not_found(client: FlaskClient, retinol: str) -> None:
    assert client.post(CHECK, json={"productIds": ["prod_none"]}).status_code == 404
    Product.raw().update_one({"_id": retinol}, {"$set": {"is_active": False}})
    assert client.post(CHECK, json={"productIds": [retinol]}).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"productIds": "prod_1"}, "productIds"),
        ({"productIds": ["x" * 41]}, "productIds"),
        ({"productIds": ["x"] * 51}, "productIds"),
        ({"ingredients": 5}, "ingredients"),
        ({"ingredients": None}, "ingredients"),
        ({"ingredients": [["Aqua"]]}, "ingredients"),
        ({"ingredients": "x" * 10_001}, "ingredients"),
        ({"ingredients": ["Aqua"] * 201}, "ingredients"),
        ({"ingredients": "Aqua \ud800"}, "ingredients"),
        ({"avoid": ["a\nb"]}, "avoid"),
        ({"avoid": ["x"] * 101}, "avoid"),
        ({"includeCart": "yes"}, "includeCart"),
        ({"locale": "fr"}, "locale"),
        ({"unheardOf": 1}, "unheardOf"),
    ],
)
def test_bad_input_is_refused(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post(CHECK, json=body)
    assert answer.status_code == 422, answer.get_json()
    assert field in str(answer.get_json()["errors"])


def test_nothing_to_check_gives_nothing(client: FlaskClient) -> None:
    expected: dict[str, list[Any]] = {
        "warnings": [],
        "ingredients": [],
        "freeFrom": [],
        "allergens": [],
        "unknown": [],
    }
    assert client.post(CHECK, json={}).get_json() == expected


@pytest.mark.parametrize("name", ["Parfum", "hương liệu", "FRAGRANCE", "parfum"])
def test_an_ingredient_by_any_name(client: FlaskClient, name: str) -> None:
    one = client.get(f"/api/ingredients/{name}").get_json()["ingredient"]
    assert (one["key"], one["inciName"]) == ("parfum", "Parfum")
    assert "perfume" in one["synonyms"]


def test_an_ingredient_with_its_allergen_and_sources(client: FlaskClient) -> None:
    one = client.get("/api/ingredients/lavender oil?locale=vi").get_json()["ingredient"]
    assert one["allergen"] == {"label": "Lavandula Oil/Extract", "entry": "360"}
    assert {"id": "essential-oil", "name": "tinh dầu"} in one["groups"]
    assert one["functions"] == [{"id": "perfuming", "name": "chất tạo hương"}]
    assert "2023/1545" in one["sources"][-1]["title"]


@pytest.mark.parametrize("name", ["zzyzx", "x" * 400, "%20"])
def test_an_unknown_ingredient_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/api/ingredients/{name}").status_code == 404


def test_ingredients_are_listed_and_searched(client: FlaskClient) -> None:
    first = client.get("/api/ingredients?limit=5").get_json()
    assert len(first["ingredients"]) == 5
    assert first["totalCount"] >= 800
    assert first["totalPages"] == -(-first["totalCount"] // 5)
    found = client.get("/api/ingredients?search=retin&limit=100").get_json()
    keys = [one["key"] for one in found["ingredients"]]
    assert found["totalCount"] == len(keys)
    assert {"retinol", "retinal", "tretinoin"} <= set(keys)
    assert keys.index("retinol") < keys.index("tretinoin")
    keys = [
        one["key"] for one in client.get("/api/ingredients?search=rau ma").get_json()["ingredients"]
    ]
    assert "centella-asiatica-extract" in keys
    assert client.get("/api/ingredients?search=!!").get_json()["totalCount"] == 0


def test_ingredients_of_a_group(client: FlaskClient) -> None:
    found = client.get("/api/ingredients?group=paraben&limit=100").get_json()["ingredients"]
    assert found
    assert all("paraben" in one["key"] for one in found)
    assert client.get("/api/ingredients?group=nothing").get_json()["totalCount"] == 0


@pytest.mark.parametrize("query", ["limit=0", "page=x", "locale=fr", "search="])
def test_a_bad_query_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/ingredients?{query}").status_code == 422


def test_the_warnings_of_a_cart_take_three_queries(
    platform: Platform,
    login: Login,
    avoids: Avoids,
    place_order: Callable[..., str],
    commands_of: Callable[[Callable[[], Any]], list[Any]],
    plans_of: Callable[[Any], Any],
    retinol: str,
    acid: str,
) -> None:
    customer = login()
    place_order(customer, acid)
    customer.post("/api/cart/items", json={"productId": retinol})
    avoids(customer, ["glycolic acid", "retinol"])
    identity = Identity(user_id=customer.user_id, role=Role.CUSTOMER)
    items = Cart.raw().find_one({"user_id": customer.user_id})["items"]
    guard = platform.services.require(IngredientGuard)
    commands = commands_of(lambda: guard.warnings_for_cart(identity, items, "en"))
    collections = ["commerce_orders", "commerce_products", "commerce_skin_profiles"]
    assert [command["find"] for command in commands] == collections
    for command in commands:
        assert all("COLLSCAN" not in plan["stages"] for plan in plans_of(command))
    warnings = guard.warnings_for_cart(identity, items, "en")
    assert [one.rule for one in warnings][:2] == ["avoided", "retinoid-pregnancy"]
    assert "retinoid-exfoliant" in [one.rule for one in warnings]
    assert [one.name for one in warnings[0].products] == ["Night Serum"]


def test_the_cart_of_a_visitor_is_checked_by_itself(
    platform: Platform, retinol: str, acid: str
) -> None:
    guard = platform.services.require(IngredientGuard)
    items = [{"product_id": retinol}, {"product_id": acid}, {"product_id": "prod_gone"}]
    warnings = guard.warnings_for_cart(ANONYMOUS, items, "vi")
    assert "retinoid-exfoliant" in [one.rule for one in warnings]
    assert guard.warnings_for_cart(ANONYMOUS, [], "vi") == []
    assert guard.avoid_list(ANONYMOUS).items == ()
