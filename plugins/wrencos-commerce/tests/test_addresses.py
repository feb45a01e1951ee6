"""The address book: whose it is, its default, and ordering by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce import plugin
from wrencos_commerce.models.address import MAX_ADDRESSES, AddressBook
from wrencos_commerce.models.order import Order
from wrencos_commerce.services.privacy import finish_erasure
from wrencos_core.api import Platform, now
from wrencos_core.contracts.auth import UserErased
from wrencos_core.platform import current_platform as shop
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
HOME = {
    "street": "12 Đường Trần Phú",
    "city": "Đà Nẵng",
    "state": None,
    "zip": "550000",
    "country": "VN",
    "name": "Nguyễn Thị Lan",
    "phone": "0901 234 567",
}
OFFICE = {**HOME, "street": "1 Nguyễn Huệ", "city": "Hồ Chí Minh"}


@pytest.fixture
def me(login: Any) -> Caller:
    return login()  # type: ignore[no-any-return]


def add(caller: Caller, address: dict[str, Any] | None = None, **more: Any) -> str:
    answer = caller.post("/api/addresses", json={**(address or HOME), **more})
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["updatedAddress"]["addressId"])


def listed(caller: Caller) -> list[dict[str, Any]]:
    return list(caller.get("/api/addresses").get_json()["addresses"])


def test_the_first_address_is_the_default(me: Caller) -> None:
    assert listed(me) == []
    home = add(me)
    assert listed(me) == [{"addressId": home, "isDefault": True, **HOME}]
    office = add(me, OFFICE)
    assert [a["addressId"] for a in listed(me)] == [home, office]
    answer = me.put(f"/api/addresses/{office}", json={**OFFICE, "isDefault": True})
    assert answer.status_code == 200
    assert [(a["addressId"], a["isDefault"]) for a in listed(me)] == [(office, True), (home, False)]
    third = add(me, {**HOME, "street": "3"}, isDefault=True)
    assert [a["addressId"] for a in listed(me)] == [third, office, home]


def test_an_address_is_replaced_and_stays_the_default(me: Caller) -> None:
    home = add(me)
    changed = {"street": "14 Đường Trần Phú", "city": "Đà Nẵng", "country": "VN"}
    answer = me.put(f"/api/addresses/{home}", json=changed)
    blank = {"state": None, "zip": None, "name": None, "phone": None}
    expected = {"addressId": home, "isDefault": True, **blank, **changed}
    assert answer.get_json()["updatedAddress"] == expected
    assert listed(me) == [expected]


def test_the_newest_of_the_others_follows_the_default(me: Caller) -> None:
    first, second, third = add(me), add(me, OFFICE), add(me, {**HOME, "street": "3"})
    assert me.delete(f"/api/addresses/{second}").get_json() == {"message": "Address deleted"}
    assert [a["addressId"] for a in listed(me)] == [first, third]
    fourth = add(me, {**HOME, "street": "4"})
    me.delete(f"/api/addresses/{first}")
    assert [(a["addressId"], a["isDefault"]) for a in listed(me)] == [
        (fourth, True),
        (third, False),
    ]
    me.delete(f"/api/addresses/{third}")
    me.delete(f"/api/addresses/{fourth}")
    assert listed(me) == []
    assert AddressBook.raw().count_documents({}) == 0
    assert listed(me) == []
    add(me)
    assert listed(me)[0]["isDefault"]


def test_anothers_address_is_not_found(client: FlaskClient, me: Caller, login: Any) -> None:
    home, other = add(me), login()
    add(other)
    assert other.put(f"/api/addresses/{home}", json=HOME).status_code == 404
    assert other.delete(f"/api/addresses/{home}").status_code == 404
    assert login().delete(f"/api/addresses/{home}").status_code == 404
    assert len(listed(other)) == 1
    assert client.get("/api/addresses").status_code == 401
    assert client.post("/api/addresses", json=HOME).status_code == 401


def test_bad_input(me: Caller) -> None:
    for bad in ({"country": "Vietnam"}, {"street": ""}, {"name": "see www.x.example"}, {"a": 1}):
        assert me.post("/api/addresses", json={**HOME, **bad}).status_code == 422
    home = add(me)
    assert me.put(f"/api/addresses/{home}", json={"street": "5"}).status_code == 422
    assert me.get("/api/addresses?limit=0").status_code == 422
    assert listed(me) == [{"addressId": home, "isDefault": True, **HOME}]


def test_pages(me: Caller) -> None:
    ids = [add(me, {**HOME, "street": str(n)}) for n in range(3)]
    body = me.get("/api/addresses?page=2&limit=2").get_json()
    assert [a["addressId"] for a in body["addresses"]] == [ids[1]]
    assert (body["totalCount"], body["totalPages"]) == (3, 2)


def test_there_is_room_for_twenty_also_for_many_at_once(me: Caller) -> None:
    for number in range(MAX_ADDRESSES - 2):
        add(me, {**HOME, "street": str(number)})

    def work(number: int) -> int:
        mine = Caller(me.app, me.user_id, me.token)
        body = {**HOME, "zip": str(number), "isDefault": True}
        return mine.post("/api/addresses", json=body).status_code

    assert sorted(map(str, run_in_threads(6, work))) == ["201"] * 2 + ["409"] * 4
    found = listed(me)
    assert len(found) == MAX_ADDRESSES
    assert [a["isDefault"] for a in found].count(True) == 1
    answer = me.post("/api/addresses", json=OFFICE)
    assert answer.get_json()["type"] == "urn:wrencos:problem:address-book-full"


def test_deleting_two_at_once_leaves_a_default(me: Caller) -> None:
    ids = [add(me, {**HOME, "street": str(n)}) for n in range(3)]

    def work(number: int) -> int:
        mine = Caller(me.app, me.user_id, me.token)
        return mine.delete(f"/api/addresses/{ids[number]}").status_code

    assert run_in_threads(2, work) == [200, 200]
    assert [(a["addressId"], a["isDefault"]) for a in listed(me)] == [(ids[2], True)]


def test_an_order_goes_to_a_saved_address(
    me: Caller, login: Any, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    home = add(me)
    me.post("/api/cart/items", json={"productId": make_product()})
    body = {"paymentMethodId": "cod", "addressId": home}
    both = me.post("/api/cart/checkout", json={**purchase, "addressId": home})
    none = me.post("/api/cart/checkout", json={"paymentMethodId": "cod"})
    assert (both.status_code, none.status_code) == (422, 422)
    assert "shippingAddress" in none.get_json()["errors"]
    others = me.post("/api/cart/checkout", json={**body, "addressId": add(login())})
    assert others.status_code == 404
    answer = me.post("/api/cart/checkout", json=body)
    assert answer.status_code == 201
    order = Order.raw().find_one({"_id": answer.get_json()["orderId"]})
    shown = {name: order["shipping_address"].get(name) for name in HOME}
    assert shown == HOME
    me.put(f"/api/addresses/{home}", json=OFFICE)
    order = Order.raw().find_one({"_id": order["_id"]})
    assert order["shipping_address"]["street"] == HOME["street"]


def test_the_address_of_an_order_is_kept_on_wish(
    me: Caller, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum = make_product(inventory=100)

    def order(**more: Any) -> int:
        me.post("/api/cart/items", json={"productId": serum})
        return me.post("/api/cart/checkout", json={**purchase, **more}).status_code

    assert order() == 201
    assert listed(me) == []
    assert order(saveAddress=True) == 201
    (kept,) = listed(me)
    assert (kept["street"], kept["isDefault"]) == ("123 Main St", True)
    assert order(saveAddress=True) == 201
    assert len(listed(me)) == 1
    for number in range(MAX_ADDRESSES - 1):
        add(me, {**HOME, "street": str(number)})
    purchase["shippingAddress"]["street"] = "One too many"
    assert order(saveAddress=True) == 201
    assert "One too many" not in str(listed(me))


def test_a_refused_order_keeps_no_address(me: Caller, purchase: dict[str, Any]) -> None:
    answer = me.post("/api/cart/checkout", json={**purchase, "saveAddress": True})
    assert answer.status_code == 409
    assert listed(me) == []


def test_addresses_are_exported_and_erased(platform: Platform, me: Caller, login: Any) -> None:
    home, other = add(me), login()
    add(me, OFFICE)
    add(other)
    sections = plugin.export_personal_data(shop(), user_id=me.user_id).sections
    assert sections["addresses"][0]["id"] == home
    assert sections["addresses"][0]["address"]["name"] == "Nguyễn Thị Lan"
    done = plugin.erase_personal_data(shop(), user_id=me.user_id)
    assert done.erased["addresses"] == 2
    assert AddressBook.raw().find_one({"user_id": me.user_id}) is None
    assert len(listed(other)) == 1
    add(me)
    event = UserErased(id=f"{me.user_id}:erased", occurred_at=now(), user_id=me.user_id)
    finish_erasure(platform, event)
    assert AddressBook.raw().find_one({"user_id": me.user_id}) is None


def test_a_book_is_found_by_an_index(platform: Platform) -> None:
    assert_uses_index(AddressBook.raw().find({"user_id": "user_1"}))
    assert_uses_index(AddressBook.raw().find({"user_id": "user_1", "addresses.id": "addr_1"}))
