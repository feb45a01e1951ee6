"""What the price of a cart depends on besides its items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.services.priced import PricingContext
from wrencos_core.api import Identity
from wrencos_core.contracts.orders import ShippingAddress

Row = Mapping[str, Any]


def shown_context(cart: Row | None, identity: Identity) -> PricingContext:
    """For showing a cart: it goes where the customer told, or nobody knows yet."""
    cart = cart or {}
    shipping = cart.get("shipping") or {}
    return PricingContext(
        identity=identity,
        coupons=cart.get("coupons") or (),
        country=shipping.get("country"),
        region=shipping.get("region"),
        shipping_method_id=shipping.get("method_id"),
    )


def checkout_context(
    cart: Row, identity: Identity, address: ShippingAddress, method_id: str | None
) -> PricingContext:
    """For ordering a cart to an address, by this shipping method or the one chosen in the cart."""
    shipping = cart.get("shipping") or {}
    return PricingContext(
        identity=identity,
        coupons=cart.get("coupons") or (),
        country=address.country,
        region=address.state,
        city=address.city,
        shipping_method_id=method_id or shipping.get("method_id"),
    )
