"""Asking the plugins whether an order may be placed."""

from __future__ import annotations

from wrencos_commerce.errors import CheckoutRefused
from wrencos_commerce.services.priced import PricedCart
from wrencos_core.api import Identity, Platform
from wrencos_core.contracts.orders import ShippingAddress


def refuse_for_plugins(
    platform: Platform, cart: PricedCart, identity: Identity, address: ShippingAddress
) -> None:
    """Raise CheckoutRefused with the reasons of all plugins that do not let it pass."""
    answers = platform.hook.commerce_validate_checkout(
        cart=cart.contents, identity=identity, address=address
    )
    reasons = [reason for answer in answers for reason in answer]
    if reasons:
        raise CheckoutRefused(" ".join(reasons), reasons=reasons)
