"""Searching, suggestions, synonyms and the report over HTTP, and the indexes behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.errors import PyMongoError

from wrencos_commerce.permissions import READ_SEARCHES, WRITE_SYNONYMS
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import SORTS
from wrencos_commerce.services.search.report import SearchReport
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.clock import ManualClock

MakeProduct = Callable[..., str]
Command = Mapping[str, Any]


@pytest.fixture
def shop(platform: Platform, make_product: MakeProduct, index: SearchIndex) -> None:
    categories = platform.services.require(Categories)
    face = categories.create({"name": "Face"}, SYSTEM)
    serums = categories.create({"name": "Serums", "parent_id": face}, SYSTEM)
    make_product(
        name="Dewy Serum",
        brand="Lá Sen",
        category_id=serums,
        price=Decimal(20),
        skin_types=["dry"],
        concerns=["acne"],
    )
    make_product(
        name="Matte Serum", brand="Halo", category_id=serums, price=Decimal("9.99"), inventory=0
    )
    make_product(name="Face Cloth", category_id=face, price=Decimal(4))
    index.rebuild()


def names(client: FlaskClient, **query: Any) -> list[str]:
    answer = client.get("/api/products/search", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return [product["name"] for product in answer.get_json()["products"]]


def test_a_page_with_its_facets(shop: None, client: FlaskClient) -> None:
    page = client.get("/api/products/search?q=serum&brand=halo&limit=1").get_json()
    assert [product["name"] for product in page["products"]] == ["Matte Serum"]
    assert (page["totalCount"], page["page"], page["totalPages"]) == (1, 1, 1)
    assert (page["correctedTo"], page["relaxed"]) == (None, False)
    facets = page["facets"]
    assert [(row["slug"], row["count"]) for row in facets["categories"]] == [
        ("face", 1),
        ("serums", 1),
    ]
    assert facets["categories"][1]["parentId"] == facets["categories"][0]["categoryId"]
    assert facets["brands"] == [
        {"slug": "halo", "name": "Halo", "count": 1},
        {"slug": "la-sen", "name": "Lá Sen", "count": 1},
    ]
    assert facets["prices"] == [{"priceFrom": 5.0, "priceBelow": 10.0, "count": 1}]
    assert facets["skinTypes"] == []
    assert facets["inStock"] == 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"category": "serums"}, {"Dewy Serum", "Matte Serum"}),
        ({"brand": ["Lá Sen", "halo"]}, {"Dewy Serum", "Matte Serum"}),
        ({"category": "face", "skinType": "dry"}, {"Dewy Serum"}),
        ({"concern": "Acne"}, {"Dewy Serum"}),
        ({"minPrice": "9.99", "maxPrice": "9.999"}, {"Matte Serum"}),
        ({"maxPrice": "9.98"}, {"Face Cloth"}),
        ({"minRating": "4"}, set()),
        ({"inStock": "true"}, {"Dewy Serum", "Face Cloth"}),
        ({"q": ""}, {"Dewy Serum", "Matte Serum", "Face Cloth"}),
        ({"q": "?!"}, set()),
        ({"category": "nothing"}, set()),
    ],
)
def test_filters(shop: None, client: FlaskClient, query: Any, expected: set[str]) -> None:
    assert set(names(client, **query)) == expected


@pytest.mark.parametrize(
    "query", ["sort=cost", "limit=0", "minRating=6", "minRating=nan", "minPrice=-1"]
)
def test_bad_queries(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/products/search?{query}").status_code == 422


def test_before_there_is_an_index_nothing_is_found(client: FlaskClient) -> None:
    assert names(client, q="serum") == []
    assert client.get("/api/products/suggest?q=ser").get_json()["products"] == []


@pytest.mark.parametrize("sort", SORTS)
def test_pages_have_everything_once(
    make_product: MakeProduct, index: SearchIndex, client: FlaskClient, sort: str
) -> None:
    for number in range(7):
        make_product(name=f"Amber {number}", price=Decimal(5 + number % 3))
    index.rebuild()
    seen: list[str] = []
    for page in range(1, 5):
        seen += names(client, q="amber", sort=sort, page=page, limit=2)
    assert sorted(seen) == [f"Amber {number}" for number in range(7)]


def test_suggestions(shop: None, platform: Platform, client: FlaskClient) -> None:
    report = platform.services.require(SearchReport)
    for visitor in "abc":
        report.record("Serum for the night", 4, visitor)
        report.record("serious matters", 4, "a")
    found = client.get("/api/products/suggest?q=se").get_json()
    assert {row["name"] for row in found["products"]} == {"Dewy Serum", "Matte Serum"}
    assert [row["slug"] for row in found["categories"]] == ["serums"]
    assert [row["name"] for row in found["brands"]] == ["Lá Sen"]
    assert found["queries"] == ["serum for the night", "serum", "sen"]
    assert client.get("/api/products/suggest").status_code == 422


def test_synonyms_are_kept_by_those_who_may(shop: None, login: Callable[..., Any]) -> None:
    keeper = login("staff", permissions=[WRITE_SYNONYMS])
    assert login().get("/api/search-synonyms").status_code == 403
    body = {"phrases": ["tinh chất xịn", "Dewy Serum"]}
    created = keeper.post("/api/search-synonyms", json=body)
    assert created.status_code == 201
    url = f"/api/search-synonyms/{created.json['synonymsId']}"
    assert keeper.get(url).json["synonyms"]["phrases"] == body["phrases"]
    assert keeper.get("/api/search-synonyms").json["totalCount"] == 1
    changed = keeper.put(url, json={"oneWay": True})
    assert changed.json["updatedSynonyms"]["oneWay"] is True
    assert keeper.delete(url).status_code == 200
    assert keeper.get(url).status_code == 404
    for bad in (["one"], ["same", "Same"], ["!!", "a"], ["a b c d e f g", "h"]):
        assert keeper.post("/api/search-synonyms", json={"phrases": bad}).status_code == 422


def test_the_report_counts_first_pages(
    shop: None, client: FlaskClient, login: Callable[..., Any], clock: ManualClock
) -> None:
    for query in ("q=Serum", "q=serum", "q=serum&page=2", "q=xyzzy", "sort=price"):
        assert client.get(f"/api/products/search?{query}").status_code == 200
    assert login().get("/api/search-report").status_code == 403
    reader = login("staff", permissions=[READ_SEARCHES])
    report = reader.get("/api/search-report").json
    shown = [(row["query"], row["count"], row["results"]) for row in report["searches"]]
    assert shown == [("serum", 2, 2), ("xyzzy", 1, 0)]
    nothing = reader.get("/api/search-report?zeroResults=true&days=1").json
    assert [row["query"] for row in nothing["searches"]] == ["xyzzy"]
    clock.advance(timedelta(days=2))
    reader = login("staff", permissions=[READ_SEARCHES])
    assert reader.get("/api/search-report?days=1").json["totalCount"] == 0


def test_a_search_that_cannot_be_counted_is_answered(
    shop: None, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise PyMongoError("away")

    monkeypatch.setattr(SearchReport, "_count", fail)
    assert "Dewy Serum" in names(client, q="serum")


@pytest.mark.parametrize(
    "url",
    [
        "/api/products/search",
        *(f"/api/products/search?q=serum&sort={sort}" for sort in SORTS),
        "/api/products/search?q=sreum matte",
        "/api/products/search?category=face&brand=halo&minPrice=3&inStock=true",
        "/api/products/suggest?q=se",
        "/api/search-report?zeroResults=true",
        "/api/search-synonyms",
    ],
)
def test_every_command_uses_an_index(
    shop: None,
    login: Callable[..., Any],
    commands_of: Callable[[Callable[[], Any]], list[Command]],
    plans_of: Callable[[Command], Sequence[Command]],
    url: str,
) -> None:
    staff = login("staff", permissions=[READ_SEARCHES, WRITE_SYNONYMS])
    commands = commands_of(lambda: staff.get(url))
    asked = [c for c in commands if {"find", "aggregate"} & set(c)]
    assert asked
    for command in asked:
        for plan in plans_of(command):
            assert "COLLSCAN" not in plan["stages"], command


def test_indexing_uses_indexes(
    make_product: MakeProduct,
    index: SearchIndex,
    shop: None,
    commands_of: Callable[[Callable[[], Any]], list[Command]],
    plans_of: Callable[[Command], Sequence[Command]],
) -> None:
    id = make_product(name="Amber")

    def work() -> None:
        index.index([id])
        index.catch_up()
        index.rebuild()

    for command in commands_of(work):
        if "find" in command:
            for plan in plans_of(command):
                assert "COLLSCAN" not in plan["stages"], command
