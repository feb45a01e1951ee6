"""/api/products: single products, to the letter of the specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]

SERUM = {
    "name": "Hydrating Essence Serum",
    "price": 29.99,
    "description": "Light and clear.",
    "ingredients": ["Aqua", "Glycerin"],
    "skinTypes": ["Oily", "combination"],
    "concern": ["Large pores"],
}


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


def detail(client: Any, id: str) -> dict[str, Any]:
    answer = client.get(f"/api/products/{id}")
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["product"]  # type: ignore[no-any-return]


def test_a_product_is_created_as_specified(client: FlaskClient, admin: Caller) -> None:
    answer = admin.post("/api/products", json=SERUM)
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["message"] == "Product created successfully"
    product = detail(client, body["productId"])
    sku = product.pop("sku")
    assert sku
    assert product.pop("createdAt") == product.pop("updatedAt")
    (variant,) = product.pop("variants")
    assert variant.pop("sku") == sku
    assert variant.pop("variantId").startswith("var_")
    assert variant == {
        "name": None,
        "shade": None,
        "swatch": None,
        "size": None,
        "price": 29.99,
        "lowestPrice30Days": 29.99,
        "inventory": 0,
        "barcode": None,
        "weight": None,
        "mediaIds": [],
        "isActive": True,
    }
    assert [listed["key"] for listed in product.pop("ingredientList")] == ["aqua", "glycerin"]
    assert "paraben" in product.pop("freeFrom")
    assert product == {
        "productId": body["productId"],
        "slug": "hydrating-essence-serum",
        "name": "Hydrating Essence Serum",
        "description": "Light and clear.",
        "brand": None,
        "categoryId": None,
        "price": 29.99,
        "priceTo": 29.99,
        "currency": "USD",
        "inventory": 0,
        "imageUrl": None,
        "rating": None,
        "ratingCount": 0,
        "media": [],
        "allergens": [],
        "periodAfterOpening": None,
        "ingredients": ["Aqua", "Glycerin"],
        "skinTypes": ["oily", "combination"],
        "concerns": ["large-pores"],
        "isActive": True,
        "reviews": [],
    }


def test_an_update_changes_what_is_given(
    client: FlaskClient, admin: Caller, run_jobs: Callable[[], int]
) -> None:
    id = admin.post("/api/products", json=SERUM).get_json()["productId"]
    answer = admin.put(f"/api/products/{id}", json={"price": 35, "inventory": 4, "brand": "Sen"})
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["message"] == "Product updated successfully"
    assert body["updatedProduct"]["price"] == 35
    assert body["updatedProduct"]["ingredients"] == SERUM["ingredients"]
    product = detail(client, id)
    assert (product["price"], product["inventory"], product["brand"]) == (35, 4, "Sen")
    run_jobs()
    found = client.get("/api/products?search=sen serum").get_json()
    assert found["totalCount"] == 1


def test_if_match_guards_an_update(client: FlaskClient, admin: Caller) -> None:
    id = admin.post("/api/products", json=SERUM).get_json()["productId"]
    etag = admin.get(f"/api/products/{id}").headers["ETag"]
    first = admin.put(f"/api/products/{id}", json={"price": 30}, headers={"If-Match": etag})
    assert first.status_code == 200
    second = admin.put(f"/api/products/{id}", json={"price": 31}, headers={"If-Match": etag})
    assert second.status_code == 412
    assert detail(client, id)["price"] == 30


def test_a_withdrawn_product_leaves_the_shop_and_can_come_back(
    client: FlaskClient, admin: Caller, make_product: MakeProduct
) -> None:
    id = make_product()
    answer = admin.delete(f"/api/products/{id}")
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"message": "Product withdrawn from sale"},
    )
    assert client.get(f"/api/products/{id}").status_code == 404
    assert client.get("/api/products").get_json()["totalCount"] == 0
    assert detail(admin, id)["isActive"] is False
    assert admin.put(f"/api/products/{id}", json={"isActive": True}).status_code == 200
    assert client.get("/api/products").get_json()["totalCount"] == 1


def test_the_cost_is_for_those_who_may_see_it(
    client: FlaskClient, login: Any, admin: Caller
) -> None:
    id = admin.post("/api/products", json={**SERUM, "costPrice": 11.5}).get_json()["productId"]
    for caller in (client, login(), login("staff")):
        assert "costPrice" not in detail(caller, id)
        assert "costPrice" not in caller.get("/api/products").get_json()["products"][0]
    allowed = login("staff", ["commerce.products.read_cost"])
    assert detail(allowed, id)["costPrice"] == 11.5
    assert allowed.get("/api/products").get_json()["products"][0]["costPrice"] == 11.5


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"price": -1}, "price"),
        ({"price": 1.999}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": 1e12}, "price"),
        ({"costPrice": 0.001}, "costPrice"),
        ({"currency": "VND"}, "currency"),
        ({"inventory": -1}, "inventory"),
        ({"inventory": 1.5}, "inventory"),
        ({"imageUrl": "javascript:alert(1)"}, "imageUrl"),
        ({"categoryId": "cat_nothing"}, "categoryId"),
        ({"isActive": "yes"}, "isActive"),
        ({"skinTypes": "oily"}, "skinTypes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_fields_are_named(admin: Caller, fields: dict[str, Any], field: str) -> None:
    answer = admin.post("/api/products", json={**SERUM, **fields})
    assert answer.status_code == 422, answer.get_json()
    assert field in answer.get_json()["errors"]


def test_a_sku_is_taken_once(admin: Caller, make_product: MakeProduct) -> None:
    make_product(sku="A-1")
    other = make_product(sku="A-2")
    for answer in (
        admin.post("/api/products", json={**SERUM, "sku": "A-1"}),
        admin.put(f"/api/products/{other}", json={"sku": "A-1"}),
    ):
        assert answer.status_code == 409
        assert answer.get_json()["type"] == "urn:wrencos:problem:already-exists"


def test_writing_needs_the_permission(
    client: FlaskClient, login: Any, make_product: MakeProduct
) -> None:
    id = make_product()
    for caller, status in ((client, 401), (login(), 403), (login("staff"), 403)):
        assert caller.post("/api/products", json=SERUM).status_code == status
        assert caller.put(f"/api/products/{id}", json={"price": 1}).status_code == status
        assert caller.delete(f"/api/products/{id}").status_code == status
    allowed = login("staff", ["commerce.products.write"])
    assert allowed.put(f"/api/products/{id}", json={"price": 1}).status_code == 200


def test_unknown_products_are_404(client: FlaskClient, admin: Caller) -> None:
    assert client.get("/api/products/prod_nothing").status_code == 404
    assert admin.put("/api/products/prod_nothing", json={"price": 1}).status_code == 404
    assert admin.delete("/api/products/prod_nothing").status_code == 404


def test_changes_are_audited(admin: Caller, make_product: MakeProduct) -> None:
    id = make_product()
    admin.put(f"/api/products/{id}", json={"price": 12})
    entries = admin.get("/api/audit", query_string={"target": id}).get_json()["entries"]
    assert entries[0]["action"] == "commerce.products.update"
    assert entries[0]["actor"] == admin.user_id
    assert entries[0]["changes"] == {"price": 1200}


def test_an_unchanged_product_is_not_sent_again(
    client: FlaskClient, make_product: MakeProduct
) -> None:
    path = f"/api/products/{make_product()}"
    for url in (path, "/api/products"):
        etag = client.get(url).headers["ETag"]
        assert client.get(url, headers={"If-None-Match": etag}).status_code == 304


def test_the_audit_log_does_not_tell_the_cost(admin: Caller) -> None:
    id = admin.post("/api/products", json={**SERUM, "costPrice": 11.5}).get_json()["productId"]
    admin.put(f"/api/products/{id}", json={"costPrice": 12.25})
    answer = admin.get("/api/audit", query_string={"target": id})
    created, updated = (entry["changes"] for entry in reversed(answer.get_json()["entries"]))
    assert created["cost_price"] == "set"
    assert updated == {"cost_price": "set"}
