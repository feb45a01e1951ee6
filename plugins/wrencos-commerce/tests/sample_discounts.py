"""A plugin as a third party would write it: it imports only the facade and the contracts."""

from __future__ import annotations

from collections.abc import Sequence

from wrencos_core.api import Identity, PluginInfo, hookimpl
from wrencos_core.contracts.commerce import Adjustment, CartContents
from wrencos_core.contracts.orders import ShippingAddress

PLUGIN = PluginInfo(
    name="discounts",
    title="Discounts",
    description="Ten per cent off from three pieces, a fee for wrapping, nothing to Antarctica.",
    version="1.0",
    core=">=0.1,<0.2",
)


@hookimpl(optionalhook=True)
def commerce_adjust_cart(cart: CartContents, identity: Identity) -> Sequence[Adjustment]:
    wrapping = Adjustment(code="discounts.wrapping", label="Wrapping", amount=200, order=200)
    if "WRAPPED" in cart.coupons:
        # The code of a plugin, which commerce does not know.
        return [Adjustment(code="discounts.free", label="Free", amount=-100, coupon="WRAPPED")]
    if any(line.name == "Voucher" for line in cart.lines):
        return [Adjustment(code="discounts.voucher", label="Voucher", amount=-(10**6))]
    if sum(line.quantity for line in cart.lines) < 3:
        return [wrapping]
    tenth = Adjustment(code="discounts.tenth", label="10 % off", amount=-cart.subtotal // 10)
    return [wrapping, tenth]


@hookimpl(optionalhook=True)
def commerce_validate_checkout(
    cart: CartContents, identity: Identity, address: ShippingAddress
) -> Sequence[str]:
    if "WRAPPED" in cart.coupons and cart.country == "CA":
        return ["We wrap nothing for Canada."]
    return ["We do not deliver to Antarctica."] if address.country == "AQ" else []
