"""Variants: a shade or size has its own SKU, price and stock, and is what is sold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.migrations.all import MIGRATIONS
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.variants import check_digit
from wrencos_core.api import database, now
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]

LIPSTICK = {
    "name": "Velvet Lipstick",
    "price": 12,
    "variants": [
        {"shade": "Rosewood", "swatch": "#C4626B", "sku": "L-ROSE", "inventory": 4},
        {"shade": "Brick", "swatch": "#9c3b2e", "sku": "L-BRICK", "inventory": 0, "price": 14.5},
    ],
}


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


@pytest.fixture
def lipstick(admin: Caller) -> dict[str, Any]:
    """A product with the shades Rosewood (4 pieces, 12.00) and Brick (sold out, 14.50)."""
    answer = admin.post("/api/products", json=LIPSTICK)
    assert answer.status_code == 201, answer.get_json()
    return shown(admin, answer.get_json()["productId"])


def shown(caller: Any, id: str) -> dict[str, Any]:
    return caller.get(f"/api/products/{id}").get_json()["product"]  # type: ignore[no-any-return]


def test_a_product_sums_up_its_variants(client: FlaskClient, lipstick: dict[str, Any]) -> None:
    assert (lipstick["price"], lipstick["priceTo"], lipstick["inventory"]) == (12, 14.5, 4)
    rose, brick = lipstick["variants"]
    assert (rose["name"], rose["swatch"], rose["inventory"]) == ("Rosewood", "#c4626b", 4)
    assert (brick["name"], brick["price"], brick["sku"]) == ("Brick", 14.5, "L-BRICK")
    (listed,) = client.get("/api/products").get_json()["products"]
    assert "variants" not in listed
    assert (listed["price"], listed["priceTo"], listed["sku"]) == (12, 14.5, "L-ROSE")


def test_a_product_is_found_by_its_slug(client: FlaskClient, lipstick: dict[str, Any]) -> None:
    assert lipstick["slug"] == "velvet-lipstick"
    assert shown(client, "velvet-lipstick")["productId"] == lipstick["productId"]


def test_two_products_of_one_name_have_two_slugs(make_product: MakeProduct) -> None:
    make_product(), make_product()
    slugs = Product.raw().distinct("slug")
    assert len(slugs) == 2
    assert "hydrating-essence-serum" in slugs


def test_a_slug_is_taken_once(admin: Caller, lipstick: dict[str, Any]) -> None:
    body = {"name": "Other", "price": 1, "slug": "velvet-lipstick"}
    assert admin.post("/api/products", json=body).status_code == 409
    other = admin.post("/api/products", json={**body, "slug": "other"}).get_json()["productId"]
    answer = admin.put(f"/api/products/{other}", json={"slug": "velvet-lipstick"})
    assert answer.get_json()["type"] == "urn:wrencos:problem:already-exists"


def test_a_shade_is_bought_by_its_variant(
    login: Any, lipstick: dict[str, Any], purchase: dict[str, Any]
) -> None:
    me, (rose, brick) = login(), lipstick["variants"]
    item = {"productId": lipstick["productId"], "quantity": 2}
    answer = me.post("/api/cart/items", json=item)
    assert answer.status_code == 422
    assert "variantId" in answer.get_json()["errors"]
    sold_out = me.post("/api/cart/items", json={**item, "variantId": brick["variantId"]})
    assert sold_out.get_json()["available"] == 0
    assert (
        me.post("/api/cart/items", json={**item, "variantId": rose["variantId"]}).status_code == 201
    )
    (line,) = me.get("/api/cart").get_json()["items"]
    assert (line["variantName"], line["sku"], line["lineTotal"]) == ("Rosewood", "L-ROSE", 24)
    order_id = me.post("/api/cart/checkout", json=purchase).get_json()["orderId"]
    (bought,) = me.get(f"/api/orders/{order_id}").get_json()["order"]["items"]
    assert (bought["variantId"], bought["variantName"]) == (rose["variantId"], "Rosewood")
    after = shown(me, lipstick["productId"])
    assert ([v["inventory"] for v in after["variants"]], after["inventory"]) == ([2, 0], 2)


def test_two_shades_are_two_items(login: Any, admin: Caller, lipstick: dict[str, Any]) -> None:
    rose, brick = lipstick["variants"]
    path = f"/api/products/{lipstick['productId']}/variants"
    admin.put(f"{path}/{brick['variantId']}", json={"inventory": 3})
    me = login()
    for variant in (rose, brick, rose):
        body = {"productId": lipstick["productId"], "variantId": variant["variantId"]}
        assert me.post("/api/cart/items", json=body).status_code == 201
    cart = me.get("/api/cart").get_json()
    assert [(i["variantName"], i["quantity"]) for i in cart["items"]] == [
        ("Rosewood", 2),
        ("Brick", 1),
    ]
    assert cart["total"] == 38.5


def test_an_unknown_variant_is_not_found(login: Any, lipstick: dict[str, Any]) -> None:
    body = {"productId": lipstick["productId"], "variantId": "var_none"}
    assert login().post("/api/cart/items", json=body).status_code == 404


def test_variants_are_added_changed_ordered_and_taken_off_sale(
    admin: Caller, client: FlaskClient, lipstick: dict[str, Any]
) -> None:
    path = f"/api/products/{lipstick['productId']}/variants"
    body = {"shade": "Plum", "size": "3.5 g", "inventory": 7, "barcode": "4006381333931"}
    answer = admin.post(path, json=body)
    assert answer.status_code == 201
    plum = answer.get_json()["variantId"]
    product = shown(admin, lipstick["productId"])
    assert (product["inventory"], product["variants"][2]["name"]) == (11, "Plum, 3.5 g")
    assert product["variants"][2]["price"] == 12
    order = [plum, *(variant["variantId"] for variant in lipstick["variants"])]
    assert admin.put(path, json={"variantIds": order}).status_code == 200
    changed = admin.put(f"{path}/{order[1]}", json={"isActive": False})
    assert changed.get_json()["updatedProduct"]["inventory"] == 7
    seen = shown(client, lipstick["productId"])
    assert [variant["name"] for variant in seen["variants"]] == ["Plum, 3.5 g", "Brick"]


def test_one_of_several_variants_cannot_be_changed_through_the_product(
    admin: Caller, lipstick: dict[str, Any]
) -> None:
    path = f"/api/products/{lipstick['productId']}"
    answer = admin.put(path, json={"price": 9})
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == ["price"]
    assert admin.put(path, json={"name": "Matte Lipstick"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"variants": [{"shade": "A"}, {"shade": "A"}]}, "variants"),
        ({"variants": [{"sku": "S"}, {"sku": "S", "shade": "B"}]}, "variants"),
        ({"variants": []}, "variants"),
        ({"variants": [{"shade": str(n)} for n in range(101)]}, "variants"),
        ({"variants": [{"swatch": "red"}]}, "swatch"),
        ({"barcode": "4006381333932"}, "barcode"),
        ({"variants": [{"price": -1}]}, "variants"),
        ({"slug": "Not a slug"}, "slug"),
        ({"periodAfterOpening": 0}, "periodAfterOpening"),
    ],
)
def test_what_cannot_be_is_refused(admin: Caller, change: dict[str, Any], field: str) -> None:
    answer = admin.post("/api/products", json={"name": "Lipstick", "price": 1, **change})
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]
    assert Product.raw().count_documents({}) == 0


def test_variants_are_for_staff_who_may_write_products(
    login: Any, client: FlaskClient, lipstick: dict[str, Any]
) -> None:
    path = f"/api/products/{lipstick['productId']}/variants"
    variant = f"{path}/{lipstick['variants'][0]['variantId']}"
    assert client.post(path, json={}).status_code == 401
    for caller in (login(), login("staff")):
        assert caller.post(path, json={"shade": "Plum"}).status_code == 403
        assert caller.put(path, json={"variantIds": []}).status_code == 403
        assert caller.put(variant, json={"price": 1}).status_code == 403


def test_an_order_of_variants_names_each_once(admin: Caller, lipstick: dict[str, Any]) -> None:
    path = f"/api/products/{lipstick['productId']}/variants"
    rose, brick = (variant["variantId"] for variant in lipstick["variants"])
    for ids in ([rose], [rose, rose], [rose, brick, "var_x"]):
        assert admin.put(path, json={"variantIds": ids}).status_code == 422
    assert admin.put(f"{path}/var_x", json={"price": 1}).status_code == 404


def test_buyers_at_once_never_oversell_a_shade(
    login: Any, admin: Caller, lipstick: dict[str, Any], purchase: dict[str, Any]
) -> None:
    rose = lipstick["variants"][0]["variantId"]
    callers = [login() for _ in range(8)]
    for caller in callers:
        body = {"productId": lipstick["productId"], "variantId": rose}
        assert caller.post("/api/cart/items", json=body).status_code == 201
    answers = run_in_threads(
        8, lambda number: callers[number].post("/api/cart/checkout", json=purchase).status_code
    )
    assert sorted(answers) == [201] * 4 + [409] * 4
    assert shown(admin, lipstick["productId"])["variants"][0]["inventory"] == 0


def test_a_cancelled_order_puts_back_the_shade_that_was_bought(
    login: Any, lipstick: dict[str, Any], purchase: dict[str, Any]
) -> None:
    me, rose = login(), lipstick["variants"][0]["variantId"]
    body = {"productId": lipstick["productId"], "variantId": rose, "quantity": 4}
    me.post("/api/cart/items", json=body)
    order_id = me.post("/api/cart/checkout", json=purchase).get_json()["orderId"]
    assert shown(me, lipstick["productId"])["inventory"] == 0
    me.post(f"/api/orders/{order_id}/cancel", json={})
    after = shown(me, lipstick["productId"])
    assert ([v["inventory"] for v in after["variants"]], after["inventory"]) == ([4, 0], 4)


def test_stock_that_runs_low_and_comes_back_is_told(
    login: Any,
    admin: Caller,
    outbox_events: Any,
    make_product: MakeProduct,
    purchase: dict[str, Any],
) -> None:
    serum, me = make_product(inventory=7, sku="S-1"), login()

    def buy(quantity: int) -> str:
        me.post("/api/cart/items", json={"productId": serum, "quantity": quantity})
        return str(me.post("/api/cart/checkout", json=purchase).get_json()["orderId"])

    def told(name: str) -> list[int]:
        return [event["payload"]["inventory"] for event in outbox_events(f"commerce.stock_{name}")]

    buy(1)
    assert told("low") == []
    buy(1)
    buy(1)
    assert told("low") == [5]
    last = buy(4)
    assert told("low") == [5, 0]
    assert told("back") == []
    me.post(f"/api/orders/{last}/cancel", json={})
    assert told("back") == [4]
    admin.put(f"/api/products/{serum}", json={"inventory": 0})
    admin.put(f"/api/products/{serum}", json={"inventory": 50})
    assert (told("low"), told("back")) == ([5, 0, 0], [4, 50])


def test_changes_of_the_catalogue_are_told(
    admin: Caller, outbox_events: Any, lipstick: dict[str, Any]
) -> None:
    admin.put(f"/api/products/{lipstick['productId']}", json={"name": "Matte"})
    admin.delete(f"/api/products/{lipstick['productId']}")
    events = outbox_events("commerce.products_changed")
    assert [event["payload"]["product_ids"] for event in events] == [[lipstick["productId"]]] * 3
    assert len({event["_id"] for event in events}) == 3


def test_products_of_before_variants_are_migrated(login: Any, client: FlaskClient) -> None:
    moment = now()
    stamps = {"created_at": moment, "updated_at": moment, "version": 0}
    old = {
        "_id": "prod_01JOLD",
        "sku": "OLD-1",
        "name": "Old cream",
        "description": "",
        "price": 1500,
        "cost_price": 700,
        "currency": "USD",
        "inventory": 6,
        "ingredients": ["Aqua", "Retinol"],
        "skin_types": [],
        "concerns": [],
        "is_active": True,
        "brand": "Lá Sen",
        "facets": ["*"],
        "terms": ["old"],
        "name_key": "old cream",
        **stamps,
    }
    me = login()
    Product.raw().insert_one(old)
    item = {"id": "item_1", "product_id": "prod_01JOLD", "quantity": 2}
    database()["commerce_carts"].insert_one(
        {"_id": "cart_1", "user_id": me.user_id, "items": [item], **stamps}
    )
    for migration in MIGRATIONS * 2:
        migration.apply(database())
    product = shown(client, "prod_01JOLD")
    assert [listed["key"] for listed in product["ingredientList"]] == ["aqua", "retinol"]
    assert "paraben" in product["freeFrom"]
    (variant,) = product["variants"]
    assert (variant["sku"], variant["price"], variant["inventory"]) == ("OLD-1", 15, 6)
    (line,) = me.get("/api/cart").get_json()["items"]
    assert (line["variantId"], line["lineTotal"]) == (variant["variantId"], 30)


@pytest.mark.parametrize("gtin", ["96385074", "036000291452", "4006381333931", "10614141000415"])
def test_check_digits_of_published_codes(gtin: str) -> None:
    assert check_digit(gtin[:-1]) == gtin[-1]


def test_each_variant_has_its_cost(admin: Caller, client: FlaskClient) -> None:
    variants = [{"shade": "A", "costPrice": 4}, {"shade": "B", "costPrice": 5}]
    body = {"name": "Lipstick", "price": 9, "variants": variants}
    id = admin.post("/api/products", json=body).get_json()["productId"]
    assert [variant["costPrice"] for variant in shown(admin, id)["variants"]] == [4, 5]
    assert all("costPrice" not in variant for variant in shown(client, id)["variants"])
    assert Decimal(str(shown(admin, id)["costPrice"])) == 4
