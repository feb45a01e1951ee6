"""/api/tax-rates, and the taxes of carts and orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from wrencos_commerce.commands.taxes import tax
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.tax_rate import TaxRate
from wrencos_commerce.services import presence
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.taxes import Rates, Taxes
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, database
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
Add = Callable[..., None]

VAT = {"country": "US", "name": "VAT", "percent": "10"}


def order_of(answer: Any) -> Any:
    assert answer.status_code == 201, answer.get_json()
    return Order.raw().find_one({"_id": answer.get_json()["orderId"]})


def test_rates_are_created_listed_changed_and_deleted(admin: Caller, client: Any) -> None:
    made = admin.post("/api/tax-rates", json={**VAT, "region": "CA", "percent": 8.25})
    assert made.status_code == 201
    rate = made.get_json()["taxRate"]
    assert rate == {
        "taxRateId": rate["taxRateId"],
        "country": "US",
        "region": "CA",
        "categoryId": None,
        "taxedAs": "goods",
        "name": "VAT",
        "percent": "8.25",
    }
    admin.post("/api/tax-rates", json={**VAT, "country": "VN"})
    assert client.get("/api/tax-rates").get_json()["totalCount"] == 2
    listed = client.get("/api/tax-rates?country=US").get_json()
    assert listed["taxRates"] == [rate]
    path = f"/api/tax-rates/{rate['taxRateId']}"
    changed = admin.put(path, json={"percent": "7.25"})
    assert changed.get_json()["taxRate"]["percent"] == "7.25"
    assert admin.delete(path).status_code == 200
    assert admin.delete(path).status_code == 404
    assert admin.put(path, json={"percent": "1"}).status_code == 404


def test_only_who_may_changes_rates(me: Caller, login: Any, client: Any) -> None:
    for caller, status in ((client, 401), (me, 403), (login("staff"), 403)):
        assert caller.post("/api/tax-rates", json=VAT).status_code == status
        assert caller.put("/api/tax-rates/tax_1", json={"name": "GST"}).status_code == status
        assert caller.delete("/api/tax-rates/tax_1").status_code == status


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"percent": "100.5"}, "percent"),
        ({"percent": -1}, "percent"),
        ({"percent": "1.23456"}, "percent"),
        ({"percent": True}, "percent"),
        ({"percent": "1e1"}, "percent"),
        ({"country": "usa"}, "country"),
        ({"categoryId": "cat_nothing"}, "categoryId"),
        ({"taxedAs": "everything"}, "taxedAs"),
        ({"taxedAs": "shipping", "categoryId": "cat_1"}, "categoryId"),
        ({"name": ""}, "name"),
    ],
)
def test_what_is_no_rate(admin: Caller, wrong: dict[str, Any], field: str) -> None:
    answer = admin.post("/api/tax-rates", json={**VAT, **wrong})
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_one_rate_for_one_thing(admin: Caller, slug_of: Any) -> None:
    assert admin.post("/api/tax-rates", json={**VAT, "region": "Đà Nẵng"}).status_code == 201
    again = admin.post("/api/tax-rates", json={**VAT, "region": "DA  NANG"})
    assert (again.status_code, slug_of(again)) == (409, "already-exists")
    assert admin.post("/api/tax-rates", json=VAT).status_code == 201
    assert admin.post("/api/tax-rates", json={**VAT, "taxedAs": "shipping"}).status_code == 201


def test_the_tax_is_in_the_price(
    admin: Caller, me: Caller, add: Add, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    admin.post("/api/tax-rates", json=VAT)
    add(me, make_product(price=Decimal("11.00")), 3)
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["prices_include_tax"], row["tax_total"], row["total_price"]) == (True, 300, 3300)
    (line,) = row["lines"]
    assert (line["tax_rate"], line["tax"], line["total"]) == ("10", 300, 3300)


def test_the_tax_comes_on_top(
    make_platform: Any, make_app: Any, make_product: MakeProduct, purchase: dict[str, Any], add: Add
) -> None:
    platform = make_platform(settings={CommerceSettings: {"prices_include_tax": False}})
    platform.services.require(Taxes).create({**VAT, "percent": "23"}, SYSTEM)
    me = Logins(platform, make_app(platform))()
    add(me, make_product(price=Decimal("10.10")), 10)
    purchase["expectedTotal"] = 124.23
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert (row["prices_include_tax"], row["tax_total"], row["total_price"]) == (False, 2323, 12423)
    assert row["subtotal"] == 10100


def test_a_changed_rate_counts_at_once(
    admin: Caller, me: Caller, add: Add, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    serum = make_product(price=Decimal("11.00"))
    rates = []
    for percent in ("10", "8"):
        known = admin.get("/api/tax-rates").get_json()["taxRates"]
        if known:
            path = f"/api/tax-rates/{known[0]['taxRateId']}"
            admin.put(path, json={"percent": percent})
        else:
            admin.post("/api/tax-rates", json={**VAT, "percent": percent})
        add(me, serum)
        rates.append(order_of(me.post("/api/cart/checkout", json=purchase))["lines"][0]["tax_rate"])
    assert rates == ["10", "8"]
    placed = [row["lines"][0]["tax_rate"] for row in Order.raw().find().sort("_id", 1)]
    assert placed == ["10", "8"]


def tree(platform: Platform) -> list[str]:
    """Face > Serum > Night serum, and Gifts beside them."""
    create = platform.services.require(Categories).create
    face = create({"name": "Face"}, SYSTEM)
    serum = create({"name": "Serum", "parent_id": face}, SYSTEM)
    night = create({"name": "Night serum", "parent_id": serum}, SYSTEM)
    return [face, serum, night, create({"name": "Gifts"}, SYSTEM)]


def test_a_category_has_the_rate_of_its_nearest_ancestor(platform: Platform) -> None:
    face, serum, night, gifts = tree(platform)
    taxes = platform.services.require(Taxes)

    def rates() -> list[str]:
        found = taxes.rates_for("VN", [], [face, serum, night, gifts])
        return [found.of_category(id) for id in (face, serum, night, gifts, None)]

    taxes.create({**VAT, "country": "VN"}, SYSTEM)
    assert rates() == ["10"] * 5
    taxes.create({**VAT, "country": "VN", "category_id": face, "percent": "8"}, SYSTEM)
    assert rates() == ["8", "8", "8", "10", "10"]
    taxes.create({**VAT, "country": "VN", "category_id": night, "percent": "0"}, SYSTEM)
    assert rates() == ["8", "8", "0", "10", "10"]


def test_an_order_has_the_rates_of_its_categories(
    platform: Platform, me: Caller, add: Add, make_product: MakeProduct, purchase: dict[str, Any]
) -> None:
    face, _, night, _ = tree(platform)
    taxes = platform.services.require(Taxes)
    taxes.create(VAT, SYSTEM)
    taxes.create({**VAT, "category_id": face, "percent": "5"}, SYSTEM)
    add(me, make_product(price=Decimal("10.50"), category_id=night))
    add(me, make_product(name="Card", price=Decimal("1.10")))
    row = order_of(me.post("/api/cart/checkout", json=purchase))
    assert [(line["tax_rate"], line["tax"]) for line in row["lines"]] == [("5", 50), ("10", 10)]


def test_a_region_goes_before_its_country(platform: Platform) -> None:
    face, _, night, _ = tree(platform)
    taxes = platform.services.require(Taxes)
    for region, category, percent in (
        (None, None, "5"),
        ("California", None, "7.25"),
        ("San Francisco", None, "8.625"),
        (None, face, "3"),
    ):
        values = {"region": region, "category_id": category, "percent": percent}
        taxes.create({**VAT, **values}, SYSTEM)

    def rate(*regions: str | None, category: str | None = None) -> str:
        return taxes.rates_for("US", regions, [category]).of_category(category)

    assert rate() == "5"
    assert rate("Nevada", None) == "5"
    assert rate("california") == "7.25"
    assert rate("California", "San Francisco") == "8.625"
    # What the goods are counts more than where they go.
    assert rate("California", category=night) == "3"


def test_shipping_may_have_a_rate_of_its_own() -> None:
    assert Rates({None: "10"}).of_charges == "10"
    assert Rates({None: "10"}, "0").of_charges == "0"
    assert Rates().of_charges == "0"


def test_a_checkout_reads_them_in_its_transaction(
    platform: Platform, login: Any, make_product: Any, purchase: dict[str, Any]
) -> None:
    root, _, leaf, _ = tree(platform)
    taxes = platform.services.require(Taxes)
    taxes.create({**VAT, "category_id": root}, SYSTEM)
    me = login()
    me.post("/api/cart/items", json={"productId": make_product(category_id=leaf)})
    placed = me.post("/api/cart/checkout", json=purchase)
    assert placed.status_code == 201, placed.get_json()
    order = me.get(f"/api/orders/{placed.get_json()['orderId']}").get_json()["order"]
    assert order["items"][0]["taxRate"] == "10"


def test_rates_are_read_with_one_query_by_an_index(
    platform: Platform, commands_of: Any, plans_of: Any
) -> None:
    categories = tree(platform)
    taxes = platform.services.require(Taxes)
    for category in (None, *categories):
        taxes.create({**VAT, "category_id": category}, SYSTEM)
        taxes.create({**VAT, "country": "VN", "category_id": category}, SYSTEM)
    taxes.rates_for("US", ["CA"], categories)
    (sent,) = commands_of(lambda: taxes.rates_for("US", ["CA"], categories))
    (plan,) = plans_of(sent)
    assert "COLLSCAN" not in plan["stages"]
    assert plan["documents"] <= 5
    explained = database().command({"explain": dict(sent), "verbosity": "executionStats"})
    (joined,) = [stage for stage in explained["stages"] if "$lookup" in stage]
    assert (joined["collectionScans"], joined["totalDocsExamined"]) == (0, len(categories))


def test_a_shop_without_rates_asks_for_none(
    make_platform: Any, commands_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "REMEMBER_SECONDS", 3600)
    platform = make_platform(settings={CommerceSettings: {"max_lines": 61}})
    taxes = platform.services.require(Taxes)
    taxes.rates_for("US", [], [])
    assert commands_of(lambda: taxes.rates_for("US", [], [])) == []
    taxes.create(VAT, SYSTEM)
    assert taxes.rates_for("US", [], []).of_charges == "10"


def test_two_at_once_make_one_rate(platform: Platform) -> None:
    from wrencos_core.testing.threads import run_in_threads

    taxes = platform.services.require(Taxes)
    outcomes = run_in_threads(6, lambda _: taxes.create(VAT, SYSTEM))
    refused = [type(o).__name__ for o in outcomes if isinstance(o, Exception)]
    assert refused == ["AlreadyExists"] * 5
    assert TaxRate.raw().count_documents({}) == 1


def test_the_commands(platform: Platform) -> None:
    def run(*args: str) -> Any:
        return CliRunner().invoke(tax, args, obj=platform)

    assert "VAT in VN: 10 %" in run("set", "vn", "10").output
    assert "VAT in VN: 8 %" in run("set", "VN", "8.0").output
    assert run("set", "VN", "0", "--shipping", "--name", "Ship", "--json").exit_code == 0
    assert TaxRate.raw().count_documents({}) == 2
    listed = run("list", "--json").output
    assert '"totalCount": 2' in listed
    assert "Ship" in run("list", "--country", "VN").output
    rate = TaxRate.raw().find_one({"taxed_as": "shipping"})["_id"]
    assert run("remove", rate).exit_code == 0
    assert run("set", "Vietnam", "8").exit_code == 2
    for wrong in (["set", "VN", "eight"], ["remove", rate]):
        assert run(*wrong).exit_code != 0
    assert TaxRate.raw().count_documents({}) == 1
