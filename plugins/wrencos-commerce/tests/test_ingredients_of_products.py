"""What products store of their ingredients, and the warnings that a cart shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.rereading import IngredientReader
from wrencos_core.api import Platform

MakeProduct = Callable[..., str]


def test_a_list_is_read_as_data(client: FlaskClient, make_product: MakeProduct) -> None:
    line = "Water, Niacinamide (10%), Limonene, [+/- CI 77491]"
    id = make_product(ingredients=[line], period_after_opening=6)
    product = client.get(f"/api/products/{id}").get_json()["product"]
    assert product["ingredients"] == [line]
    assert product["periodAfterOpening"] == 6
    listed = {one["key"]: one for one in product["ingredientList"]}
    assert list(listed)[:3] == ["aqua", "niacinamide", "limonene"]
    assert listed["niacinamide"]["percent"] == "10"
    assert listed["limonene"]["isAllergen"]
    assert [one["mayContain"] for one in product["ingredientList"]] == [False] * 3 + [True]
    assert product["allergens"] == ["Limonene"]
    assert "paraben" in product["freeFrom"]
    assert "eu-allergen" not in product["freeFrom"]


def test_a_cart_warns_of_what_does_not_go_together(
    login: Any, make_product: MakeProduct, commands_of: Any
) -> None:
    night = make_product(name="Night serum", ingredients=["Aqua", "Retinol"])
    peel = make_product(name="Peel", ingredients=["Aqua", "Glycolic Acid"])
    me = login()
    me.post("/api/cart/items", json={"productId": night})
    alone = me.get("/api/cart?locale=en").get_json()["warnings"]
    me.post("/api/cart/items", json={"productId": peel})
    warnings = me.get("/api/cart?locale=en").get_json()["warnings"]
    (pair,) = [one for one in warnings if len(one["products"]) == 2]
    assert pair not in alone
    assert {one["productId"] for one in pair["products"]} == {night, peel}
    assert pair["severity"] in ("caution", "high")
    assert pair["source"]["reference"]
    vietnamese = me.get("/api/cart?locale=vi").get_json()["warnings"]
    assert [one["rule"] for one in vietnamese] == [one["rule"] for one in warnings]
    assert vietnamese != warnings


def test_a_cart_warns_of_what_was_bought_before(
    login: Any, make_product: MakeProduct, place_order: Callable[..., str]
) -> None:
    night = make_product(name="Night serum", ingredients=["Aqua", "Retinol"])
    peel = make_product(name="Peel", ingredients=["Aqua", "Glycolic Acid"])
    me = login()
    place_order(me, night)
    me.post("/api/cart/items", json={"productId": peel})
    warnings = me.get("/api/cart").get_json()["warnings"]
    assert any({night, peel} == {p["productId"] for p in one["products"]} for one in warnings)


def test_a_cart_warns_of_what_the_customer_avoids(login: Any, make_product: MakeProduct) -> None:
    me = login()
    assert me.put("/api/skin-profile", json={"avoid": ["vitamin b3"]}).status_code == 200
    serum = make_product(ingredients=["Aqua", "Niacinamide"])
    me.post("/api/cart/items", json={"productId": serum})
    (warning,) = me.get("/api/cart").get_json()["warnings"]
    assert (warning["severity"], warning["ingredients"]) == ("high", ["Niacinamide"])


def test_rereading_changes_only_what_the_dictionary_has_otherwise(
    make_product: MakeProduct, platform: Platform, outbox_events: Any
) -> None:
    same, stale = (make_product(ingredients=["Aqua", "Retinol"]) for _ in range(2))
    outdated = {"ingredient_keys": ["retinol"], "free_from": [], "facets": ["*"]}
    Product.raw().update_one({"_id": stale}, {"$set": outdated})
    reader = platform.services.require(IngredientReader)
    assert [reader.reread(), reader.reread()] == [1, 0]
    rows = {row["_id"]: row for row in Product.raw().find()}
    for field in ("ingredient_keys", "free_from", "facets"):
        assert sorted(rows[stale][field]) == sorted(rows[same][field])
    (event,) = [e for e in outbox_events("commerce.products_changed") if "reread" in e["_id"]]
    assert event["payload"]["product_ids"] == [stale]
