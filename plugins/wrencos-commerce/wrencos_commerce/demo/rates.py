"""The demo's taxes and shipping methods, amounts in đồng made those of the shop's currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wrencos_commerce.demo.catalogue import in_currency
from wrencos_commerce.models.shipping_method import ShippingMethod
from wrencos_commerce.models.tax_rate import TaxRate
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.services.taxes import Taxes
from wrencos_core.api import SYSTEM, DemoContext

_ABROAD = ("AU", "JP", "KR", "SG", "US")
_CITIES = ("Hồ Chí Minh", "Hà Nội", "Đà Nẵng")


def fill(context: DemoContext) -> None:
    """Value added tax of Việt Nam, and three ways to send; nothing in a shop that has any."""
    services, currency = context.platform.services, context.platform.settings.currency
    if not TaxRate.raw().find_one({}, {"_id": 1}):
        taxes = services.require(Taxes)
        taxes.create({"country": "VN", "name": "VAT (demo)", "percent": Decimal(10)}, SYSTEM)
    if not ShippingMethod.raw().find_one({}, {"_id": 1}):
        for position, method in enumerate(_methods(currency)):
            values = {**method, "position": position}
            services.require(ShippingMethods).create(values, SYSTEM)


def _methods(currency: str) -> list[dict[str, Any]]:
    def money(dong: int) -> Decimal:
        return in_currency(Decimal(dong), currency)

    def flat(dong: int, least: int, most: int, **where: Any) -> dict[str, Any]:
        days = {"min_days": least, "max_days": most}
        return {"priced_by": "flat", "price": money(dong), **days, **where}

    free = {"free_from": money(500_000)}
    by_weight = {
        "priced_by": "weight",
        "steps": [
            {"up_to": Decimal(500), "price": money(350_000)},
            {"up_to": Decimal(2_000), "price": money(600_000)},
            {"up_to": None, "price": money(1_200_000)},
        ],
        "min_days": 7,
        "max_days": 14,
    }
    return [
        {"name": "Standard", "rates": [flat(30_000, 2, 5, country="VN", **free)]},
        {
            "name": "Express",
            "description": "In the big cities.",
            "rates": [flat(55_000, 1, 2, country="VN", regions=list(_CITIES))],
        },
        {
            "name": "International",
            "rates": [{**by_weight, "country": country} for country in _ABROAD],
        },
    ]
