"""From a cart to an order, in one transaction: all of it happens, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wrencos_commerce.errors import CartEmpty, TooManyUnpaid
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.services.cart_context import checkout_context
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout_vetoes import refuse_for_plugins
from wrencos_commerce.services.order_placing import HELD_FOR, NewOrder, OrderPlacing
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.priced import PricedLine
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.shown_prices import require_agreed
from wrencos_commerce.services.stock import Taken, needed
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Identity, Platform, new_id, transactional
from wrencos_core.contracts.orders import ShippingAddress

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What a customer sends to order; `expected_total` is what they were shown, in major units."""

    payment_method_id: str
    address: ShippingAddress
    locale: str | None = None
    note: str | None = None
    expected_total: Decimal | None = None
    shipping_method_id: str | None = None


class Checkout:
    """Places orders."""

    def __init__(
        self,
        platform: Platform,
        carts: Carts,
        pricing: Pricing,
        methods: PaymentMethods,
        placing: OrderPlacing,
    ) -> None:
        self._platform = platform
        self._carts = carts
        self._pricing = pricing
        self._methods = methods
        self._placing = placing
        self._most_unpaid = platform.settings_for(CommerceSettings).max_unpaid_orders

    @transactional
    def place(self, holder: CartHolder, purchase: Purchase) -> Row:
        """Order what is in the cart and return the order's row.

        The stock is held or taken, the cart emptied and OrderPlaced published with it. Raises
        UnknownPaymentMethod, CartEmpty, OutOfStock, CheckoutRefused, NotDeliverable, CouponRefused,
        PriceChanged, TooManyUnpaid.
        """
        identity, currency = holder.identity, self._pricing.currency
        kind = self._methods.chosen(purchase.payment_method_id, 0, currency).kind
        if kind in HELD_FOR:
            self._refuse_many_unpaid(identity)
        cart = self._carts.take(holder)
        if cart is None:
            raise CartEmpty("Put something into the cart first.")
        order_id = new_id(Order.id_prefix)
        wanted = needed(cart["items"])
        taken = self._placing.secure(wanted, kind, reference=order_id, identity=identity)
        lines = [self._line(item, taken) for item in cart["items"]]
        context = checkout_context(cart, identity, purchase.address, purchase.shipping_method_id)
        priced = self._pricing.price(lines, context)
        refuse_for_plugins(self._platform, priced, identity, purchase.address)
        require_agreed(priced, cart, purchase.expected_total)
        new = NewOrder(
            id=order_id,
            user_id=identity.user_id,
            priced=priced,
            taken=taken,
            gateway=self._methods.chosen(purchase.payment_method_id, priced.total, currency),
            address=purchase.address,
            locale=purchase.locale,
            note=purchase.note,
        )
        return self._placing.place(new, identity)

    def _refuse_many_unpaid(self, identity: Identity) -> None:
        """Who holds pieces without paying keeps them from others."""
        waiting = {"user_id": identity.user_id, "status": OrderStatus.PENDING.value}
        rows = Order.raw().find(waiting, {"_id": 1}).limit(self._most_unpaid)
        ids = [row["_id"] for row in rows]
        if len(ids) >= self._most_unpaid:
            raise TooManyUnpaid("Pay one of them, or cancel it.", orderIds=ids)

    def _line(self, item: Row, taken: Mapping[Unit, Taken]) -> PricedLine:
        got = taken[Unit(item["product_id"], item["variant_id"])]
        return self._pricing.line(item, got.product, got.variant)
