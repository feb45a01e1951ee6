"""Orders with everything: promotions, a plugin's fee, shipping and taxes, in every currency."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_commerce.models.order import Order
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.services.taxes import Taxes
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, money
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller


def sample_plugin() -> Any:
    """The plugin of test_checkout_hooks: a tenth off from three pieces on, and a fee of 200."""
    path = Path(__file__).parents[1] / "sample_discounts.py"
    spec = spec_from_file_location("sample_discounts", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def set_up(platform: Platform, major: Callable[[int], Decimal]) -> list[str]:
    """Taxes, shipping and promotions; the ids of two products."""
    services = platform.services
    for taxed_as, percent in (("goods", "8.875"), ("shipping", "20")):
        rate = {"country": "US", "name": "VAT", "percent": percent, "taxed_as": taxed_as}
        services.require(Taxes).create(rate, SYSTEM)
    flat = {"country": "US", "priced_by": "flat", "min_days": 1, "max_days": 2}
    method = {"name": "Post", "rates": [{**flat, "price": major(777)}]}
    services.require(ShippingMethods).create(method, SYSTEM)
    for values in (
        {"name": "Spring", "kind": "percent", "percent": "33.3333"},
        {"name": "Fixed", "kind": "amount", "amount": major(101)},
        {"name": "Half the shipping", "kind": "free_shipping", "max_discount": major(333)},
    ):
        services.require(Promotions).create({**values, "is_automatic": True}, SYSTEM)
    create = services.require(Products).create
    return [
        create({"name": name, "price": major(price), "inventory": 50}, SYSTEM)
        for name, price in (("Serum", 1999), ("Card", 7))
    ]


@pytest.mark.parametrize("includes_tax", [True, False])
@pytest.mark.parametrize("currency", ["VND", "USD", "KWD"])
def test_every_part_of_an_order_adds_up(
    make_platform: Any,
    make_app: Any,
    purchase: dict[str, Any],
    outbox_events: Any,
    currency: str,
    includes_tax: bool,
) -> None:
    platform = make_platform(
        {"commerce": plugin, "discounts": sample_plugin()},
        settings={CommerceSettings: {"prices_include_tax": includes_tax}},
        currency=currency,
    )
    products = set_up(platform, lambda amount: money.to_major(amount, currency))
    me: Caller = Logins(platform, make_app(platform))()
    for product, quantity in zip(products, (3, 2), strict=True):
        me.post("/api/cart/items", json={"productId": product, "quantity": quantity})
    me.put("/api/cart/shipping", json={"country": "US", "region": "CA"})
    cart = me.get("/api/cart").get_json()
    placed = me.post("/api/cart/checkout", json=purchase)
    assert placed.status_code == 201, placed.get_json()
    row = Order.raw().find_one({"_id": placed.get_json()["orderId"]})
    assert placed.get_json()["totalPrice"] == cart["total"]
    check(row)
    (event,) = outbox_events("commerce.order_placed")
    check(event["payload"])
    discounts = sum(-a["amount"] for a in row["adjustments"] if a["amount"] < 0)
    parts = [*row["lines"], *row["charges"]]
    assert sum(part["discount"] for part in parts) == discounts
    assert [charge["code"] for charge in row["charges"]] == ["shipping", "discounts.wrapping"]
    assert (row["charges"][0]["discount"], row["charges"][0]["tax_rate"]) == (333, "20")
    assert [line["tax_rate"] for line in row["lines"]] == ["8.875"] * 2


def check(told: Any) -> None:
    """The lines and charges of an order, or of an event, are its total and its tax."""
    parts = [*told["lines"], *told["charges"]]
    assert told["total_price"] == sum(part["total"] for part in parts)
    assert told["tax_total"] == sum(part["tax"] for part in parts) > 0
    assert all(min(part["discount"], part["tax"], part["total"]) >= 0 for part in parts)
