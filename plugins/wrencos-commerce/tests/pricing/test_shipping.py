"""/api/shipping-methods, and what a checkout makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from wrencos_commerce.commands.shipping import shipping
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.shipping_method import ShippingMethod
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.services.taxes import Taxes
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
Add = Callable[..., None]

HOME = {"country": "US", "price": 5, "minDays": 2, "maxDays": 4}
POST = {"name": "Post", "rates": [HOME]}


@pytest.fixture
def methods(admin: Caller) -> dict[str, str]:
    """Two methods within the US, by name: their ids."""
    express = {"name": "Express", "rates": [{**HOME, "price": 15, "minDays": 1, "maxDays": 1}]}
    made = [admin.post("/api/shipping-methods", json=body).get_json() for body in (POST, express)]
    return {m["shippingMethod"]["name"]: m["shippingMethod"]["shippingMethodId"] for m in made}


def order_of(answer: Any) -> Any:
    assert answer.status_code == 201, answer.get_json()
    return Order.raw().find_one({"_id": answer.get_json()["orderId"]})


def test_a_repeated_request_makes_one_method_and_one_rate(admin: Caller) -> None:
    rate = {"country": "US", "name": "Sales tax", "percent": "8"}
    for path, body in (("/api/shipping-methods", POST), ("/api/tax-rates", rate)):
        headers = {"Idempotency-Key": "once"}
        answers = [admin.post(path, json=body, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].get_json() == answers[1].get_json()
        assert admin.get(path).get_json()["totalCount"] == 1


def test_methods_are_created_listed_changed_and_deleted(admin: Caller, client: Any) -> None:
    by_weight = {
        "country": "VN",
        "regions": ["Hà Nội"],
        "pricedBy": "weight",
        "steps": [{"upTo": 500, "price": 2}, {"price": 3.5}],
        "freeFrom": 40,
        "minDays": 1,
        "maxDays": 2,
    }
    body = {"name": "Post", "position": 1, "rates": [by_weight, HOME]}
    made = admin.post("/api/shipping-methods", json=body)
    assert made.status_code == 201, made.get_json()
    method = made.get_json()["shippingMethod"]
    assert method == {
        "shippingMethodId": method["shippingMethodId"],
        "name": "Post",
        "description": "",
        "isActive": True,
        "position": 1,
        "currency": "USD",
        "rates": [
            {
                **by_weight,
                "price": None,
                "steps": [{"upTo": 500, "price": 2}, {"upTo": None, "price": 3.5}],
            },
            {**HOME, "regions": [], "pricedBy": "flat", "steps": [], "freeFrom": None},
        ],
    }
    admin.post("/api/shipping-methods", json={**POST, "name": "First"})
    listed = client.get("/api/shipping-methods").get_json()
    assert [m["name"] for m in listed["shippingMethods"]] == ["First", "Post"]
    path = f"/api/shipping-methods/{method['shippingMethodId']}"
    assert admin.put(path, json={"isActive": False, "rates": [HOME]}).status_code == 200
    assert client.get("/api/shipping-methods").get_json()["totalCount"] == 1
    assert client.get("/api/shipping-methods?isActive=false").get_json()["totalCount"] == 1
    assert admin.get("/api/shipping-methods").get_json()["totalCount"] == 2
    assert admin.get("/api/shipping-methods?isActive=false").get_json()["totalCount"] == 1
    assert admin.delete(path).status_code == 200
    assert admin.delete(path).status_code == 404
    assert admin.put(path, json={"name": "Gone"}).status_code == 404


def test_only_who_may_changes_methods(me: Caller, login: Any, client: Any) -> None:
    for caller, status in ((client, 401), (me, 403), (login("staff"), 403)):
        assert caller.post("/api/shipping-methods", json=POST).status_code == status
        assert caller.put("/api/shipping-methods/ship_1", json={}).status_code == status
        assert caller.delete("/api/shipping-methods/ship_1").status_code == status


BY_TOTAL = {**HOME, "price": None, "pricedBy": "total"}


@pytest.mark.parametrize(
    "rates",
    [
        [],
        [{**HOME, "country": "usa"}],
        [{**HOME, "minDays": 5}],
        [{**HOME, "price": None}],
        [{**HOME, "price": -1}],
        [{**HOME, "price": 1.001}],
        [{**HOME, "country": None, "regions": ["CA"]}],
        [HOME, HOME],
        [{**HOME, "regions": ["Đà Nẵng"]}, {**HOME, "regions": ["Huế", "da nang"]}],
        [{**HOME, "steps": [{"price": 1}]}],
        [BY_TOTAL],
        [{**BY_TOTAL, "price": 1, "steps": [{"price": 1}]}],
        [{**BY_TOTAL, "steps": [{"price": 1}, {"upTo": 5, "price": 1}]}],
        [{**BY_TOTAL, "steps": [{"upTo": 5, "price": 1}, {"upTo": 5, "price": 2}]}],
        [{**BY_TOTAL, "pricedBy": "weight", "steps": [{"upTo": 1.5, "price": 1}]}],
        [{**BY_TOTAL, "pricedBy": "distance", "steps": [{"price": 1}]}],
    ],
)
def test_what_is_no_rate(admin: Caller, rates: list[Any]) -> None:
    answer = admin.post("/api/shipping-methods", json={"name": "Post", "rates": rates})
    assert answer.status_code == 422, answer.get_json()
    assert ShippingMethod.raw().count_documents({}) == 0


def test_without_methods_shipping_is_free(
    me: Caller, add: Add, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    add(me, make_product())
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["charges"], row.get("shipping_method")) == ([], None)


@pytest.mark.usefixtures("clock")
def test_the_cheapest_ships_unless_another_is_chosen(
    me: Caller,
    add: Add,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    methods: dict[str, str],
) -> None:
    serum = make_product(price=Decimal(20))
    add(me, serum)
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    (charge,) = row["charges"]
    assert (charge["code"], charge["label"], charge["amount"]) == ("shipping", "Post", 500)
    assert (row["subtotal"], row["total_price"]) == (2000, 2500)
    assert row["shipping_method"] == {"method_id": methods["Post"], "name": "Post"}
    assert row["estimated_delivery"] == "2026-03-06"
    add(me, serum)
    purchase |= {"shippingMethodId": methods["Express"], "expectedTotal": 35}
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["shipping_method"]["name"], row["total_price"]) == ("Express", 3500)
    assert row["estimated_delivery"] == "2026-03-03"


def test_the_days_begin_where_the_shop_is(
    me: Caller, add: Add, make_product: MakeProduct, purchase: Any, methods: Any, clock: Any
) -> None:
    """Seven in the evening in UTC is the next day in Vietnam."""
    clock.move_to(clock().replace(hour=19))
    add(me, make_product())
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert row["estimated_delivery"] == "2026-03-07"


def test_what_can_not_be_sent_is_refused(
    me: Caller,
    add: Add,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    methods: dict[str, str],
    admin: Caller,
    slug_of: Any,
) -> None:
    add(me, make_product())
    purchase["shippingAddress"]["country"] = "VN"
    answer = me.post("/api/cart/checkout", json=purchase)
    assert (answer.status_code, slug_of(answer)) == (409, "not-deliverable")
    assert answer.get_json()["offered"] == []
    purchase["shippingAddress"]["country"] = "US"
    admin.put(f"/api/shipping-methods/{methods['Express']}", json={"isActive": False})
    answer = me.post(
        "/api/cart/checkout", json={**purchase, "shippingMethodId": methods["Express"]}
    )
    assert (answer.status_code, slug_of(answer)) == (409, "not-deliverable")
    assert answer.get_json()["offered"] == [
        {"shippingMethodId": methods["Post"], "name": "Post", "price": 5}
    ]
    assert me.get("/api/cart").get_json()["itemCount"] == 1


def test_the_weight_of_all_pieces_counts(
    platform: Platform, me: Caller, add: Add, make_product: MakeProduct, purchase: Any, admin: Any
) -> None:
    by_weight = {
        "country": None,
        "pricedBy": "weight",
        "minDays": 1,
        "maxDays": 1,
        "steps": [{"upTo": 500, "price": 2}, {"upTo": 1000, "price": 3}],
    }
    admin.post("/api/shipping-methods", json={"name": "Post", "rates": [by_weight]})
    serum = make_product(weight=250, price=Decimal(10))
    unweighed = make_product(name="Card", price=Decimal(1))
    add(me, serum, 3)
    add(me, unweighed)
    assert order_of(me.post("/api/cart/checkout", json=purchase))["total_price"] == 3400
    add(me, serum, 5)
    assert me.post("/api/cart/checkout", json=purchase).status_code == 409


def test_shipping_is_taxed(
    platform: Platform, me: Caller, add: Add, make_product: MakeProduct, purchase: Any, methods: Any
) -> None:
    taxes = platform.services.require(Taxes)
    rate = {"country": "US", "name": "VAT", "percent": "10"}
    taxes.create(rate, SYSTEM)
    add(me, make_product(price=Decimal(11)))
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["charges"][0]["tax"], row["tax_total"]) == (45, 145)
    taxes.create({**rate, "percent": "25", "taxed_as": "shipping"}, SYSTEM)
    add(me, make_product(price=Decimal(11)))
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["charges"][0]["tax"], row["tax_total"]) == (100, 200)


def test_the_methods_are_read_with_one_query_by_an_index(
    platform: Platform, methods: Any, commands_of: Any, plans_of: Any
) -> None:
    service = platform.services.require(ShippingMethods)
    service.offered()
    (sent,) = commands_of(service.offered)
    (plan,) = plans_of(sent)
    assert "IXSCAN" in plan["stages"]
    assert "SORT" not in plan["stages"]


def test_the_commands(platform: Platform) -> None:
    def run(*args: str) -> Any:
        return CliRunner().invoke(shipping, args, obj=platform)

    added = run("add", "Post", "--price", "5", "--country", "US", "--json")
    id = json.loads(added.output)["shippingMethodId"]
    steps = ("--by", "weight", "--step", "500=2", "--step", "+=3.50")
    assert run("add", "Parcel", *steps, "--free-from", "40", "--max-days", "9").exit_code == 0
    shown = run("list").output
    assert "by weight" in shown
    assert "Parcel" in shown
    assert run("off", id).exit_code == 0
    listed = json.loads(run("list", "--json").output)["shippingMethods"]
    assert [(m["name"], m["isActive"]) for m in listed] == [("Post", False), ("Parcel", True)]
    assert listed[1]["rates"][0]["steps"] == [
        {"upTo": 500, "price": 2},
        {"upTo": None, "price": 3.5},
    ]
    assert run("on", id).exit_code == 0
    assert run("remove", id).exit_code == 0
    for wrong in (
        ["add", "X", "--by", "weight"],
        ["add", "X", "--by", "total", "--step", "500"],
        ["add", "X", "--price", "free"],
        ["add", "X"],
        ["remove", id],
    ):
        assert run(*wrong).exit_code != 0, wrong
    assert ShippingMethod.raw().count_documents({}) == 1
