"""How much one customer may hold without paying."""

from __future__ import annotations

from typing import Any

from wrencos_commerce.models.order import Order
from wrencos_commerce.settings import CommerceSettings


def test_so_many_orders_may_wait_and_no_more(
    shopper: Any, shop: Any, login: Any, serum: str, purchase: dict[str, Any]
) -> None:
    most = CommerceSettings.model_fields["max_unpaid_orders"].default
    orders = [shopper.order(serum) for _ in range(most)]
    held = shop.stock(serum)
    item = {"productId": serum, "quantity": 1}
    assert shopper.caller.post("/api/cart/items", json=item).status_code == 201
    body = {**purchase, "paymentMethodId": "vnpay"}
    refused = shopper.caller.post("/api/cart/checkout", json=body)
    assert refused.status_code == 409
    problem = refused.get_json()
    assert problem["type"] == "urn:wrencos:problem:too-many-unpaid"
    assert sorted(problem["orderIds"]) == sorted(orders)
    assert shop.stock(serum) == held
    # What is paid on delivery holds nothing for nothing, and others are not concerned.
    assert shopper.caller.post("/api/cart/checkout", json=purchase).status_code == 201
    other = login()
    assert other.post("/api/cart/items", json=item).status_code == 201
    assert other.post("/api/cart/checkout", json=body).status_code == 201
    # One that is cancelled makes place.
    cancelled = shopper.caller.post(f"/api/orders/{orders[0]}/cancel", json={})
    assert cancelled.status_code == 200
    shopper.order(serum)


def test_they_are_counted_by_an_index(
    shopper: Any, serum: str, commands_of: Any, plans_of: Any
) -> None:
    for _ in range(3):
        shopper.order(serum, 1, "cod")
    sent = commands_of(lambda: shopper.order(serum))
    (count,) = [c for c in sent if c.get("find") == "commerce_orders" and "status" in c["filter"]]
    (plan,) = plans_of(count)
    assert "COLLSCAN" not in plan["stages"]
    assert plan["documents"] <= 1
    assert Order.raw().count_documents({"status": "pending"}) == 1
