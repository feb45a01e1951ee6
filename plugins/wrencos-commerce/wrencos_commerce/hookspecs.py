"""The hooks that commerce owns. Implement them with `@hookimpl(optionalhook=True)`.

Those of the cart and the checkout run inside the transaction of a checkout, perhaps more than once
for one order: read the database as you like, but call no network, and be quick.
"""

from __future__ import annotations

from collections.abc import Sequence

from wrencos_core.api import Identity, Platform, hookspec
from wrencos_core.contracts.commerce import Adjustment, CartContents
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.contracts.payments import PaymentGateway


@hookspec
def commerce_adjust_cart(  # type: ignore[empty-body]
    cart: CartContents, identity: Identity, platform: Platform
) -> Sequence[Adjustment]:
    """Discounts (negative) and fees (positive) for this cart, whenever it is shown or ordered.

    They are applied by their `order`, then by their `code`; none takes off more than what it is
    for still costs. Fees of one `code` are one charge. Commerce's own promotions are from here too.
    """


@hookspec
def commerce_validate_checkout(  # type: ignore[empty-body]
    cart: CartContents, identity: Identity, address: ShippingAddress
) -> Sequence[str]:
    """Reasons, for the customer to read, why this order can't be placed; none to let it pass."""


@hookspec
def commerce_payment_gateways(platform: Platform) -> Sequence[PaymentGateway]:  # type: ignore[empty-body]
    """The ways to pay that you bring: those whose settings are there, each with an id of its own.

    Asked often: return the same objects each time, and reach for the network only when they are
    used.
    """
