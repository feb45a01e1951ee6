"""Which language an answer is in, and that no cache mixes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_core.platform import Platform
from wrencos_core.testing.accounts import Logins

MakeProduct = Callable[..., str]


@pytest.fixture
def product_id(make_product: MakeProduct) -> str:
    id = make_product(name="Lotus gel")
    texts = {"vi": {"name": "Gel hoa sen"}}
    Product.raw().update_one({"_id": id}, {"$set": {"translations": texts}})
    return id


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", None, "en"),
        ("", "vi", "vi"),
        ("", "vi-VN,en;q=0.5", "vi"),
        ("", "en-US,vi;q=0.9", "en"),
        ("", "fr", "en"),
        ("", "*", "en"),
        ("", "fr,vi;q=0.1", "vi"),
        ("?locale=vi", "en", "vi"),
        ("?locale=en", "vi", "en"),
        ("?locale=fr", "vi", "vi"),
    ],
)
def test_a_visitor_reads_what_they_ask_for(
    client: FlaskClient, product_id: str, query: str, accepted: str | None, language: str
) -> None:
    headers = {"Accept-Language": accepted} if accepted else {}
    answer = client.get(f"/api/products/{product_id}{query}", headers=headers)
    name = {"vi": "Gel hoa sen", "en": "Lotus gel"}[language]
    assert answer.get_json()["product"]["name"] == name
    assert answer.headers["Content-Language"] == language
    assert "accept-language" in answer.vary
    assert "authorization" in answer.vary


def test_a_user_reads_their_own_language_unless_they_ask_for_another(
    login: Any, product_id: str
) -> None:
    caller = login("customer", locale="vi")
    path, headers = f"/api/products/{product_id}", {"Accept-Language": "en"}
    assert caller.get(path, headers=headers).headers["Content-Language"] == "vi"
    asked = caller.get(f"{path}?locale=en", headers=headers)
    assert asked.get_json()["product"]["name"] == "Lotus gel"


def test_an_answer_without_a_language_names_none(client: FlaskClient, login: Any) -> None:
    assert "Content-Language" not in login("admin").get("/api/orders").headers
    missing = client.get("/api/products/nothing")
    assert missing.status_code == 404
    assert "Content-Language" not in missing.headers


def test_the_remembered_pages_of_two_languages_are_two(
    make_platform: Callable[..., Platform], make_app: Callable[[Platform], Flask]
) -> None:
    platform = make_platform(public_cache_seconds=60)
    app = make_app(platform)
    app.extensions.pop("wrencos_remembered", None)
    admin = Logins(platform, app)("admin")
    created = admin.post("/api/products", json={"name": "Lotus gel", "price": 9})
    id = created.get_json()["productId"]
    texts = {"name": "Gel hoa sen"}
    assert admin.put(f"/api/products/{id}/translations/vi", json=texts).status_code == 200
    visitor = app.test_client()
    for path in (f"/api/products/{id}", "/api/products"):
        seen: dict[str, bytes] = {}
        for _ in range(2):
            for language in ("vi", "en"):
                answer = visitor.get(path, headers={"Accept-Language": language})
                assert answer.headers["Content-Language"] == language
                assert "accept-language" in answer.vary
                assert seen.setdefault(language, answer.data) == answer.data
        assert "Gel hoa sen" in seen["vi"].decode()
        assert "Lotus gel" in seen["en"].decode()


def test_a_page_that_the_client_has_is_not_sent_again(client: FlaskClient, product_id: str) -> None:
    path, vietnamese = f"/api/products/{product_id}", {"Accept-Language": "vi"}
    etag = client.get(path, headers=vietnamese).headers["ETag"]
    again = client.get(path, headers={**vietnamese, "If-None-Match": etag})
    assert (again.status_code, "accept-language" in again.vary) == (304, True)
    other = client.get(path, headers={"Accept-Language": "en", "If-None-Match": etag})
    assert other.status_code == 200
