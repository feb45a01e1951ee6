"""Which products a query finds, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_commerce.services.search.synonyms import Synonyms
from wrencos_core.api import SYSTEM, Platform

MakeProduct = Callable[..., str]
Find = Callable[..., list[str]]

SUN = "Kem chống nắng sen"


@pytest.fixture
def shop(platform: Platform, make_product: MakeProduct, index: SearchIndex) -> None:
    categories = platform.services.require(Categories)
    skin = categories.create({"name": "Skincare"}, SYSTEM)
    sun = categories.create({"name": "Sunscreens", "parent_id": skin}, SYSTEM)
    make_product(name=SUN, brand="Lá Sen", category_id=sun, price=Decimal(20))
    make_product(name="Airy Fluid SPF50+", brand="Halo", category_id=sun, price=Decimal(30))
    make_product(name="Kém sắc", description="A poor one.", price=Decimal(5))
    make_product(
        name="Velvet Lipstick",
        variants=[
            {"sku": "VL-1", "shade": "Rosewood", "barcode": "4006381333931"},
            {"sku": "VL-2", "shade": "Brick"},
        ],
        skin_types=["dry"],
        concerns=["dark-spots"],
    )
    make_product(
        name="Bright 15 Serum",
        ingredients=["Aqua", "Ascorbic Acid"],
        description="Use four drops in the morning.",
    )
    make_product(name="Morning Serum", sku="NR-TON-001")
    index.rebuild()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kem chong nang sen", [SUN]),
        ("sen nắng KEM chống", [SUN]),
        ("la sen", [SUN]),
        ("velv lip", ["Velvet Lipstick"]),
        ("v", ["Velvet Lipstick"]),
        ("rosewood", ["Velvet Lipstick"]),
        ("dark spots", ["Velvet Lipstick"]),
        ("dry skin", ["Velvet Lipstick"]),
        ("vl-2", ["Velvet Lipstick"]),
        ("4006381333931", ["Velvet Lipstick"]),
        ("NR TON 001", ["Morning Serum"]),
        ("vitamin c", ["Bright 15 Serum"]),
        ("spf 50", ["Airy Fluid SPF50+"]),
        ("lipsticks", ["Velvet Lipstick"]),
        ("serum for the morning", ["Morning Serum", "Bright 15 Serum"]),
        ("velvet serum brick nothing", ["Velvet Lipstick"]),
        ("!!", []),
        ("", []),
        ("xyzzy", []),
    ],
)
def test_what_is_found(shop: None, find: Find, query: str, expected: list[str]) -> None:
    assert find(query) == expected


def test_a_code_that_nobody_chose_is_found_only_as_a_whole(
    make_product: MakeProduct, index: SearchIndex, find: Find
) -> None:
    made_up = "01M8V6LA2H6KEM4Q7S5T0R1N9W".replace("L", "K")
    make_product(name="Comb", sku=made_up)
    make_product(name="Brush", sku="LA-V-1")
    index.rebuild()
    assert find("v") == find("la v 1") == ["Brush"]
    assert find("kem") == []
    assert find(made_up.lower()) == ["Comb"]


def test_synonyms_and_categories_find_what_is_called_otherwise(shop: None, find: Find) -> None:
    assert find("kem chống nắng") == [SUN, "Airy Fluid SPF50+"]
    assert set(find("sunscreen")) == {SUN, "Airy Fluid SPF50+"}


def test_marks_that_were_typed_put_the_exact_word_first(
    make_product: MakeProduct, index: SearchIndex, find: Find
) -> None:
    names = ["Kem mắt", "Kem mát", "Kem mặt"]
    for name in names:
        make_product(name=name)
    index.rebuild()
    for name in names:
        found = find(name)
        assert found[0] == name
        assert set(found) == set(names)
        decomposed = find(name.replace("ắ", "ă\u0301"))
        assert decomposed == found


def test_names_come_before_descriptions(
    make_product: MakeProduct, index: SearchIndex, find: Find
) -> None:
    make_product(name="Night oil", description="Not a rose.")
    make_product(name="Rosewater", description="Plain.")
    make_product(name="Rose oil")
    index.rebuild()
    assert find("rose") == ["Rose oil", "Rosewater", "Night oil"]


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [("velevt", "velvet"), ("velvt", "velvet"), ("vellvet", "velvet"), ("vevlet", "velvet")],
)
def test_one_mistyped_letter(shop: None, search: ProductSearch, typed: str, corrected: str) -> None:
    page = search.search(f"{typed} lipstick", SearchFilter())
    assert [row["name"] for row in page.rows] == ["Velvet Lipstick"]
    assert page.corrected == f"{corrected} lipstick"
    assert not page.is_relaxed


def test_two_mistyped_letters_and_short_words_are_not_guessed(shop: None, find: Find) -> None:
    assert find("vlevt") == []
    assert find("kim") == []


def test_the_best_subset_is_offered_as_such(shop: None, search: ProductSearch) -> None:
    page = search.search("velvet lipstick turquoise", SearchFilter())
    assert [row["name"] for row in page.rows] == ["Velvet Lipstick"]
    assert page.is_relaxed


def test_the_shops_own_synonyms_work_at_once(shop: None, platform: Platform, find: Find) -> None:
    synonyms = platform.services.require(Synonyms)
    assert find("rouge") == []
    id = synonyms.create(["rouge", "lipstick"], one_way=False, identity=SYSTEM)
    assert find("rouge") == ["Velvet Lipstick"]
    synonyms.update(id, {"phrases": ["bút gió", "lipstick"]}, SYSTEM)
    assert find("rouge") == []
    assert find("but gio") == ["Velvet Lipstick"]
    synonyms.delete(id, SYSTEM)
    assert find("but gio") == []


def test_a_one_way_synonym_goes_one_way(shop: None, platform: Platform, find: Find) -> None:
    platform.services.require(Synonyms).create(
        ["brilliance", "velvet"], one_way=True, identity=SYSTEM
    )
    platform.services.require(Synonyms).create(["velvet", "crimson"], one_way=True, identity=SYSTEM)
    assert find("brilliance") == ["Velvet Lipstick"]
    assert find("crimson") == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("price", ["Kém sắc", SUN, "Airy Fluid SPF50+"]),
        ("-price", ["Airy Fluid SPF50+", SUN, "Kém sắc"]),
        ("name", ["Airy Fluid SPF50+", SUN, "Kém sắc"]),
    ],
)
def test_orders(shop: None, find: Find, sort: str, expected: list[str]) -> None:
    prices = {"Kém sắc", SUN, "Airy Fluid SPF50+"}
    assert [name for name in find(sort=sort) if name in prices] == expected


def test_a_word_with_marks_is_no_little_word(
    platform: Platform, make_product: MakeProduct, index: SearchIndex, find: Find
) -> None:
    for name in ("Sữa dưỡng thể sen", "Sữa dưỡng mặt trắng", "Sữa dê tắm", "Leave-in spray"):
        make_product(name=name)
    make_product(name="Conditioner")
    index.rebuild()
    assert find("dưỡng thể") == ["Sữa dưỡng thể sen"]
    assert find("duong the") == ["Sữa dưỡng thể sen"]
    assert find("body lotion") == ["Sữa dưỡng thể sen"]
    assert find("sữa dê") == ["Sữa dê tắm"]
    assert find("sua de")[0] == "Sữa dê tắm"
    synonyms = platform.services.require(Synonyms)
    synonyms.create(["leave in mist", "Conditioner"], one_way=True, identity=SYSTEM)
    assert find("leave in mist") == ["Conditioner"]


def test_marks_count_for_the_words_that_have_them(
    make_product: MakeProduct, index: SearchIndex, find: Find
) -> None:
    for name in ("Má hồng thật", "Mả hồng", "Mà hồng"):
        make_product(name=name)
    index.rebuild()
    assert find("má hong")[0] == "Má hồng thật"
    assert find("má ho")[0] == "Má hồng thật"
