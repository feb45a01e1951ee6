"""POST /api/cart/checkout, to the letter of the specification."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.services import presence
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import ANONYMOUS, NotAuthenticated, Platform, new_id
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
VariantOf = Callable[[str], str]


@pytest.fixture
def me(login: Any) -> Caller:
    return login(email="user@example.com")  # type: ignore[no-any-return]


def add(caller: Caller, product_id: str, quantity: int = 1) -> None:
    body = {"productId": product_id, "quantity": quantity}
    assert caller.post("/api/cart/items", json=body).status_code == 201


def stock(product_id: str) -> int:
    return int(Product.raw().find_one({"_id": product_id})["inventory"])


def test_an_order_as_specified(
    clock: Any, me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum = make_product(price=Decimal("39.99"), cost_price=Decimal(12))
    cream = make_product(name="Cream", price=Decimal("34.99"))
    add(me, serum)
    add(me, cream)
    answer = me.post("/api/cart/checkout", json=purchase)
    assert answer.status_code == 201
    body = answer.get_json()
    order_id = body.pop("orderId")
    assert order_id.startswith("order_")
    assert body == {
        "totalPrice": 74.98,
        "itemCount": 2,
        "currency": "USD",
        "status": "confirmed",
        "paymentStatus": "pending",
        "holdUntil": None,
        "estimatedDelivery": "2026-03-09",
        "message": "Order placed successfully. Confirmation email sent to user@example.com",
    }
    assert (stock(serum), stock(cream)) == (9, 9)
    assert me.get("/api/cart").get_json()["items"] == []
    line = Order.raw().find_one({"_id": order_id})["lines"][0]
    assert line["cost_price"] == 1200


def test_the_event_tells_it_all(
    me: Caller,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    outbox_events: Any,
    variant_of: VariantOf,
) -> None:
    serum = make_product(sku="S-1", cost_price=Decimal(12))
    add(me, serum, 2)
    order_id = me.post("/api/cart/checkout", json=purchase).get_json()["orderId"]
    (event,) = outbox_events("commerce.order_placed")
    payload = event["payload"]
    assert event["_id"] == payload["id"] == f"{order_id}:placed"
    assert (payload["order_id"], payload["user_id"]) == (order_id, me.user_id)
    assert (payload["total_price"], payload["currency"]) == (5998, "USD")
    assert payload["lines"] == [
        {
            "product_id": serum,
            "variant_id": variant_of(serum),
            "variant_name": None,
            "sku": "S-1",
            "name": "Hydrating Essence Serum",
            "quantity": 2,
            "price": 2999,
            "cost_price": 1200,
            "line_total": 5998,
            "discount": 0,
            "tax_rate": "0",
            "tax": 0,
            "total": 5998,
            "category_id": None,
            "image_url": None,
        }
    ]


def test_an_order_keeps_what_was_bought(
    me: Caller, login: Any, make_product: MakeProduct, place_order: Callable[..., str]
) -> None:
    serum = make_product()
    order = place_order(me, serum)
    login("admin").put(f"/api/products/{serum}", json={"name": "Other", "price": 1})
    (item,) = me.get(f"/api/orders/{order}").get_json()["order"]["items"]
    assert (item["name"], item["price"]) == ("Hydrating Essence Serum", 29.99)


def test_out_of_stock_names_what_lacks_and_changes_nothing(
    me: Caller,
    login: Any,
    make_product: MakeProduct,
    variant_of: VariantOf,
    outbox_events: Any,
    purchase: dict[str, Any],
) -> None:
    plenty, scarce = make_product(), make_product(name="Scarce", inventory=5)
    withdrawn = make_product(name="Withdrawn")
    for id in (plenty, scarce, withdrawn):
        add(me, id, 3)
    admin = login("admin")
    admin.put(f"/api/products/{scarce}", json={"inventory": 2})
    admin.delete(f"/api/products/{withdrawn}")
    answer = me.post("/api/cart/checkout", json=purchase)
    assert answer.status_code == 409
    problem = answer.get_json()
    assert problem["type"] == "urn:wrencos:problem:out-of-stock"
    assert sorted(problem["products"], key=lambda p: -p["available"]) == [
        {"productId": scarce, "variantId": variant_of(scarce), "available": 2},
        {"productId": withdrawn, "variantId": variant_of(withdrawn), "available": 0},
    ]
    assert (stock(plenty), stock(scarce)) == (10, 2)
    assert me.get("/api/cart").get_json()["itemCount"] == 9
    assert Order.raw().count_documents({}) == 0
    assert outbox_events("commerce.order_placed") == []


def test_two_lines_of_one_product_count_together(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any], variant_of: VariantOf
) -> None:
    serum = make_product(inventory=5)
    add(me, serum, 3)
    unit = {"product_id": serum, "variant_id": variant_of(serum)}
    second = {"id": new_id("item"), **unit, "quantity": 3}
    Cart.raw().update_one({"user_id": me.user_id}, {"$push": {"items": second}})
    assert me.post("/api/cart/checkout", json=purchase).status_code == 409
    assert stock(serum) == 5
    Cart.raw().update_one({"user_id": me.user_id}, {"$set": {"items.1.quantity": 2}})
    assert me.post("/api/cart/checkout", json=purchase).get_json()["itemCount"] == 5
    assert stock(serum) == 0


def test_a_changed_price_must_be_confirmed(
    me: Caller, login: Any, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum = make_product()
    add(me, serum)
    login("admin").put(f"/api/products/{serum}", json={"price": 31.5})
    answer = me.post("/api/cart/checkout", json={**purchase, "expectedTotal": 29.99})
    assert answer.status_code == 409
    problem = answer.get_json()
    assert problem["type"] == "urn:wrencos:problem:price-changed"
    assert (problem["total"], problem["currency"]) == (31.5, "USD")
    assert stock(serum) == 10
    confirmed = me.post("/api/cart/checkout", json={**purchase, "expectedTotal": 31.5})
    assert confirmed.status_code == 201


def test_an_empty_cart_is_refused(me: Caller, purchase: dict[str, Any]) -> None:
    answer = me.post("/api/cart/checkout", json=purchase)
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "urn:wrencos:problem:cart-empty"


def test_other_payment_methods_are_refused_with_what_is_offered(
    client: FlaskClient, me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    add(me, make_product())
    other = {**purchase, "paymentMethodId": "pm_stripe_12345"}
    answer = me.post("/api/cart/checkout", json=other)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "urn:wrencos:problem:unknown-payment-method"
    assert answer.get_json()["offered"] == ["cod"]
    assert client.get("/api/payment-methods").get_json() == {
        "paymentMethods": [
            {"paymentMethodId": "cod", "name": "Cash on delivery", "kind": "on_delivery"}
        ]
    }


@pytest.mark.parametrize("field", ["street", "city", "country"])
def test_the_address_must_be_complete(me: Caller, purchase: dict[str, Any], field: str) -> None:
    del purchase["shippingAddress"][field]
    answer = me.post("/api/cart/checkout", json=purchase)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]["shippingAddress"]


def test_a_guests_cart_is_ordered_after_login(
    client: FlaskClient, me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    item = {"productId": make_product(), "quantity": 2}
    token = client.post("/api/cart/items", json=item).get_json()["cartToken"]
    answer = me.post("/api/cart/checkout", json=purchase, headers={"X-Cart-Token": token})
    assert answer.status_code == 201
    assert answer.get_json()["itemCount"] == 2


def test_a_repeated_request_orders_once(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum = make_product()
    add(me, serum)
    headers = {"Idempotency-Key": "order-1"}
    first = me.post("/api/cart/checkout", json=purchase, headers=headers)
    add(me, serum)
    again = me.post("/api/cart/checkout", json=purchase, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert stock(serum) == 9


def test_what_a_checkout_asks_of_the_database(
    make_platform: Any,
    make_app: Any,
    make_product: MakeProduct,
    purchase: dict[str, Any],
    commands_of: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a transaction, each step holds what it has touched a round trip longer.

    That the shop has no taxes, shipping methods and promotions is known from the one before.
    """
    monkeypatch.setattr(presence, "REMEMBER_SECONDS", 3600)
    platform = make_platform(settings={CommerceSettings: {"max_lines": 62}})
    me = Logins(platform, make_app(platform))()
    serum = make_product()
    add(me, serum)
    assert me.post("/api/cart/checkout", json=purchase).status_code == 201
    add(me, serum)
    headers = {"Idempotency-Key": "order-1"}
    sent = commands_of(lambda: me.post("/api/cart/checkout", json=purchase, headers=headers))
    steps = [(name, command[name]) for command in sent for name in [next(iter(command))]]
    assert [step for step in steps if not str(step[1]).startswith(("core_", "auth_"))] == [
        ("findAndModify", "commerce_carts"),
        ("findAndModify", "commerce_products"),
        ("insert", "commerce_stock_movements"),
        ("insert", "commerce_orders"),
        ("insert", "commerce_payments"),
        ("commitTransaction", 1),
    ]
    assert [step for step in steps if step[1] == "auth_users"] == [
        ("find", "auth_users"),  # who is it, before the transaction
        ("find", "auth_users"),  # the address that the message names
    ]


def test_a_refused_order_leaves_the_cart_as_it_was(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    add(me, make_product(), 2)
    before = Cart.raw().find_one({"user_id": me.user_id})
    refused = me.post("/api/cart/checkout", json={**purchase, "expectedTotal": 1})
    assert refused.status_code == 409
    assert Cart.raw().find_one({"user_id": me.user_id}) == before


def test_a_guest_takes_nobodys_cart(
    platform: Platform, client: FlaskClient, make_product: MakeProduct
) -> None:
    client.post("/api/cart/items", json={"productId": make_product()})
    with pytest.raises(NotAuthenticated):
        platform.services.require(Carts).take(CartHolder(ANONYMOUS))
    assert client.get("/api/cart").get_json()["itemCount"] == 1
