"""Personal data here: exported whole, erased but for what the books need."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wrencos_commerce import plugin
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]


def test_orders_and_cart_are_exported(
    login: Any, make_product: MakeProduct, place_order: Callable[..., str]
) -> None:
    me: Caller = login()
    order = place_order(me)
    serum = make_product(name="In the cart")
    me.post("/api/cart/items", json={"productId": serum, "quantity": 2})
    place_order(login())
    sections = plugin.export_personal_data(user_id=me.user_id).sections
    (exported,) = sections["orders"]
    assert exported["_id"] == order
    assert exported["shipping_address"]["street"] == "123 Main St"
    assert "cost_price" not in exported["lines"][0]
    (cart,) = sections["cart"]
    assert cart["items"][0]["product_id"] == serum
    json.dumps(sections, default=str)


def test_erasure_keeps_the_books_and_forgets_the_person(
    login: Any,
    make_product: MakeProduct,
    place_order: Callable[..., str],
    purchase: dict[str, Any],
) -> None:
    me, other = login(), login()
    purchase["shippingAddress"] |= {"name": "Lan Nguyễn", "phone": "0901"}
    purchase["note"] = "Ring at Lan's"
    order, others = place_order(me), place_order(other)
    me.post(f"/api/orders/{order}/cancel", json={"note": "Lan changed her mind"})
    me.post("/api/cart/items", json={"productId": make_product()})
    done = plugin.erase_personal_data(user_id=me.user_id)
    assert done.erased == {"carts": 1, "orderAddresses": 1}
    assert set(done.kept) == {"orders"}
    row = Order.raw().find_one({"_id": order})
    assert row["shipping_address"] == {"street": "(erased)", "city": "(erased)", "country": "US"}
    for trace in ("Lan", "0901", "Main St"):
        assert trace not in str(row)
    assert row["total_price"] == 2999
    assert Cart.raw().count_documents({"user_id": me.user_id}) == 0
    assert Order.raw().find_one({"_id": others})["note"] == "Ring at Lan's"


def test_nothing_is_kept_of_someone_who_never_ordered(login: Any) -> None:
    assert plugin.erase_personal_data(user_id=login().user_id).kept == {}
