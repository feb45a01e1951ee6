"""From a cart to an order, in one transaction: all of it happens, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from wrencos_commerce.errors import CartEmpty, CheckoutRefused, PriceChanged
from wrencos_commerce.models.order import (
    Address,
    AppliedAdjustment,
    Channel,
    Charge,
    HistoryEntry,
    Line,
    Order,
    OrderStatus,
    OrderStock,
    PaymentStatus,
    PickedBatch,
)
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.order_queries import adjustments_of, charges_of, lines_of
from wrencos_commerce.services.payment_methods import PaymentMethod, payment_method
from wrencos_commerce.services.pricing import PricedCart, PricedLine, Pricing, PricingContext
from wrencos_commerce.services.stock import Stock, Taken, needed
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.variants import variant_name
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Identity, Platform, clock, money, new_id, now, transactional
from wrencos_core.contracts.orders import OrderPlaced, ShippingAddress

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What a customer sends to order; `expected_total` is what they were shown, in major units."""

    payment_method_id: str
    address: ShippingAddress
    note: str | None = None
    expected_total: Decimal | None = None


class Checkout:
    """Places orders."""

    def __init__(self, platform: Platform, carts: Carts, pricing: Pricing, stock: Stock) -> None:
        self._platform = platform
        self._stock = stock
        self._settings = platform.settings_for(CommerceSettings)
        self._carts = carts
        self._pricing = pricing

    @transactional
    def place(self, holder: CartHolder, purchase: Purchase) -> Row:
        """Order what is in the cart and return the order's row.

        The stock is taken, the cart emptied and OrderPlaced published with it. Raises
        UnknownPaymentMethod, CartEmpty, OutOfStock, CheckoutRefused, PriceChanged.
        """
        method = payment_method(purchase.payment_method_id)
        cart = self._carts.take(holder)
        if cart is None:
            raise CartEmpty("Put something into the cart first.")
        order_id = new_id(Order.id_prefix)
        taken = self._stock.take(
            needed(cart["items"]), reference=order_id, identity=holder.identity
        )
        lines = [self._line(item, taken) for item in cart["items"]]
        context = PricingContext(
            identity=holder.identity,
            country=purchase.address.country,
            region=purchase.address.state,
        )
        priced = self._pricing.price(lines, context)
        self._refuse_for_plugins(priced, holder.identity, purchase.address)
        _refuse_other_total(priced, purchase.expected_total)
        order = self._order(order_id, holder.identity, purchase, method, priced)
        for line in order.lines:
            batches = taken[Unit(line.product_id, line.variant_id)].batches
            line.batches = [PickedBatch(**picked) for picked in batches]
        order.save()
        row: Row = order.to_mongo().to_dict()
        self._platform.outbox.publish(
            OrderPlaced(
                id=f"{order.id}:placed",
                occurred_at=order.created_at,
                order_id=order.id,
                user_id=order.user_id,
                channel=order.channel,
                status=order.status,
                payment_method=order.payment_method,
                lines=lines_of(row),
                charges=charges_of(row),
                adjustments=adjustments_of(row),
                prices_include_tax=order.prices_include_tax,
                tax_total=order.tax_total,
                total_price=order.total_price,
                currency=order.currency,
            )
        )
        return row

    def _line(self, item: Row, taken: Mapping[Unit, Taken]) -> PricedLine:
        got = taken[Unit(item["product_id"], item["variant_id"])]
        return self._pricing.line(item, got.product, got.variant)

    def _refuse_for_plugins(
        self, cart: PricedCart, identity: Identity, address: ShippingAddress
    ) -> None:
        answers = self._platform.hook.commerce_validate_checkout(
            cart=cart.contents, identity=identity, address=address
        )
        reasons = [reason for answer in answers for reason in answer]
        if reasons:
            raise CheckoutRefused(" ".join(reasons), reasons=reasons)

    def _order(
        self,
        id: str,
        identity: Identity,
        purchase: Purchase,
        method: PaymentMethod,
        cart: PricedCart,
    ) -> Order:
        moment = now()
        today = clock.business_day(moment, self._platform.settings.timezone)
        delivery = today + timedelta(days=self._settings.delivery_days)
        return Order(
            id=id,
            user_id=identity.user_id,
            channel=Channel.WEB.value,
            created_at=moment,
            lines=[_line(line) for line in cart.lines],
            adjustments=[
                AppliedAdjustment(code=a.code, label=a.label, amount=a.amount)
                for a in cart.adjustments
            ],
            charges=[Charge(**asdict(charge)) for charge in cart.charges],
            subtotal=cart.subtotal,
            prices_include_tax=cart.prices_include_tax,
            tax_total=cart.tax_total,
            total_price=cart.total,
            item_count=cart.item_count,
            currency=cart.currency,
            status=OrderStatus.CONFIRMED.value,
            history=[
                HistoryEntry(status=OrderStatus.CONFIRMED.value, at=moment, actor=identity.actor)
            ],
            payment_method=method.id,
            payment_status=PaymentStatus.PENDING.value,
            stock=OrderStock.TAKEN.value,
            shipping_address=Address(**msgspec.structs.asdict(purchase.address)),
            estimated_delivery=delivery.isoformat(),
            note=purchase.note,
        )


def _refuse_other_total(cart: PricedCart, expected: Decimal | None) -> None:
    total = money.to_major(cart.total, cart.currency)
    if expected is not None and expected != total:
        raise PriceChanged("Please confirm the new total.", total=total, currency=cart.currency)


def _line(line: PricedLine) -> Line:
    """The snapshot of a variant as it is bought."""
    product, variant = line.product, line.variant
    return Line(
        product_id=product["_id"],
        variant_id=variant["id"],
        variant_name=variant_name(variant),
        sku=variant["sku"],
        name=product["name"],
        price=line.price,
        cost_price=variant.get("cost_price"),
        category_id=product.get("category_id"),
        quantity=line.quantity,
        line_total=line.line_total,
        discount=line.discount,
        tax_rate=line.tax_rate,
        tax=line.tax,
        total=line.total,
        image_url=product.get("image_url"),
    )
