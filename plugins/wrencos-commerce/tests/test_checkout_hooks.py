"""The hooks that commerce owns, as another plugin implements them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_core.api import Platform
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]


@pytest.fixture
def platform(make_platform: Any) -> Platform:
    """The platform with the sample plugin beside commerce."""
    spec = spec_from_file_location(
        "sample_discounts", Path(__file__).parent / "sample_discounts.py"
    )
    assert spec is not None
    assert spec.loader is not None
    sample = module_from_spec(spec)
    spec.loader.exec_module(sample)
    return make_platform({"commerce": plugin, "discounts": sample})  # type: ignore[no-any-return]


@pytest.fixture
def me(platform: Platform, make_app: Any) -> Caller:
    return Logins(platform, make_app(platform))()


def add(caller: Caller, product_id: str, quantity: int) -> None:
    body = {"productId": product_id, "quantity": quantity}
    assert caller.post("/api/cart/items", json=body).status_code == 201


def test_adjustments_come_in_their_order_and_reach_the_order(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any], outbox_events: Any
) -> None:
    add(me, make_product(price=Decimal("10.10")), 3)
    cart = me.get("/api/cart").get_json()
    assert cart["adjustments"] == [
        {"code": "discounts.tenth", "label": "10 % off", "amount": -3.03},
        {"code": "discounts.wrapping", "label": "Wrapping", "amount": 2},
    ]
    assert (cart["subtotal"], cart["total"]) == (30.3, 29.27)
    placed = me.post("/api/cart/checkout", json={**purchase, "expectedTotal": 29.27})
    assert placed.status_code == 201
    order = me.get(f"/api/orders/{placed.get_json()['orderId']}").get_json()["order"]
    assert order["adjustments"] == cart["adjustments"]
    assert order["totalPrice"] == 29.27
    (event,) = outbox_events("commerce.order_placed")
    assert [a["amount"] for a in event["payload"]["adjustments"]] == [-303, 200]


def test_the_total_stays_at_zero_or_above(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    add(me, make_product(name="Voucher", price=Decimal(12)), 1)
    cart = me.get("/api/cart").get_json()
    assert cart["total"] == 0
    assert cart["adjustments"][0]["amount"] == -12
    assert me.post("/api/cart/checkout", json=purchase).get_json()["totalPrice"] == 0


def test_a_plugin_can_refuse_an_order(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any], outbox_events: Any
) -> None:
    product = make_product(inventory=3)
    add(me, product, 1)
    purchase["shippingAddress"]["country"] = "AQ"
    answer = me.post("/api/cart/checkout", json=purchase)
    assert answer.status_code == 409
    problem = answer.get_json()
    assert problem["type"] == "urn:wrencos:problem:checkout-refused"
    assert problem["reasons"] == ["We do not deliver to Antarctica."]
    assert me.get(f"/api/products/{product}").get_json()["product"]["inventory"] == 3
    assert me.get("/api/cart").get_json()["itemCount"] == 1
    assert outbox_events("commerce.order_placed") == []


def test_a_plugin_has_coupons_of_its_own(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    add(me, make_product(price=Decimal(12)), 1)
    answer = me.post("/api/cart/coupons", json={"code": "wrapped"})
    assert answer.status_code == 200
    cart = answer.get_json()["updatedCart"]
    assert (cart["coupons"], cart["refusedCoupons"], cart["total"]) == (["WRAPPED"], [], 11)
    assert me.post("/api/cart/coupons", json={"code": "other"}).status_code == 409
    placed = me.post("/api/cart/checkout", json=purchase)
    assert (placed.status_code, placed.get_json()["totalPrice"]) == (201, 11)


def test_a_plugin_that_may_refuse_sees_the_coupons_and_where_it_goes(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    add(me, make_product(price=Decimal(12)), 1)
    me.post("/api/cart/coupons", json={"code": "WRAPPED"})
    purchase["shippingAddress"]["country"] = "CA"
    answer = me.post("/api/cart/checkout", json=purchase)
    assert answer.status_code == 409
    assert answer.get_json()["reasons"] == ["We wrap nothing for Canada."]


def test_an_empty_cart_is_not_adjusted(me: Caller) -> None:
    assert me.get("/api/cart").get_json()["total"] == 0
