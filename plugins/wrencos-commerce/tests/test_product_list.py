"""GET /api/products: filters, orders, pages, and the indexes behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import product as combinations
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.product import SORTS, Product
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.product_queries import ProductFilter, ProductQueries
from wrencos_core.api import SYSTEM, Platform, new_id

MakeProduct = Callable[..., str]


@pytest.fixture
def names(client: FlaskClient) -> Callable[..., list[str]]:
    """Returns `names(**query)`: the names of the products on the page."""

    def get(**query: Any) -> list[str]:
        answer = client.get("/api/products", query_string=query)
        assert answer.status_code == 200, answer.get_json()
        return [product["name"] for product in answer.get_json()["products"]]

    return get


@pytest.fixture
def shop(platform: Platform, make_product: MakeProduct, run_jobs: Callable[[], int]) -> None:
    categories = platform.services.require(Categories)
    face = categories.create({"name": "Face"}, SYSTEM)
    sun = categories.create({"name": "Sun", "parent_id": face}, SYSTEM)
    make_product(
        name="Kem chống nắng Đà Lạt",
        price=Decimal(20),
        category_id=sun,
        skin_types=["oily", "dry"],
        concerns=["sun-protection"],
        ingredients=["Zinc Oxide"],
    )
    make_product(
        name="Àloe gel", price=Decimal(8), category_id=face, skin_types=["dry"], inventory=0
    )
    make_product(name="Comb", price=Decimal("12.50"), brand="Lá Sen")
    run_jobs()


def test_the_newest_come_first(shop: None, names: Callable[..., list[str]]) -> None:
    assert names() == ["Comb", "Àloe gel", "Kem chống nắng Đà Lạt"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"category": "face"}, {"Kem chống nắng Đà Lạt", "Àloe gel"}),
        ({"category": "sun"}, {"Kem chống nắng Đà Lạt"}),
        ({"category": "nothing"}, set()),
        ({"skinType": "dry"}, {"Kem chống nắng Đà Lạt", "Àloe gel"}),
        ({"skinType": "Oily", "category": "face"}, {"Kem chống nắng Đà Lạt"}),
        ({"concern": "Sun protection"}, {"Kem chống nắng Đà Lạt"}),
        ({"search": "kem chong nang"}, {"Kem chống nắng Đà Lạt"}),
        ({"search": "KEM CHỐNG"}, {"Kem chống nắng Đà Lạt"}),
        ({"search": "da lat zinc"}, {"Kem chống nắng Đà Lạt"}),
        ({"search": "la sen"}, {"Comb"}),
        ({"search": "kem comb"}, set()),
        ({"search": "!!"}, set()),
        ({"search": "a.*"}, {"Àloe gel"}),
        ({"minPrice": "8.001"}, {"Comb", "Kem chống nắng Đà Lạt"}),
        ({"maxPrice": "12.5", "minPrice": "8"}, {"Comb", "Àloe gel"}),
        ({"maxPrice": "1" + 30 * "0"}, {"Comb", "Àloe gel", "Kem chống nắng Đà Lạt"}),
        ({"inStock": "true"}, {"Comb", "Kem chống nắng Đà Lạt"}),
        ({"inStock": "true", "skinType": "dry"}, {"Kem chống nắng Đà Lạt"}),
    ],
)
def test_filters(
    shop: None, names: Callable[..., list[str]], query: dict[str, str], expected: set[str]
) -> None:
    assert set(names(**query)) == expected


def test_sorts(shop: None, names: Callable[..., list[str]]) -> None:
    Product.raw().update_one({"name": "Comb"}, {"$set": {"rating": 4.5}})
    kem = "Kem chống nắng Đà Lạt"
    assert names(sort="price") == ["Àloe gel", "Comb", kem]
    assert names(sort="-price") == [kem, "Comb", "Àloe gel"]
    assert names(sort="name") == ["Àloe gel", "Comb", kem]
    assert names(sort="rating")[0] == "Comb"


def test_pages_hold_everything_once(
    client: FlaskClient, make_product: MakeProduct, names: Callable[..., list[str]]
) -> None:
    for number in range(7):
        make_product(name=f"Same price {number}")
    seen = []
    for page in (1, 2, 3):
        body = client.get(f"/api/products?limit=3&page={page}&sort=price").get_json()
        assert (body["totalCount"], body["page"], body["totalPages"]) == (7, page, 3)
        seen += [product["productId"] for product in body["products"]]
    assert len(seen) == len(set(seen)) == 7
    beyond = client.get("/api/products?limit=3&page=9").get_json()
    assert (beyond["products"], beyond["totalCount"]) == ([], 7)


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "limit=101",
        "sort=colour",
        "minPrice=-1",
        "maxPrice=x",
        "inStock=perhaps",
        "search=",
    ],
)
def test_a_bad_query_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/products?{query}").status_code == 422


@pytest.mark.parametrize("sort", list(SORTS))
def test_every_list_is_answered_by_an_index(
    shop: None, platform: Platform, commands_of: Any, plans_of: Any, sort: str
) -> None:
    queries = platform.services.require(ProductQueries)
    options: list[dict[str, Any]] = [
        {"category": "sun"},
        {"skin_type": "dry"},
        {"concern": "acne"},
        {"min_price": Decimal(5), "max_price": Decimal(15)},
        {"in_stock": True},
    ]
    for chosen in combinations((False, True), repeat=len(options)):
        fields: dict[str, Any] = {}
        for used, option in zip(chosen, options, strict=True):
            fields |= option if used else {}
        wanted = ProductFilter(**fields)
        (sent,) = commands_of(lambda wanted=wanted: queries.page(wanted, sort, 0, 20))
        page, count = plans_of(sent)
        assert "COLLSCAN" not in page["stages"] + count["stages"], fields
        # The price bounds may choose another index and sort the few that are left.
        if "min_price" not in fields and "in_stock" not in fields:
            assert "SORT" not in page["stages"], fields


def test_a_large_total_is_remembered_for_ten_seconds(
    clock: Any, client: FlaskClient, make_product: MakeProduct
) -> None:
    row = Product.raw().find_one({"_id": make_product()})
    del row["variants"], row["slug"]

    def total(more: int) -> int:
        ids = [new_id("prod") for _ in range(more)]
        Product.raw().insert_many([{**row, "_id": id, "sku": id} for id in ids])
        return int(client.get("/api/products").get_json()["totalCount"])

    assert total(100) == 101
    assert total(1000) == 1101
    assert total(1) == 1101
    clock.advance(timedelta(seconds=11))
    assert total(1) == 1103
