"""Texts in the language that the shop does not write itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.translations import Translations, translated
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
VIETNAMESE = {"Accept-Language": "vi"}


def test_a_reader_is_shown_the_translation_and_staff_see_all_texts(
    client: FlaskClient,
    admin: Caller,
    make_product: MakeProduct,
    outbox_events: Callable[..., list[dict[str, Any]]],
) -> None:
    id = make_product(name="Lotus gel", description="Clear.")
    path = f"/api/products/{id}"
    etag = client.get(path).headers["ETag"]
    texts = {"name": "Gel hoa sen", "description": "Trong."}
    answer = admin.put(f"{path}/translations/vi", json=texts)
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["texts"] == admin.get(f"{path}/translations").get_json()
    assert answer.get_json()["texts"] == {
        "id": id,
        "locale": "en",
        "main": {"name": "Lotus gel", "description": "Clear."},
        "translations": {"vi": texts},
    }
    shown = client.get(path, headers=VIETNAMESE).get_json()["product"]
    assert (shown["name"], shown["description"]) == ("Gel hoa sen", "Trong.")
    assert client.get(path).get_json()["product"]["name"] == "Lotus gel"
    assert client.get(path, headers=VIETNAMESE).headers["ETag"] != etag
    row = Product.raw().find_one({"_id": id})
    assert row["version"] == 1
    assert outbox_events("commerce.products_changed")[-1]["payload"]["product_ids"] == [id]


def test_what_is_left_out_falls_back(
    client: FlaskClient, admin: Caller, make_product: MakeProduct
) -> None:
    id = make_product(name="Lotus gel", description="Clear.")
    path = f"/api/products/{id}/translations/vi"
    admin.put(path, json={"name": "Gel hoa sen", "description": "Trong."})
    admin.put(path, json={"name": "Gel sen", "description": None})
    shown = client.get(f"/api/products/{id}", headers=VIETNAMESE).get_json()["product"]
    assert (shown["name"], shown["description"]) == ("Gel sen", "Clear.")
    assert admin.delete(path).get_json()["texts"]["translations"] == {}
    shown = client.get(f"/api/products/{id}", headers=VIETNAMESE).get_json()["product"]
    assert shown["name"] == "Lotus gel"
    assert admin.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("locale", "body", "field"),
    [
        ("vi", {}, "name"),
        ("vi", {"name": None, "description": ""}, "name"),
        ("vi", {"name": "x" * 201}, "name"),
        ("vi", {"alt": "x"}, "alt"),
        ("en", {"name": "x"}, "locale"),
        ("fr", {"name": "x"}, "locale"),
    ],
)
def test_bad_translations_are_refused(
    admin: Caller, make_product: MakeProduct, locale: str, body: dict[str, Any], field: str
) -> None:
    id = make_product()
    answer = admin.put(f"/api/products/{id}/translations/{locale}", json=body)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]
    assert Product.raw().find_one({"_id": id})["translations"] == {}


def test_who_may_not_is_refused(
    client: FlaskClient, login: Any, admin: Caller, make_product: MakeProduct
) -> None:
    path = f"/api/products/{make_product()}/translations"
    assert client.get(path).status_code == 401
    for caller in (login("customer"), login("staff")):
        assert caller.get(path).status_code == 403
        assert caller.put(f"{path}/vi", json={"name": "x"}).status_code == 403
        assert caller.delete(f"{path}/vi").status_code == 403
    assert admin.get("/api/products/prod_none/translations").status_code == 404
    missing = admin.put("/api/products/prod_none/translations/vi", json={"name": "x"})
    assert missing.status_code == 404


def test_categories_are_translated(client: FlaskClient, admin: Caller) -> None:
    created = admin.post("/api/categories", json={"name": "Toners", "description": "Waters."})
    id = created.get_json()["categoryId"]
    path = f"/api/categories/{id}/translations/vi"
    assert admin.put(path, json={"name": "Nước hoa hồng"}).status_code == 200
    for query in ("", "?tree=true"):
        listed = client.get(f"/api/categories{query}", headers=VIETNAMESE)
        assert listed.get_json()["categories"][0]["name"] == "Nước hoa hồng"
        assert listed.headers["Content-Language"] == "vi"
    shown = client.get(f"/api/categories/{id}?locale=vi").get_json()["category"]
    assert (shown["name"], shown["description"]) == ("Nước hoa hồng", "Waters.")
    assert client.get("/api/categories?locale=en").get_json()["categories"][0]["name"] == "Toners"
    assert client.get("/api/categories?locale=fr").status_code == 422
    assert admin.delete(path).status_code == 200


def test_what_a_brand_is_gets_translated_and_its_name_does_not(
    client: FlaskClient, admin: Caller
) -> None:
    body = {"name": "Sen", "description": "From the lake."}
    id = admin.post("/api/brands", json=body).get_json()["brandId"]
    path = f"/api/brands/{id}/translations/vi"
    assert admin.put(path, json={"name": "x", "description": "y"}).status_code == 422
    assert admin.put(path, json={"description": "Từ hồ."}).status_code == 200
    shown = client.get("/api/brands", headers=VIETNAMESE).get_json()["brands"][0]
    assert (shown["name"], shown["description"]) == ("Sen", "Từ hồ.")


def test_changes_at_once_follow_each_other(platform: Platform, make_product: MakeProduct) -> None:
    id, texts = make_product(), platform.services.require(Translations)

    def act(number: int) -> Any:
        if number:
            return texts.put("product", id, "vi", {"name": f"Gel {number}"}, SYSTEM)
        return texts.put("product", id, "vi", {"description": "Trong."}, SYSTEM)

    outcomes = run_in_threads(4, act)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    row = Product.raw().find_one({"_id": id})
    assert row["version"] == 4


def test_rows_of_before_there_were_translations_are_read() -> None:
    assert translated({"name": "a", "description": "b"}, "vi") == ("a", "b")
    row = {"name": "a", "description": "b", "translations": {"vi": {"name": ""}}}
    assert translated(row, "vi") == translated(row, None) == ("a", "b")


def test_what_is_missing_is_told(platform: Platform, make_product: MakeProduct) -> None:
    texts = platform.services.require(Translations)
    done, half = make_product(name="A", description="x"), make_product(name="B", description="y")
    none, short = make_product(name="C", description="z"), make_product(name="D", description="")
    make_product(name="E", is_active=False)
    texts.put("product", done, "vi", {"name": "a", "description": "b"}, SYSTEM)
    texts.put("product", half, "vi", {"name": "a"}, SYSTEM)
    found = {row["productId"]: row["missing"] for row in texts.missing("vi")}
    assert found == {half: ["description"], none: ["name", "description"], short: ["name"]}
