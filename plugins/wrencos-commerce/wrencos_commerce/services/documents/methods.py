"""What a way to pay is called."""

from __future__ import annotations

from wrencos_core.api import Platform


def method_name(platform: Platform, id: str, locale: str) -> str:
    """As its gateway names it in this language; the id of one that the shop has no more."""
    for gateways in platform.hook.commerce_payment_gateways(platform=platform):
        for gateway in gateways:
            if gateway.id == id:
                return gateway.names.get(locale) or gateway.names.get("en") or id
    return id
