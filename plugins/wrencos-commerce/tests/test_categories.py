"""/api/categories: the tree, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


def create(admin: Caller, name: str, **fields: Any) -> str:
    answer = admin.post("/api/categories", json={"name": name, **fields})
    assert answer.status_code == 201, answer.get_json()
    assert answer.get_json()["message"] == "Category created"
    return str(answer.get_json()["categoryId"])


def listed(client: FlaskClient, category: str) -> list[str]:
    answer = client.get("/api/products", query_string={"category": category, "sort": "name"})
    return [product["name"] for product in answer.get_json()["products"]]


def test_a_category_is_created_with_a_slug_from_its_name(
    client: FlaskClient, admin: Caller
) -> None:
    id = create(admin, "Chăm sóc da", description="For the face.")
    category = client.get(f"/api/categories/{id}").get_json()["category"]
    assert category.pop("createdAt")
    assert category == {
        "categoryId": id,
        "name": "Chăm sóc da",
        "slug": "cham-soc-da",
        "description": "For the face.",
        "parentId": None,
    }
    assert client.get("/api/categories/cham-soc-da").get_json()["category"]["categoryId"] == id


def test_the_list_is_flat_or_a_tree(client: FlaskClient, admin: Caller) -> None:
    root = create(admin, "Skincare")
    leaf = create(admin, "Serums", parentId=root)
    flat = client.get("/api/categories").get_json()["categories"]
    assert [category["name"] for category in flat] == ["Serums", "Skincare"]
    assert all("children" not in category for category in flat)
    (tree,) = client.get("/api/categories?tree=true").get_json()["categories"]
    assert tree["categoryId"] == root
    assert [child["categoryId"] for child in tree["children"]] == [leaf]
    assert tree["children"][0]["children"] == []


def test_a_move_takes_the_products_of_the_subtree_along(
    client: FlaskClient, admin: Caller, make_product: MakeProduct
) -> None:
    old, new = create(admin, "Old"), create(admin, "New")
    middle = create(admin, "Middle", parentId=old)
    leaf = create(admin, "Leaf", parentId=middle)
    make_product(name="Toner", category_id=leaf, skin_types=["oily"])
    assert listed(client, "old") == ["Toner"]
    answer = admin.put(f"/api/categories/{middle}", json={"parentId": new})
    assert answer.status_code == 200
    assert answer.get_json()["updatedCategory"]["parentId"] == new
    assert listed(client, "old") == []
    assert listed(client, "new") == listed(client, "leaf") == listed(client, middle) == ["Toner"]
    oily = client.get("/api/products?category=new&skinType=oily").get_json()
    assert oily["totalCount"] == 1


def test_a_category_can_not_be_moved_below_itself(admin: Caller) -> None:
    root = create(admin, "Root")
    leaf = create(admin, "Leaf", parentId=root)
    for parent in (root, leaf):
        answer = admin.put(f"/api/categories/{root}", json={"parentId": parent})
        assert answer.status_code == 422
        assert "parentId" in answer.get_json()["errors"]


def test_the_tree_has_a_greatest_depth(admin: Caller) -> None:
    parent = None
    for level in range(6):
        parent = create(admin, f"Level {level}", parentId=parent)
    answer = admin.post("/api/categories", json={"name": "Too deep", "parentId": parent})
    assert answer.status_code == 422


def test_only_an_empty_category_is_deleted(
    client: FlaskClient, admin: Caller, make_product: MakeProduct
) -> None:
    root = create(admin, "Root")
    leaf = create(admin, "Leaf", parentId=root)
    product = make_product(category_id=leaf)
    for id, products, children in ((root, 0, 1), (leaf, 1, 0)):
        answer = admin.delete(f"/api/categories/{id}")
        assert answer.status_code == 409
        problem = answer.get_json()
        assert problem["type"] == "urn:wrencos:problem:category-in-use"
        assert (problem["products"], problem["children"]) == (products, children)
    assert admin.put(f"/api/products/{product}", json={"categoryId": None}).status_code == 200
    for id in (leaf, root):
        answer = admin.delete(f"/api/categories/{id}")
        assert answer.status_code == 200
        assert answer.get_json() == {"message": "Category deleted"}
    assert client.get("/api/categories").get_json() == {"categories": []}


def test_slugs_are_unique_and_well_formed(admin: Caller) -> None:
    create(admin, "Serums")
    other = create(admin, "Other")
    for answer in (
        admin.post("/api/categories", json={"name": "serums"}),
        admin.put(f"/api/categories/{other}", json={"slug": "serums"}),
    ):
        assert answer.status_code == 409
        assert answer.get_json()["type"] == "urn:wrencos:problem:already-exists"
    for slug in ("Serums", "a_b", "-a", "a--b"):
        assert admin.post("/api/categories", json={"name": "x", "slug": slug}).status_code == 422
    assert admin.post("/api/categories", json={"name": "!!!"}).status_code == 422


def test_writing_needs_the_permission(client: FlaskClient, login: Any) -> None:
    assert client.post("/api/categories", json={"name": "x"}).status_code == 401
    assert login("staff").post("/api/categories", json={"name": "x"}).status_code == 403
    allowed = login("staff", ["commerce.categories.write"])
    assert allowed.post("/api/categories", json={"name": "x"}).status_code == 201


def test_unknown_categories_are_404(client: FlaskClient, admin: Caller) -> None:
    assert client.get("/api/categories/nothing").status_code == 404
    assert admin.put("/api/categories/cat_nothing", json={"name": "x"}).status_code == 404
    assert admin.delete("/api/categories/cat_nothing").status_code == 404
    answer = admin.post("/api/categories", json={"name": "x", "parentId": "cat_nothing"})
    assert answer.status_code == 422


@pytest.fixture
def shelves(admin: Caller, make_product: MakeProduct) -> dict[str, str]:
    """Root > Middle > Leaf, and Elsewhere, by slug; a product in Middle and one in Leaf."""
    root = create(admin, "Root")
    middle = create(admin, "Middle", parentId=root)
    leaf = create(admin, "Leaf", parentId=middle)
    make_product(name="In leaf", category_id=leaf, skin_types=["dry"])
    make_product(name="In middle", category_id=middle)
    return {"root": root, "middle": middle, "leaf": leaf, "elsewhere": create(admin, "Elsewhere")}


def test_a_product_is_found_by_every_category_above_it(
    client: FlaskClient, shelves: dict[str, str]
) -> None:
    for slug, names in {
        "root": ["In leaf", "In middle"],
        "middle": ["In leaf", "In middle"],
        "leaf": ["In leaf"],
        "elsewhere": [],
    }.items():
        assert listed(client, slug) == listed(client, shelves[slug]) == names, slug


def test_a_renamed_slug_finds_what_the_old_one_did(
    client: FlaskClient, admin: Caller, shelves: dict[str, str]
) -> None:
    for old, new in (("middle", "centre"), ("root", "base")):
        answer = admin.put(f"/api/categories/{shelves[old]}", json={"slug": new})
        assert answer.status_code == 200
        assert listed(client, old) == []
        assert listed(client, new) == listed(client, shelves[old]) == ["In leaf", "In middle"]
    assert listed(client, "leaf") == ["In leaf"]
    # A slug that is free again belongs to whoever takes it.
    create(admin, "Middle")
    assert listed(client, "middle") == []
    dry = client.get("/api/products?category=base&skinType=dry").get_json()["products"]
    assert [product["name"] for product in dry] == ["In leaf"]


@pytest.mark.parametrize("renamed", ["middle", "centre"])
def test_a_moved_category_takes_what_is_below_it_along(
    client: FlaskClient, admin: Caller, shelves: dict[str, str], renamed: str
) -> None:
    to = {"parentId": shelves["elsewhere"], "slug": renamed}
    assert admin.put(f"/api/categories/{shelves['middle']}", json=to).status_code == 200
    assert listed(client, "root") == listed(client, shelves["root"]) == []
    for id, slug in (("elsewhere", "elsewhere"), ("middle", renamed)):
        assert listed(client, slug) == listed(client, shelves[id]) == ["In leaf", "In middle"]
    assert listed(client, "leaf") == listed(client, shelves["leaf"]) == ["In leaf"]
    assert renamed == "middle" or listed(client, "middle") == []
    to_the_top = {"parentId": None}
    assert admin.put(f"/api/categories/{shelves['leaf']}", json=to_the_top).status_code == 200
    assert listed(client, renamed) == listed(client, "elsewhere") == ["In middle"]
    assert listed(client, "leaf") == ["In leaf"]


def test_the_facets_are_those_of_a_new_product(
    admin: Caller, shelves: dict[str, str], make_product: MakeProduct
) -> None:
    moved = {"parentId": shelves["elsewhere"], "slug": "centre"}
    admin.put(f"/api/categories/{shelves['middle']}", json=moved)
    make_product(name="New", category_id=shelves["leaf"], skin_types=["dry"])
    facets = {
        row["name"]: sorted(row["facets"])
        for row in Product.raw().find({}, {"name": 1, "facets": 1})
    }
    assert facets["In leaf"] == facets["New"]
