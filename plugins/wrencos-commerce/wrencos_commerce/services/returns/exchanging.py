"""Exchanging what came back: a new order for what is wanted instead, paid by its credit.

What the pieces were worth is a refund that no money moves for, and a payment of the new order by
the same amount (decision 15). What is missing is paid as the customer chose; what is over goes
back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.errors import OutOfStock, ReturnRefused
from wrencos_commerce.models.order import Channel, Order, PaymentStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.gateways.exchange import ExchangeCredit
from wrencos_commerce.services.order_placing import Contact, NewOrder, OrderPlacing
from wrencos_commerce.services.order_shipments import OrderShipments
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_commerce.services.payments.refunds import Refunds, RefundWish
from wrencos_commerce.services.priced import PricedCart, PricedLine, PricingContext
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.privacy import ERASED
from wrencos_commerce.services.shown_prices import not_deliverable
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.variants import find_variant
from wrencos_core.api import ANONYMOUS, Identity, Platform, Role, new_id
from wrencos_core.contracts.commerce import Adjustment
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.contracts.payments import PaymentGateway, RefundOutcome, RefundResult

Row = Mapping[str, Any]

SHIPPING_ON_THE_SHOP = "commerce.exchange_shipping"
_LABELS = {"vi": "Miễn phí giao hàng đổi", "en": "Exchange sent for free"}
_LAST = 10_000
_USUAL = {Channel.COUNTER.value: "cash"}


@dataclass(frozen=True, kw_only=True)
class ExchangeTerms:
    """How what is missing is paid (in cash at the counter, else on delivery, unless told), and
    whether the customer pays the shipping."""

    payment_method_id: str | None = None
    charge_shipping: bool = False


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """The new order, and the refund in money of what was over, if anything was."""

    order: Row
    credit: int
    refund: Row | None


class Exchanges:
    """Places the orders that replace what came back; joins the caller's transaction."""

    def __init__(
        self,
        platform: Platform,
        pricing: Pricing,
        methods: PaymentMethods,
        placing: OrderPlacing,
        shipments: OrderShipments,
        refunds: Refunds,
        settling: RefundSettling,
    ) -> None:
        self._usual_locale = platform.settings.locale
        self._pricing = pricing
        self._methods = methods
        self._placing = placing
        self._shipments = shipments
        self._refunds = refunds
        self._settling = settling

    def exchange(
        self,
        order: Row,
        wanted: Counter[Unit],
        wish: RefundWish,
        terms: ExchangeTerms,
        by: Identity,
    ) -> Exchanged:
        """Replace what came back of an order that the transaction has locked by what is `wanted`.

        Raises OutOfStock, which says that money can go back instead, NotDeliverable,
        UnknownPaymentMethod or ReturnRefused.
        """
        if (order.get("shipping_address") or {}).get("street") == ERASED:
            raise ReturnRefused("Nobody knows where to send it.", reason="no_address")
        worth = self._refunds.worth(order, wish)
        priced = self._priced(order, _lines_of(self._pricing, wanted), terms)
        if priced.total and not worth:
            # Its price went back meanwhile: nobody has said that they would pay anew.
            raise ReturnRefused("What came back pays for nothing.", reason="nothing_to_exchange")
        credit = min(worth, priced.total)
        gateway = self._gateway(order, priced.total - credit, terms)
        id = new_id(Order.id_prefix)
        try:
            taken = self._placing.secure(wanted, gateway.kind, reference=id, identity=by)
        except OutOfStock as error:
            raise OutOfStock(error.detail, **error.extra, resolutions=["refund"]) from error
        new = NewOrder(
            id=id,
            priced=priced,
            taken=taken,
            gateway=gateway,
            exchange_for=wish.return_id,
            credit=credit,
            **_of_buyer(order),
        )
        by_credit, refund = self._refunds.set_off(order, wish, credit, by)
        for row in by_credit:
            self._settling.settle(row["_id"], RefundResult(outcome=RefundOutcome.SUCCEEDED))
        placed = self._placing.place(new, by)
        is_taken_along = placed["channel"] == Channel.COUNTER
        if is_taken_along and placed["payment_status"] == PaymentStatus.PAID:
            placed = self._shipments.hand_over(placed, by)
        return Exchanged(order=placed, credit=worth, refund=refund)

    def _gateway(self, order: Row, missing: int, terms: ExchangeTerms) -> PaymentGateway:
        if not missing:
            return ExchangeCredit()
        usual = _USUAL.get(order["channel"], "cod")
        method = terms.payment_method_id or usual
        return self._methods.chosen(method, missing, self._pricing.currency, by_staff=True)

    def _priced(self, order: Row, lines: Sequence[PricedLine], terms: ExchangeTerms) -> PricedCart:
        """What the new order costs: sent as the first was, or as cheaply as can be."""
        first = (order.get("shipping_method") or {}).get("method_id")
        context = _context(order, first)
        priced = self._pricing.price(lines, context)
        if not priced.is_deliverable and first is not None:
            context = _context(order, None)
            priced = self._pricing.price(lines, context)
        if not priced.is_deliverable:
            raise not_deliverable(priced)
        if priced.shipping is None or terms.charge_shipping:
            return priced
        label = _LABELS.get(order.get("locale") or self._usual_locale, _LABELS["en"])
        free = Adjustment(
            code=SHIPPING_ON_THE_SHOP,
            label=label,
            amount=-priced.shipping.amount,
            order=_LAST,
            applies_to="shipping",
        )
        return self._pricing.price(lines, context, [free])


def _lines_of(pricing: Pricing, wanted: Counter[Unit]) -> list[PricedLine]:
    """The lines at present prices; raises OutOfStock for what there is not any more."""
    ids = sorted({unit.product_id for unit in wanted})
    products = {row["_id"]: row for row in Product.raw().find({"_id": {"$in": ids}})}
    lines = []
    for unit, pieces in wanted.items():
        product = products.get(unit.product_id)
        variant = find_variant(product, unit.variant_id) if product else None
        if product is None or variant is None:
            gone = {"productId": unit.product_id, "variantId": unit.variant_id, "available": 0}
            raise OutOfStock("It is not sold any more.", products=[gone], resolutions=["refund"])
        item = {"id": unit.variant_id, "quantity": pieces}
        lines.append(pricing.line(item, product, variant))
    return lines


def _context(order: Row, method_id: str | None) -> PricingContext:
    address, user_id = order.get("shipping_address") or {}, order.get("user_id")
    buyer = Identity(user_id=user_id, role=Role.CUSTOMER) if user_id else ANONYMOUS
    return PricingContext(
        identity=buyer,
        country=address.get("country"),
        region=address.get("state"),
        city=address.get("city"),
        shipping_method_id=method_id,
    )


def _of_buyer(order: Row) -> dict[str, Any]:
    """What the new order has of the first: whose it is, and where it goes."""
    address, contact = order.get("shipping_address"), order.get("contact")
    return {
        "user_id": order.get("user_id"),
        "address": ShippingAddress(**address) if address else None,
        "channel": Channel(order["channel"]),
        "locale": order.get("locale"),
        "email": order.get("email"),
        "contact": Contact(**contact) if contact else None,
    }
