"""Who sells and who buys, as documents name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wrencos_commerce.services.documents.words import Say
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform, localised
from wrencos_core.contracts.auth import UserDirectory

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


class Buyer(NamedTuple):
    """The customer of an order: what is known of them now, which after an erasure is nothing."""

    name: str
    email: str | None
    locale: str | None


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


def buyer(platform: Platform, order: Row) -> Buyer:
    """The customer with an account, or the one who bought without."""
    address = order.get("shipping_address") or {}
    user = None
    if order.get("user_id"):
        user = platform.services.require(UserDirectory).find(order["user_id"])
    if user is None or user.is_erased:
        email = None if user else order.get("email")
        return Buyer(address.get("name") or "", email, order.get("locale"))
    name = address.get("name") or user.display_name
    return Buyer(name, user.email, order.get("locale") or user.locale)


def address_lines(order: Row, locale: str) -> list[str]:
    """Where the order goes, as it is written on parcels; empty for one that goes nowhere."""
    address = order.get("shipping_address")
    if not address:
        return []
    city = ", ".join(filter(None, (address["city"], address.get("state"))))
    town = " ".join(filter(None, (city, address.get("zip"))))
    return [address["street"], town, localised.country_name(address["country"], locale)]
