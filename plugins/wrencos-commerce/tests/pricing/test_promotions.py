"""/api/promotions, their coupons, and the commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from wrencos_commerce.commands.promotions import promotion
from wrencos_commerce.models.promotion import Coupon, Promotion
from wrencos_commerce.services import presence
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.promotions.coupons import Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, now
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
MakePromotion = Callable[..., str]

SPRING = {"name": "Spring", "kind": "percent", "percent": "10"}


def created(admin: Caller, **fields: Any) -> Any:
    answer = admin.post("/api/promotions", json={**SPRING, **fields})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()["promotion"]


def test_promotions_are_created_listed_changed_and_deleted(
    admin: Caller, login: Any, make_product: MakeProduct
) -> None:
    product = make_product()
    made = created(
        admin,
        percent=12.5,
        productIds=[product],
        minTotal=20,
        maxDiscount=5.5,
        maxUses=100,
        endsAt="2037-05-01T00:00:00Z",
    )
    assert made == {
        "promotionId": made["promotionId"],
        "name": "Spring",
        "description": "",
        "kind": "percent",
        "percent": "12.5",
        "amount": None,
        "buyQuantity": None,
        "getQuantity": None,
        "productIds": [product],
        "categoryIds": [],
        "minTotal": 20,
        "maxDiscount": 5.5,
        "firstOrderOnly": False,
        "startsAt": None,
        "endsAt": "2037-05-01T00:00:00Z",
        "currency": "USD",
        "isAutomatic": False,
        "isActive": True,
        "isExclusive": False,
        "priority": 0,
        "maxUses": 100,
        "maxUsesPerUser": None,
        "uses": 0,
    }
    path = f"/api/promotions/{made['promotionId']}"
    staff = login("staff")
    assert staff.get("/api/promotions").get_json()["promotions"] == [made]
    assert staff.get(path).get_json() == {"promotion": made, "orders": 0}
    changed = admin.put(path, json={"maxUses": None, "endsAt": None, "isActive": False})
    assert changed.status_code == 200, changed.get_json()
    shown = changed.get_json()["promotion"]
    assert (shown["maxUses"], shown["endsAt"], shown["isActive"]) == (None, None, False)
    admin.post(f"{path}/coupons", json={"codes": ["SPRING"]})
    assert admin.delete(path).status_code == 200
    assert Coupon.raw().count_documents({}) == 0
    assert admin.get(path).status_code == 404
    assert admin.put(path, json={"name": "Gone"}).status_code == 404
    assert admin.delete(path).status_code == 404


def test_only_who_may_sees_and_changes_promotions(
    admin: Caller, me: Caller, login: Any, client: Any
) -> None:
    path = f"/api/promotions/{created(admin)['promotionId']}"
    for caller, reads, writes in ((client, 401, 401), (me, 403, 403), (login("staff"), 200, 403)):
        for read in ("/api/promotions", path, f"{path}/coupons"):
            assert caller.get(read).status_code == reads
        assert caller.post("/api/promotions", json=SPRING).status_code == writes
        assert caller.put(path, json={"name": "Other"}).status_code == writes
        assert caller.post(f"{path}/coupons", json={"generate": 1}).status_code == writes
        assert caller.delete(f"{path}/coupons/SPRING").status_code == writes
        assert caller.delete(path).status_code == writes


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "gift"}, "kind"),
        ({"percent": None}, "percent"),
        ({"percent": 101}, "percent"),
        ({"kind": "amount"}, "amount"),
        ({"kind": "amount", "amount": 0, "percent": None}, "amount"),
        ({"kind": "amount", "amount": 1.001, "percent": None}, "amount"),
        ({"amount": 5}, "amount"),
        ({"kind": "free_shipping"}, "percent"),
        ({"kind": "buy_get", "buyQuantity": 2}, "getQuantity"),
        ({"kind": "buy_get", "buyQuantity": 0, "getQuantity": 1}, "buyQuantity"),
        ({"productIds": ["prod_nothing"]}, "productIds"),
        ({"categoryIds": ["cat_nothing"]}, "categoryIds"),
        ({"maxUses": 0}, "maxUses"),
        ({"minTotal": -1}, "minTotal"),
        ({"startsAt": "2037-01-02T00:00Z", "endsAt": "2037-01-01T00:00Z"}, "endsAt"),
        ({"isAutomatic": "yes"}, "isAutomatic"),
    ],
)
def test_what_is_no_promotion(admin: Caller, wrong: dict[str, Any], field: str) -> None:
    answer = admin.post("/api/promotions", json={**SPRING, **wrong})
    assert answer.status_code == 422, answer.get_json()
    assert field in answer.get_json()["errors"]
    assert Promotion.raw().count_documents({}) == 0


def test_a_change_must_leave_a_promotion(admin: Caller) -> None:
    path = f"/api/promotions/{created(admin)['promotionId']}"
    assert admin.put(path, json={"percent": None}).status_code == 422
    assert admin.put(path, json={"amount": 5}).status_code == 422
    assert admin.get(path).get_json()["promotion"]["percent"] == "10"


def test_what_names_something_that_is_gone_can_still_be_ended(
    admin: Caller, platform: Platform
) -> None:
    categories = platform.services.require(Categories)
    face = categories.create({"name": "Face"}, SYSTEM)
    path = f"/api/promotions/{created(admin, categoryIds=[face])['promotionId']}"
    categories.delete(face, SYSTEM)
    assert admin.put(path, json={"isActive": False}).status_code == 200
    assert admin.put(path, json={"categoryIds": [face]}).status_code == 422


def test_the_running_ones_are_found_by_an_index(
    platform: Platform, make_promotion: MakePromotion, commands_of: Any, plans_of: Any
) -> None:
    for number in range(5):
        make_promotion(name=f"Of coupons {number}")
    make_promotion(is_automatic=True)
    promotions = platform.services.require(Promotions)
    (sent,) = commands_of(lambda: promotions.running(0, 20))
    for plan in plans_of(sent):
        assert "COLLSCAN" not in plan["stages"]
        assert "SORT" not in plan["stages"]
        assert plan["documents"] <= 1


def test_everybody_sees_the_automatic_ones_of_the_moment(
    client: Any, make_promotion: MakePromotion
) -> None:
    make_promotion("SECRET")
    make_promotion(is_automatic=True, name="Over", ends_at=now() - timedelta(days=1))
    make_promotion(is_automatic=True, name="Later", starts_at=now() + timedelta(days=1))
    make_promotion(is_automatic=True, name="Off", is_active=False)
    make_promotion(is_automatic=True, name="Now", max_uses=5)
    body = client.get("/api/promotions/running").get_json()
    assert ([p["name"] for p in body["promotions"]], body["totalCount"]) == (["Now"], 1)
    assert "maxUses" not in body["promotions"][0]


def test_coupons_are_added_generated_listed_and_removed(admin: Caller, slug_of: Any) -> None:
    path = f"/api/promotions/{created(admin)['promotionId']}/coupons"
    added = admin.post(path, json={"codes": ["spring", "SPRING", "May-1"], "maxUses": 5})
    assert added.status_code == 201
    assert added.get_json()["codes"] == ["SPRING", "MAY-1"]
    made = admin.post(path, json={"generate": 50, "prefix": "vip-"}).get_json()["codes"]
    assert len(set(made)) == 50
    assert all(code.startswith("VIP-") and len(code) == 14 for code in made)
    listed = admin.get(f"{path}?limit=1").get_json()
    assert (listed["coupons"], listed["totalCount"]) == (
        [{"code": "MAY-1", "maxUses": 5, "uses": 0}],
        52,
    )
    assert Coupon.raw().find_one({"code": made[0]})["max_uses"] == 1
    assert admin.delete(f"{path}/may-1").status_code == 200
    assert admin.delete(f"{path}/may-1").status_code == 404
    other = f"/api/promotions/{created(admin)['promotionId']}/coupons"
    again = admin.post(other, json={"codes": ["OTHER", "Spring"]})
    assert (again.status_code, slug_of(again)) == (409, "already-exists")
    assert Coupon.raw().count_documents({"code": "OTHER"}) == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"codes": ["SPRING"], "generate": 5},
        {"codes": []},
        {"codes": ["AB"]},
        {"codes": ["WITH SPACE"]},
        {"codes": ["ÄÖÜ"]},
        {"generate": 0},
        {"generate": 1001},
        {"generate": 1, "prefix": "a b"},
    ],
)
def test_what_is_no_coupon(admin: Caller, body: dict[str, Any]) -> None:
    path = f"/api/promotions/{created(admin)['promotionId']}/coupons"
    assert admin.post(path, json=body).status_code == 422
    assert Coupon.raw().count_documents({}) == 0


def test_an_automatic_promotion_has_no_coupons(admin: Caller) -> None:
    id = created(admin, isAutomatic=True)["promotionId"]
    path = f"/api/promotions/{id}/coupons"
    assert admin.post(path, json={"codes": ["SPRING"]}).status_code == 422
    assert admin.get("/api/promotions/promo_nothing/coupons").status_code == 404
    answer = admin.post("/api/promotions/promo_nothing/coupons", json={"generate": 1})
    assert answer.status_code == 404


def test_a_repeated_request_makes_coupons_once(admin: Caller) -> None:
    path = f"/api/promotions/{created(admin)['promotionId']}/coupons"
    headers = {"Idempotency-Key": "coupons-1"}
    answers = [admin.post(path, json={"generate": 5}, headers=headers) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json()
    assert Coupon.raw().count_documents({}) == 5


def test_one_code_of_two_at_once(platform: Platform, make_promotion: MakePromotion) -> None:
    ids = [make_promotion() for _ in range(4)]
    coupons = platform.services.require(Coupons)
    outcomes = run_in_threads(4, lambda n: coupons.add(ids[n], ["SPRING"], None, SYSTEM))
    assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
    assert Coupon.raw().count_documents({}) == 1


def test_what_orders_have_used_is_kept(
    admin: Caller,
    me: Caller,
    add: Any,
    make_product: MakeProduct,
    make_promotion: MakePromotion,
    purchase: dict[str, Any],
    slug_of: Any,
) -> None:
    id = make_promotion("SPRING", "UNUSED")
    add(me, make_product())
    me.post("/api/cart/coupons", json={"code": "SPRING"})
    assert me.post("/api/cart/checkout", json=purchase).status_code == 201
    assert admin.get(f"/api/promotions/{id}").get_json()["orders"] == 1
    for path in (f"/api/promotions/{id}", f"/api/promotions/{id}/coupons/SPRING"):
        answer = admin.delete(path)
        assert (answer.status_code, slug_of(answer)) == (409, "promotion-used")
    assert admin.delete(f"/api/promotions/{id}/coupons/UNUSED").status_code == 200
    assert Promotion.raw().count_documents({}) == 1


def test_a_shop_without_promotions_asks_for_none(
    make_platform: Any,
    make_app: Any,
    make_product: MakeProduct,
    commands_of: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "REMEMBER_SECONDS", 3600)
    platform = make_platform(settings={CommerceSettings: {"max_lines": 63}})
    me = Logins(platform, make_app(platform))()
    me.post("/api/cart/items", json={"productId": make_product(price=Decimal(20))})
    assert me.get("/api/cart").get_json()["total"] == 20
    sent = commands_of(lambda: me.get("/api/cart"))
    asked = {command.get("aggregate") or command.get("find") for command in sent}
    assert not asked & {"commerce_promotions", "commerce_tax_rates", "commerce_shipping_methods"}
    values = {**SPRING, "is_automatic": True}
    platform.services.require(Promotions).create(values, SYSTEM)
    assert me.get("/api/cart").get_json()["total"] == 18


def test_the_commands(platform: Platform, make_product: MakeProduct) -> None:
    def run(*args: str) -> Any:
        return CliRunner().invoke(promotion, args, obj=platform)

    added = run(
        *("add", "Spring", "--kind", "percent", "--percent", "10", "--max-uses", "5"),
        *("--until", "2037-05-01", "--min-total", "20", "--json"),
    )
    made = json.loads(added.output)
    id = made["promotionId"]
    assert (made["maxUses"], made["minTotal"], made["endsAt"]) == (5, 20, "2037-05-01T00:00:00Z")
    sets = ("--kind", "buy_get", "--percent", "100", "--buy", "2", "--get", "1")
    assert run("add", "3 for 2", *sets, "--automatic").exit_code == 0
    assert "Spring" in run("list").output
    assert json.loads(run("list", "--json").output)["totalCount"] == 2
    assert run("codes", id, "--add", "spring").output == "SPRING\n"
    generated = json.loads(run("codes", id, "--generate", "3", "--prefix", "VIP-", "--json").output)
    assert len(generated["codes"]) == 3
    assert json.loads(run("codes", id, "--json").output)["totalCount"] == 4
    assert "SPRING" in run("codes", id).output
    assert run("off", id).exit_code == 0
    assert json.loads(run("show", id, "--json").output)["promotion"]["isActive"] is False
    assert run("on", id).exit_code == 0
    assert "Spring" in run("show", id).output
    for wrong in (
        ["add", "X", "--kind", "percent"],
        ["add", "X", "--kind", "amount", "--amount", "much"],
        ["show", "promo_nothing"],
        ["codes", "promo_nothing"],
        ["codes", id, "--add", "!"],
        ["off", "promo_nothing"],
    ):
        assert run(*wrong).exit_code != 0, wrong
    assert Promotion.raw().count_documents({}) == 2
