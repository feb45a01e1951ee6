"""Coupons in the cart and at the checkout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.promotion import Promotion, PromotionUse, PromotionUser
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.promotions import offers
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_core.api import SYSTEM, Platform, now
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
MakePromotion = Callable[..., str]
Add = Callable[..., None]


@pytest.fixture
def serum(make_product: MakeProduct) -> str:
    return make_product(price=Decimal(20), inventory=50)


def typed(caller: Any, code: str) -> Any:
    return caller.post("/api/cart/coupons", json={"code": code})


def order_of(answer: Any) -> Any:
    assert answer.status_code == 201, answer.get_json()
    return Order.raw().find_one({"_id": answer.get_json()["orderId"]})


def test_a_coupon_counts_until_the_order(
    me: Caller, add: Add, serum: str, make_promotion: MakePromotion, purchase: dict[str, Any]
) -> None:
    id = make_promotion("SPRING", "SPRING10")
    add(me, serum, 2)
    answer = typed(me, " spring ")
    assert answer.status_code == 200, answer.get_json()
    cart = answer.get_json()["updatedCart"]
    assert (cart["coupons"], cart["refusedCoupons"]) == (["SPRING"], [])
    assert (cart["subtotal"], cart["total"]) == (40, 36)
    assert cart["adjustments"] == [
        {"code": f"commerce.promotion_{id}", "label": "Spring", "amount": -4}
    ]
    assert (cart["items"][0]["discount"], cart["items"][0]["total"]) == (4, 36)
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["total_price"], row["lines"][0]["discount"]) == (3600, 400)
    assert row["promotions"] == [{"promotion_id": id, "code": "SPRING"}]
    order = me.get(f"/api/orders/{row['_id']}").get_json()["order"]
    assert (order["coupons"], order["items"][0]["discount"]) == (["SPRING"], 4)
    assert me.get("/api/cart").get_json()["coupons"] == []
    add(me, serum)
    assert me.get("/api/cart").get_json()["total"] == 20


def test_a_coupon_is_taken_away(
    me: Caller, add: Add, serum: str, make_promotion: MakePromotion
) -> None:
    make_promotion("SPRING")
    add(me, serum)
    typed(me, "SPRING")
    answer = me.delete("/api/cart/coupons/spring")
    assert (answer.status_code, answer.get_json()["updatedCart"]["total"]) == (200, 20)
    assert me.delete("/api/cart/coupons/SPRING").status_code == 404


def test_a_code_that_does_not_count_says_why_and_is_not_kept(
    me: Caller, add: Add, serum: str, make_promotion: MakePromotion, slug_of: Any
) -> None:
    make_promotion("LATER", starts_at=now() + timedelta(days=1))
    make_promotion("RICH", min_total=Decimal(100))
    answer = typed(me, "RICH")
    assert slug_of(answer) == "cart-empty"
    add(me, serum)
    for code, reason in (
        ("NONE", "unknown"),
        ("LATER", "not-begun"),
        ("RICH", "minimum-not-reached"),
    ):
        answer = typed(me, code)
        assert (answer.status_code, slug_of(answer)) == (409, "coupon-refused")
        assert answer.get_json()["coupons"] == [{"code": code, "reason": reason}]
    assert me.get("/api/cart").get_json()["refusedCoupons"] == []
    for body in ({"code": ""}, {"code": "x" * 41}, {}, {"code": 5}):
        assert me.post("/api/cart/coupons", json=body).status_code == 422


def test_a_code_that_stopped_counting_is_never_dropped_silently(
    me: Caller,
    add: Add,
    serum: str,
    make_promotion: MakePromotion,
    purchase: dict[str, Any],
    platform: Platform,
    slug_of: Any,
) -> None:
    id = make_promotion("SPRING")
    add(me, serum, 2)
    typed(me, "SPRING")
    platform.services.require(Promotions).update(id, {"is_active": False}, SYSTEM)
    refused = [{"code": "SPRING", "reason": "off"}]
    for expected in ({}, {"expectedTotal": 36}):
        answer = me.post("/api/cart/checkout", json={**purchase, **expected})
        assert (answer.status_code, slug_of(answer)) == (409, "coupon-refused")
        problem = answer.get_json()
        assert (problem["coupons"], problem["total"]) == (refused, 40)
    cart = me.get("/api/cart").get_json()
    assert (cart["coupons"], cart["refusedCoupons"], cart["total"]) == ([], refused, 40)
    # Seeing that is not yet agreeing to it.
    assert me.post("/api/cart/checkout", json=purchase).status_code == 409
    row = order_of(me.post("/api/cart/checkout", json={**purchase, "expectedTotal": 40}))
    assert (row["total_price"], row["promotions"]) == (4000, [])


def test_an_automatic_promotion_that_ended_changes_the_price(
    me: Caller,
    add: Add,
    serum: str,
    make_promotion: MakePromotion,
    purchase: dict[str, Any],
    platform: Platform,
    slug_of: Any,
) -> None:
    id = make_promotion(is_automatic=True)
    add(me, serum)
    assert me.get("/api/cart").get_json()["total"] == 18
    platform.services.require(Promotions).update(id, {"is_active": False}, SYSTEM)
    answer = me.post("/api/cart/checkout", json=purchase)
    assert (answer.status_code, slug_of(answer)) == (409, "price-changed")
    assert (answer.get_json()["total"], answer.get_json()["items"]) == (20, [])
    assert me.get("/api/cart").get_json()["total"] == 20
    assert order_of(me.post("/api/cart/checkout", json=purchase))["total_price"] == 2000


def test_a_coupon_of_another_plugin_is_its_own_business(
    me: Caller, add: Add, serum: str, make_promotion: MakePromotion
) -> None:
    """Without such a plugin the code is unknown; test_checkout_hooks has one."""
    add(me, serum)
    assert typed(me, "WRAPPED").status_code == 409


def test_a_category_counts_with_those_below_it(
    me: Caller, add: Add, make_product: MakeProduct, make_promotion: Any, platform: Platform
) -> None:
    create = platform.services.require(Categories).create
    face = create({"name": "Face"}, SYSTEM)
    night = create({"name": "Night", "parent_id": face}, SYSTEM)
    make_promotion(is_automatic=True, category_ids=[face])
    add(me, make_product(price=Decimal(10), category_id=night))
    add(me, make_product(name="Comb", price=Decimal(10)))
    cart = me.get("/api/cart").get_json()
    assert [item["discount"] for item in cart["items"]] == [1, 0]


def test_free_shipping_by_coupon(
    me: Caller,
    add: Add,
    serum: str,
    make_promotion: MakePromotion,
    platform: Platform,
    purchase: dict[str, Any],
) -> None:
    home = {"country": "US", "priced_by": "flat", "price": Decimal(5), "min_days": 1, "max_days": 2}
    methods = platform.services.require(ShippingMethods)
    methods.create({"name": "Post", "rates": [home]}, SYSTEM)
    make_promotion("FREESHIP", kind="free_shipping", name="Free shipping")
    add(me, serum)
    # It counts before it is known where the cart goes, though there is nothing to take off yet.
    assert typed(me, "FREESHIP").get_json()["updatedCart"]["coupons"] == ["FREESHIP"]
    answer = me.put("/api/cart/shipping", json={"country": "US"})
    cart = answer.get_json()["updatedCart"]
    (charge,) = cart["charges"]
    assert (charge["amount"], charge["discount"], charge["total"], cart["total"]) == (5, 5, 0, 20)
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["total_price"], row["charges"][0]["discount"]) == (2000, 500)
    assert [used["code"] for used in row["promotions"]] == ["FREESHIP"]


def test_a_guests_coupons_go_with_the_cart(
    app: Any, me: Caller, serum: str, make_promotion: MakePromotion, slug_of: Any
) -> None:
    make_promotion("SPRING")
    make_promotion("ONCE", max_uses_per_user=1, name="Once each")
    guest = app.test_client()
    token = guest.post("/api/cart/items", json={"productId": serum}).get_json()["cartToken"]
    assert typed(guest, "SPRING").status_code == 200
    answer = typed(guest, "ONCE")
    assert answer.get_json()["coupons"] == [{"code": "ONCE", "reason": "log-in"}]
    cart = me.get("/api/cart", headers={"X-Cart-Token": token}).get_json()
    assert (cart["coupons"], cart["total"]) == (["SPRING"], 18)
    assert typed(me, "ONCE").status_code == 200


def test_the_first_order_only(
    me: Caller, add: Add, serum: str, make_promotion: MakePromotion, purchase: dict[str, Any]
) -> None:
    make_promotion("WELCOME", first_order_only=True)
    add(me, serum)
    typed(me, "WELCOME")
    first = order_of(me.post("/api/cart/checkout", json=purchase))
    assert first["total_price"] == 1800
    add(me, serum)
    reason = typed(me, "WELCOME").get_json()["coupons"][0]["reason"]
    assert reason == "not-first-order"
    # Called off, it was none.
    assert me.post(f"/api/orders/{first['_id']}/cancel").status_code == 200
    assert typed(me, "WELCOME").status_code == 200


def test_those_to_come_take_no_place_of_those_that_count(
    me: Caller,
    add: Add,
    serum: str,
    make_promotion: MakePromotion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(offers, "MAX_AUTOMATIC", 1)
    make_promotion(is_automatic=True, name="Next year", starts_at=now() + timedelta(days=365))
    make_promotion(is_automatic=True, name="Today", ends_at=now() + timedelta(days=1))
    add(me, serum)
    (discount,) = me.get("/api/cart").get_json()["adjustments"]
    assert discount["label"] == "Today"


def test_promotions_are_read_with_one_query(
    me: Caller,
    add: Add,
    make_product: MakeProduct,
    make_promotion: MakePromotion,
    platform: Platform,
    purchase: dict[str, Any],
    commands_of: Any,
    plans_of: Any,
) -> None:
    face = platform.services.require(Categories).create({"name": "Face"}, SYSTEM)
    make_promotion("SPRING", category_ids=[face])
    make_promotion(is_automatic=True, name="All")
    add(me, make_product(category_id=face))
    typed(me, "SPRING")
    sent = commands_of(lambda: me.post("/api/cart/checkout", json=purchase))
    read = [command for command in sent if command.get("aggregate") == "commerce_promotions"]
    assert len(read) == 1
    command = {k: v for k, v in read[0].items() if k not in ("autocommit", "startTransaction")}
    for plan in plans_of({k: v for k, v in command.items() if k != "readConcern"}):
        assert "COLLSCAN" not in plan["stages"]
    # Neither has a limit, so nothing but the order tells of their use.
    names = [str(next(iter(command.values()))) for command in sent if command not in read]
    assert [name for name in names if "promotion" in name or "coupon" in name] == []


def test_what_is_kept_of_a_person_is_told_and_forgotten(
    me: Caller,
    add: Add,
    serum: str,
    make_promotion: MakePromotion,
    purchase: dict[str, Any],
    platform: Platform,
) -> None:
    id = make_promotion("ONCE", max_uses_per_user=1)
    add(me, serum)
    typed(me, "ONCE")
    order = order_of(me.post("/api/cart/checkout", json=purchase))
    (told,) = platform.hook.export_personal_data(platform=platform, user_id=me.user_id)[0].sections[
        "promotions"
    ]
    assert (told["promotion_id"], told["order_id"], told["code"]) == (id, order["_id"], "ONCE")
    platform.hook.erase_personal_data(platform=platform, user_id=me.user_id)
    assert PromotionUser.raw().count_documents({}) == 0
    assert PromotionUse.raw().find_one()["order_id"] == order["_id"]
    assert PromotionUse.raw().count_documents({"user_id": me.user_id}) == 0


def test_coupons_have_a_bound(
    me: Caller, add: Add, serum: str, make_promotion: MakePromotion
) -> None:
    add(me, serum)
    for number in range(11):
        make_promotion(f"CODE-{number}", percent="1", name=f"Code {number}")
    answers = [typed(me, f"CODE-{number}").status_code for number in range(11)]
    assert answers == [200] * 10 + [422]
    assert len(Cart.raw().find_one()["coupons"]) == 10
    assert Promotion.raw().count_documents({"uses": {"$gt": 0}}) == 0
