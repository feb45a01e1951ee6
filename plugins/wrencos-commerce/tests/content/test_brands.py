"""/api/brands, and the brands' names on products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.errors import BrandInUse
from wrencos_commerce.migrations.brands import GIVE_BRANDS_ROWS
from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.product import Product
from wrencos_commerce.services import brands as brands_module
from wrencos_commerce.services.brands import Brands
from wrencos_core.api import SYSTEM, Invalid, NotFound, Platform, database, transaction
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
Upload = Callable[[Caller, int], str]


@pytest.fixture
def brands(platform: Platform) -> Brands:
    return platform.services.require(Brands)


def create(admin: Caller, name: str, **fields: Any) -> str:
    answer = admin.post("/api/brands", json={"name": name, **fields})
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["brandId"])


def named(product_id: str) -> tuple[str, str]:
    row = Product.raw().find_one({"_id": product_id})
    return row["brand"], row["brand_id"]


def test_a_brand_is_created_and_found(client: FlaskClient, admin: Caller) -> None:
    id = create(admin, "Lá Sen", description="From the lake.")
    brand = client.get(f"/api/brands/{id}").get_json()["brand"]
    assert brand.pop("createdAt")
    assert brand == {
        "brandId": id,
        "name": "Lá Sen",
        "slug": "la-sen",
        "description": "From the lake.",
        "imageId": None,
        "imageUrl": None,
        "thumbnails": {},
    }
    assert client.get("/api/brands/la-sen").get_json()["brand"]["brandId"] == id


def test_the_list_is_by_name_in_pages(client: FlaskClient, admin: Caller) -> None:
    for name in ("Mộc", "Đào", "an"):
        create(admin, name)
    page = client.get("/api/brands?limit=2&locale=vi").get_json()
    assert [brand["name"] for brand in page["brands"]] == ["an", "Đào"]
    assert (page["totalCount"], page["totalPages"]) == (3, 2)
    assert_uses_index(Brand.raw().find({}).sort([("name_key", 1), ("_id", 1)]))


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x" * 101}, {"name": "a\nb"}, {"name": "a", "slug": "b"}]
)
def test_bad_brands_are_refused(admin: Caller, body: dict[str, Any]) -> None:
    assert admin.post("/api/brands", json=body).status_code == 422
    assert Brand.raw().count_documents({}) == 0


@pytest.mark.parametrize("name", ["!!!", "???", "_", "-", "★ ™"])
def test_a_name_without_letters_and_digits_is_refused(
    admin: Caller, make_product: MakeProduct, name: str
) -> None:
    create(admin, "Brand")
    words = ["Must have a letter or a digit."]
    for answer, field in (
        (admin.post("/api/brands", json={"name": name}), "name"),
        (admin.put("/api/brands/brand", json={"name": name}), "name"),
        (admin.post("/api/products", json={"name": "a", "price": 1, "brand": name}), "brand"),
        (admin.put(f"/api/products/{make_product()}", json={"brand": name}), "brand"),
    ):
        assert (answer.status_code, answer.get_json()["errors"]) == (422, {field: words})
    assert Brand.raw().count_documents({}) == 1


@pytest.mark.parametrize("name", ["3!", "설화수", "資生堂", "№ 5"])
def test_names_of_any_script_are_taken(admin: Caller, client: FlaskClient, name: str) -> None:
    slug = client.get(f"/api/brands/{create(admin, name)}").get_json()["brand"]["slug"]
    assert slug not in ("", "brand")


def test_who_may_not_is_refused(client: FlaskClient, admin: Caller, login: Any) -> None:
    id = create(admin, "Sen")
    assert client.post("/api/brands", json={"name": "x"}).status_code == 401
    for role in ("customer", "staff"):
        caller = login(role)
        assert caller.post("/api/brands", json={"name": "x"}).status_code == 403
        assert caller.put(f"/api/brands/{id}", json={"name": "x"}).status_code == 403
        assert caller.delete(f"/api/brands/{id}").status_code == 403
    granted = login("staff", permissions=["commerce.brands.write"])
    assert granted.post("/api/brands", json={"name": "x"}).status_code == 201


def test_names_that_differ_in_case_and_accents_are_one(
    admin: Caller, make_product: MakeProduct
) -> None:
    id = create(admin, "Lá Sen")
    assert admin.post("/api/brands", json={"name": "LA SEN"}).status_code == 409
    other = create(admin, "Mộc")
    assert admin.put(f"/api/brands/{other}", json={"name": "la sen"}).status_code == 409
    assert named(make_product(brand="la  SEN")) == ("Lá Sen", id)


def test_a_product_makes_its_brand(client: FlaskClient, make_product: MakeProduct) -> None:
    name, id = named(make_product(brand="Suối"))
    assert (name, client.get("/api/brands/suoi").get_json()["brand"]["brandId"]) == ("Suối", id)


def test_a_new_name_is_on_the_products_too(
    client: FlaskClient,
    admin: Caller,
    make_product: MakeProduct,
    outbox_events: Callable[..., list[dict[str, Any]]],
) -> None:
    ids = [make_product(brand="Sen") for _ in range(3)]
    other = make_product(brand="Mộc")
    brand_id = named(ids[0])[1]
    before = len(outbox_events("commerce.products_changed"))
    answer = admin.put("/api/brands/sen", json={"name": "Hồ Tây"})
    assert answer.get_json()["updatedBrand"]["slug"] == "ho-tay"
    assert {named(id) for id in ids} == {("Hồ Tây", brand_id)}
    assert named(other)[0] == "Mộc"
    rows = list(Product.raw().find({"facets": "brand:ho-tay"}))
    assert {row["_id"] for row in rows} == set(ids)
    assert all("brand:sen" not in row["facets"] and row["version"] == 1 for row in rows)
    (event,) = outbox_events("commerce.products_changed")[before:]
    assert sorted(event["payload"]["product_ids"]) == sorted(ids)
    # The old link, and a product with the old name, still find it.
    assert client.get("/api/brands/sen").get_json()["brand"]["brandId"] == brand_id
    assert named(make_product(brand="Sen")) == ("Hồ Tây", brand_id)


def test_many_products_are_renamed_by_a_job(
    brands: Brands,
    admin: Caller,
    make_product: MakeProduct,
    run_jobs: Callable[[], int],
    outbox_events: Callable[..., list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(brands_module, "BATCH", 2)
    ids = [make_product(brand="Sen") for _ in range(5)]
    brand_id = named(ids[0])[1]
    before = len(outbox_events("commerce.products_changed"))
    admin.put("/api/brands/sen", json={"name": "Hồ Tây"})
    assert {named(id)[0] for id in ids} == {"Sen"}
    assert run_jobs() >= 1
    assert {named(id)[0] for id in ids} == {"Hồ Tây"}
    told = [e["payload"]["product_ids"] for e in outbox_events("commerce.products_changed")]
    assert sorted(len(part) for part in told[before:]) == [1, 2, 2]
    brands.rename_on_products(brand_id)
    assert len(outbox_events("commerce.products_changed")) == len(told)
    stale = Product.raw().find({"brand_id": brand_id, "brand": {"$ne": "x"}})
    assert_uses_index(stale.limit(500))


def test_a_rename_whose_job_was_lost_is_made_up_for(
    platform: Platform,
    make_product: MakeProduct,
    run_jobs: Callable[[], int],
    outbox_events: Callable[..., list[dict[str, Any]]],
) -> None:
    ids = [make_product(brand="Sen"), make_product(brand="Mộc")]
    Brand.raw().update_one({"slug": "sen"}, {"$set": {"name": "Hồ Tây", "slug": "ho-tay"}})
    told = len(outbox_events("commerce.products_changed"))
    for _ in range(2):
        platform.jobs.enqueue("commerce.sweep_brand_names")
        run_jobs()
    assert [named(id)[0] for id in ids] == ["Hồ Tây", "Mộc"]
    assert len(outbox_events("commerce.products_changed")) == told + 1


def test_a_logo_is_claimed_and_released(
    client: FlaskClient, admin: Caller, upload: Upload, run_jobs: Callable[[], int]
) -> None:
    first, second = upload(admin, 1), upload(admin, 2)
    id = create(admin, "Sen", imageId=first)
    assert admin.post("/api/brands", json={"name": "x", "imageId": first}).status_code == 409
    assert Brand.raw().count_documents({}) == 1
    run_jobs()
    brand = client.get(f"/api/brands/{id}").get_json()["brand"]
    assert brand["imageUrl"].endswith(".png")
    assert set(brand["thumbnails"]) == {"320"}
    claimed: Any = database()["core_images"]
    admin.put(f"/api/brands/{id}", json={"imageId": second})
    assert claimed.find_one({"_id": first}).get("claimed_by") is None
    assert claimed.find_one({"_id": second})["claimed_by"] == id
    updated = admin.put(f"/api/brands/{id}", json={"imageId": None}).get_json()["updatedBrand"]
    assert (updated["imageUrl"], updated["thumbnails"]) == (None, {})
    assert claimed.find_one({"_id": second}).get("claimed_by") is None
    refused = admin.put(f"/api/brands/{id}", json={"imageId": "img_unknown"})
    assert refused.status_code == 404


def test_only_a_brand_without_products_is_deleted(
    client: FlaskClient, admin: Caller, make_product: MakeProduct, upload: Upload
) -> None:
    image = upload(admin, 1)
    create(admin, "Sen", imageId=image)
    product_id = make_product(brand="Sen")
    refused = admin.delete("/api/brands/sen")
    assert (refused.status_code, refused.get_json()["products"]) == (409, 1)
    assert refused.get_json()["type"].endswith("brand-in-use")
    admin.put(f"/api/products/{product_id}", json={"brand": None})
    assert admin.delete("/api/brands/sen").status_code == 200
    claimed: Any = database()["core_images"]
    assert claimed.find_one({"_id": image}).get("claimed_by") is None
    assert client.get("/api/brands/sen").status_code == 404
    assert admin.delete("/api/brands/sen").status_code == 404


def test_products_stored_at_the_same_moment_share_their_brand(make_product: MakeProduct) -> None:
    outcomes = run_in_threads(6, lambda number: make_product(brand="Sen", name=f"Gel {number}"))
    assert all(isinstance(outcome, str) for outcome in outcomes), outcomes
    assert Brand.raw().count_documents({}) == 1
    assert len({row["brand_id"] for row in Product.raw().find()}) == 1


def test_a_product_never_keeps_a_brand_that_is_gone_or_called_otherwise(
    brands: Brands, make_product: MakeProduct
) -> None:
    for turn in range(4):
        name = f"Brand {turn}"
        transaction(lambda name=name: brands.find_or_create(name))  # type: ignore[misc]
        slug = f"brand-{turn}"

        def act(number: int, name: str = name, slug: str = slug) -> Any:
            if number == 0:
                return make_product(brand=name)
            if number == 1:
                return brands.update(slug, {"name": f"{name} new"}, SYSTEM)
            return brands.delete(slug, SYSTEM)

        for outcome in run_in_threads(3, act):
            if isinstance(outcome, Exception):
                assert isinstance(outcome, BrandInUse | NotFound | Invalid), repr(outcome)
        for row in Product.raw().find({"brand": {"$regex": f"^{name}"}}):
            brand = Brand.raw().find_one({"_id": row["brand_id"]})
            assert brand is not None
            assert brand["name"] == row["brand"]


def test_names_of_before_there_were_brands_become_brands(make_product: MakeProduct) -> None:
    ids = [make_product() for _ in range(4)]
    for id, name in zip(ids, ("Sen", "Sen", "SEN", None), strict=True):
        Product.raw().update_one({"_id": id}, {"$set": {"brand": name}})
    for _ in range(2):
        GIVE_BRANDS_ROWS.apply(database())
    (brand,) = Brand.raw().find()
    assert (brand["name"], brand["slug"], brand["slugs"]) == ("Sen", "sen", ["sen"])
    assert [named(id)[0] for id in ids[:3]] == ["Sen"] * 3
    assert {named(id)[1] for id in ids[:3]} == {brand["_id"]}
    assert Product.raw().find_one({"_id": ids[3]})["brand"] is None
