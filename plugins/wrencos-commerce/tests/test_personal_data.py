"""Personal data here: exported whole, erased but for what the books need."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_core.platform import current_platform as shop
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]


def test_orders_and_cart_are_exported(
    login: Any, make_product: MakeProduct, place_order: Callable[..., str]
) -> None:
    me: Caller = login()
    order = place_order(me)
    serum = make_product(name="In the cart")
    me.post("/api/cart/items", json={"productId": serum, "quantity": 2})
    place_order(login())
    sections = plugin.export_personal_data(shop(), user_id=me.user_id).sections
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
    done = plugin.erase_personal_data(shop(), user_id=me.user_id)
    assert done.erased == {"carts": 1, "orderAddresses": 1}
    assert set(done.kept) == {"orders"}
    assert order not in str(done.kept)
    row = Order.raw().find_one({"_id": order})
    assert row["shipping_address"] == {"street": "(erased)", "city": "(erased)", "country": "US"}
    for trace in ("Lan", "0901", "Main St"):
        assert trace not in str(row)
    assert row["total_price"] == 2999
    assert Cart.raw().count_documents({"user_id": me.user_id}) == 0
    assert Order.raw().find_one({"_id": others})["note"] == "Ring at Lan's"


ACCOUNT = "/api/auth/me"


def erase_account(caller: Caller) -> Any:
    answer = caller.delete(ACCOUNT, json={"password": PASSWORD})
    assert answer.status_code == 200, answer.get_json()
    return answer


@pytest.mark.parametrize(
    "way",
    [["processing", "shipped", "delivered"], ["cancelled"]],
    ids=lambda way: str(way[-1]),
)
def test_an_order_on_its_way_keeps_its_address_until_it_is_finished(
    login: Any, place_order: Callable[..., str], purchase: dict[str, Any], way: list[str]
) -> None:
    me, staff = login(), login("staff")
    purchase["shippingAddress"] |= {"name": "Lan Nguyễn", "phone": "+84 901"}
    purchase["note"] = "Ring at Lan's"
    done, order = place_order(me), place_order(me)
    me.post(f"/api/orders/{done}/cancel", json={})
    answer = erase_account(me)
    assert order in answer.text
    assert "until delivered" in answer.text
    assert done not in answer.text
    assert "Lan" not in str(Order.raw().find_one({"_id": done}))
    for status in way:
        shown = staff.get(f"/api/orders/{order}").get_json()["order"]
        assert shown["shippingAddress"] == {"state": "CA", **purchase["shippingAddress"]}
        assert shown["note"] == "Ring at Lan's"
        body = {"newStatus": status, "note": "Lan's parcel"}
        answer = staff.put(f"/api/orders/{order}/status", json=body)
        assert answer.status_code == 200
    for trace in ("Lan", "+84 901", "Main St"):
        assert trace not in answer.text
        assert trace not in str(Order.raw().find_one({"_id": order}))
    assert answer.get_json()["updatedOrder"]["shippingAddress"]["country"] == "US"


def test_an_erasure_and_a_delivery_at_once_leave_no_address(
    login: Any, place_order: Callable[..., str]
) -> None:
    staff = login("staff")
    for _ in range(8):
        me = login()
        order = place_order(me)
        for status in ("processing", "shipped"):
            staff.put(f"/api/orders/{order}/status", json={"newStatus": status})

        def work(number: int, me: Caller = me, order: str = order) -> int:
            if number:
                return (
                    Caller(me.app, me.user_id, me.token)
                    .delete(ACCOUNT, json={"password": PASSWORD})
                    .status_code
                )
            return (
                Caller(staff.app, staff.user_id, staff.token)
                .put(f"/api/orders/{order}/status", json={"newStatus": "delivered"})
                .status_code
            )

        assert run_in_threads(2, work) == [200, 200]
        assert "Main St" not in str(Order.raw().find_one({"_id": order}))


def test_the_export_names_no_staff(login: Any, place_order: Callable[..., str]) -> None:
    me, staff = login(), login("staff")
    order = place_order(me)
    body = {"newStatus": "processing", "note": "A difficult one"}
    staff.put(f"/api/orders/{order}/status", json=body)
    exported = str(plugin.export_personal_data(shop(), user_id=me.user_id).sections)
    assert staff.user_id not in exported
    assert "A difficult one" not in exported


def test_nothing_is_kept_of_someone_who_never_ordered(login: Any) -> None:
    assert plugin.erase_personal_data(shop(), user_id=login().user_id).kept == {}
