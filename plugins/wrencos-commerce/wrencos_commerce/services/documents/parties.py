"""Who sells, and where an order goes, as documents name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wrencos_commerce.services.documents.words import Say
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform, localised

Row = Mapping[str, Any]


class Seller(NamedTuple):
    """The shop, and the business that stands behind it."""

    shop: str
    name: str
    address: Sequence[str]
    tax_id: str
    web: str

    def lines(self, say: Say) -> list[str]:
        """What stands below the shop's name."""
        name = [self.name] if self.name != self.shop else []
        tax_id = [f"{say('tax_id')}: {self.tax_id}"] if self.tax_id else []
        return [*name, *self.address, *tax_id]

    def foot(self, say: Say) -> str:
        """One line for the foot of each page."""
        tax_id = f"{say('tax_id')}: {self.tax_id}" if self.tax_id else ""
        return "  ·  ".join(filter(None, (self.name, tax_id, self.web)))


def seller(platform: Platform) -> Seller:
    """As the settings name it."""
    settings = platform.settings_for(CommerceSettings)
    shop = platform.settings.shop_name
    lines = [line.strip() for line in settings.legal_address.split("|")]
    return Seller(
        shop=shop,
        name=settings.legal_name or shop,
        address=[line for line in lines if line],
        tax_id=settings.tax_id,
        web=platform.settings.base_url.partition("://")[2],
    )


def address_lines(order: Row, locale: str) -> list[str]:
    """Where the order goes, as it is written on parcels; empty for one that goes nowhere."""
    address = order.get("shipping_address")
    if not address:
        return []
    city = ", ".join(filter(None, (address["city"], address.get("state"))))
    town = " ".join(filter(None, (city, address.get("zip"))))
    return [address["street"], town, localised.country_name(address["country"], locale)]
