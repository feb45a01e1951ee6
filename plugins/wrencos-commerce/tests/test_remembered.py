"""Visitors may be shown a page of the catalogue that is a moment old; nobody else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_core.platform import Platform
from wrencos_core.testing.accounts import Logins

PATHS = ("/api/products", "/api/products?sort=price", "/api/products/{id}")


@pytest.fixture
def shop(
    make_platform: Callable[..., Platform], make_app: Callable[[Platform], Flask]
) -> tuple[Platform, Flask]:
    platform = make_platform(public_cache_seconds=60)
    app = make_app(platform)
    app.extensions.pop("wrencos_remembered", None)
    return platform, app


@pytest.fixture
def logins(shop: tuple[Platform, Flask]) -> Logins:
    return Logins(*shop)


@pytest.fixture
def product_id(logins: Logins) -> str:
    answer = logins("admin").post(
        "/api/products", json={"name": "Before", "price": 1000, "inventory": 1}
    )
    return str(answer.json["productId"])


def rename(product_id: str) -> None:
    """A change that comes from another process, as far as this one can tell."""
    Product.raw().update_one({"_id": product_id}, {"$set": {"name": "After"}})


@pytest.mark.parametrize("path", PATHS)
def test_a_visitor_sees_the_remembered_answer_and_a_user_the_present_one(
    shop: tuple[Platform, Flask], logins: Logins, product_id: str, path: str
) -> None:
    path = path.format(id=product_id)
    visitor: FlaskClient = shop[1].test_client()
    first = visitor.get(path)
    rename(product_id)

    again = visitor.get(path)
    assert "Before" in again.text
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "no-cache"
    assert "After" in logins("customer").get(path).text


def test_what_a_user_is_shown_is_not_remembered_for_visitors(
    shop: tuple[Platform, Flask], logins: Logins, product_id: str
) -> None:
    path = f"/api/products/{product_id}"
    Product.raw().update_one({"_id": product_id}, {"$set": {"cost_price": 400}})
    assert "costPrice" in logins("admin").get(path).text
    assert "costPrice" not in shop[1].test_client().get(path).text


def test_a_remembered_answer_is_not_sent_again_to_a_client_that_has_it(
    shop: tuple[Platform, Flask], product_id: str
) -> None:
    visitor = shop[1].test_client()
    etag = visitor.get("/api/products").headers["ETag"]
    answer = visitor.get("/api/products", headers={"If-None-Match": etag})
    assert answer.status_code == 304
    assert answer.data == b""


def test_other_filters_are_other_answers(shop: tuple[Platform, Flask], product_id: str) -> None:
    visitor = shop[1].test_client()
    assert visitor.get("/api/products").json["totalCount"] == 1
    assert visitor.get("/api/products?inStock=true&minPrice=2000").json["totalCount"] == 0


def test_the_same_filters_in_another_order_are_the_same_answer(
    shop: tuple[Platform, Flask], product_id: str
) -> None:
    visitor = shop[1].test_client()
    visitor.get("/api/products?inStock=true&minPrice=2")
    rename(product_id)
    for query in ("minPrice=2&inStock=true", "inStock=true&minPrice=2"):
        assert "Before" in visitor.get(f"/api/products?{query}").text
    assert "After" in visitor.get("/api/products?minPrice=2").text


def test_a_page_of_twenty_products_with_descriptions_is_remembered(
    shop: tuple[Platform, Flask], logins: Logins, product_id: str
) -> None:
    text = "Kem chống nắng dưỡng ẩm. " * 150
    for number in range(19):
        body = {"name": f"{number}", "price": 1000, "inventory": 1, "description": text}
        assert logins("admin").post("/api/products", json=body).status_code == 201
    visitor = shop[1].test_client()
    first = visitor.get("/api/products")
    assert len(first.json["products"]) == 20
    rename(product_id)
    assert "Before" in visitor.get("/api/products").text


def test_a_refusal_is_not_remembered(shop: tuple[Platform, Flask], product_id: str) -> None:
    visitor = shop[1].test_client()
    Product.raw().update_one({"_id": product_id}, {"$set": {"is_active": False}})
    assert visitor.get(f"/api/products/{product_id}").status_code == 404
    Product.raw().update_one({"_id": product_id}, {"$set": {"is_active": True}})
    assert visitor.get(f"/api/products/{product_id}").status_code == 200


def test_a_shop_can_do_without(
    make_platform: Callable[..., Platform], make_app: Callable[[Platform], Flask]
) -> None:
    platform = make_platform(public_cache_seconds=0)
    app = make_app(platform)
    admin = Logins(platform, app)("admin")
    body = {"name": "Before", "price": 1000, "inventory": 1}
    product_id = admin.post("/api/products", json=body).json["productId"]
    visitor = app.test_client()
    assert "Before" in visitor.get("/api/products").text
    rename(product_id)
    assert "After" in visitor.get("/api/products").text
