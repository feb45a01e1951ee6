"""Orders that the staff enter: by phone, or at the counter.

They cost what a cart would, with the same promotions, shipping and taxes; only a discount by hand,
up to the shop's limit, makes them cheaper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wrencos_commerce.errors import UnknownPaymentMethod
from wrencos_commerce.models.order import Channel, Order, PaymentStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.permissions import DISCOUNT_ORDERS
from wrencos_commerce.services.checkout_vetoes import refuse_for_plugins
from wrencos_commerce.services.order_placing import Contact, NewOrder, OrderPlacing
from wrencos_commerce.services.order_shipments import OrderShipments
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.priced import PricedCart, PricedLine, PricingContext
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.shown_prices import require_agreed
from wrencos_commerce.services.staff_discounts import StaffDiscount, discount_of
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    ANONYMOUS,
    Identity,
    Invalid,
    Platform,
    Role,
    audit,
    new_id,
    transactional,
)
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.contracts.payments import PaymentKind

Row = Mapping[str, Any]

_USUAL = {Channel.COUNTER: "cash", Channel.PHONE: "cod"}
# A parcel is not paid at the counter, and at the counter there is no parcel.
_WRONG = {Channel.COUNTER: PaymentKind.ON_DELIVERY, Channel.PHONE: PaymentKind.COUNTER}


@dataclass(frozen=True, kw_only=True)
class SoldItem:
    """So many of a variant, which `sku` or `variant_id` names."""

    quantity: int
    sku: str | None = None
    variant_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What the staff enter. `user_id` None: somebody without an account; `address` None: they take
    it along. `payment_method_id` None: in cash at the counter, else on delivery. `expected_total`,
    in major units, is what the customer was told."""

    channel: Channel
    items: Sequence[SoldItem]
    user_id: str | None = None
    contact: Contact | None = None
    email: str | None = None
    locale: str | None = None
    address: ShippingAddress | None = None
    shipping_method_id: str | None = None
    coupons: Sequence[str] = ()
    payment_method_id: str | None = None
    discount: StaffDiscount | None = None
    note: str | None = None
    expected_total: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class _Buyer:
    """Whose order it is, as prices and plugins go by."""

    identity: Identity
    locale: str


class StaffOrders:
    """Prices and places what the staff enter."""

    def __init__(
        self,
        platform: Platform,
        pricing: Pricing,
        methods: PaymentMethods,
        placing: OrderPlacing,
        shipments: OrderShipments,
    ) -> None:
        self._platform = platform
        self._settings = platform.settings_for(CommerceSettings)
        self._pricing = pricing
        self._methods = methods
        self._placing = placing
        self._shipments = shipments

    def quote(self, sale: Sale, identity: Identity) -> PricedCart:
        """What it would cost now; nothing is held or taken.

        Raises Invalid for what there is not, or PermissionDenied for a discount.
        """
        rows = self._products(sale.items)
        lines = [self._line(unit, pieces, *rows[unit]) for unit, pieces in _wanted(sale, rows)]
        return self._priced(lines, sale, self._buyer(sale), identity)

    @transactional
    def create(self, sale: Sale, identity: Identity) -> Row:
        """Place the order; its row. What is paid at the counter is handed over at once.

        Raises Invalid, PermissionDenied, UnknownPaymentMethod, OutOfStock, NotDeliverable,
        CouponRefused, PriceChanged or CheckoutRefused.
        """
        buyer, id = self._buyer(sale), new_id(Order.id_prefix)
        method = sale.payment_method_id or _USUAL[sale.channel]
        kind = self._kind(method, sale.channel)
        wanted = dict(_wanted(sale, self._products(sale.items)))
        taken = self._placing.secure(wanted, kind, reference=id, identity=identity)
        lines = [
            self._line(unit, pieces, taken[unit].product, taken[unit].variant)
            for unit, pieces in wanted.items()
        ]
        priced = self._agreed(lines, sale, buyer, identity)
        currency = self._pricing.currency
        new = NewOrder(
            id=id,
            user_id=sale.user_id,
            priced=priced,
            taken=taken,
            gateway=self._methods.chosen(method, priced.total, currency, by_staff=True),
            address=sale.address,
            channel=sale.channel,
            locale=buyer.locale,
            email=sale.email,
            contact=sale.contact,
            note=sale.note,
            staff_note=sale.discount.reason if sale.discount else None,
        )
        row = self._placing.place(new, identity)
        told = {"channel": sale.channel.value, "user_id": sale.user_id, "total": priced.total}
        if sale.discount:
            told["discount"] = sale.discount.reason
        audit.record(identity, "commerce.orders.create", id, told)
        if sale.channel is Channel.COUNTER and row["payment_status"] == PaymentStatus.PAID:
            return self._shipments.hand_over(row, identity)
        return row

    def _kind(self, method: str, channel: Channel) -> PaymentKind:
        gateway = self._methods.chosen(method, 0, self._pricing.currency, by_staff=True)
        if gateway.kind == _WRONG[channel]:
            raise UnknownPaymentMethod(f"Orders by {channel} are not paid so.", offered=[])
        return gateway.kind

    def _buyer(self, sale: Sale) -> _Buyer:
        usual = self._platform.settings.locale
        if sale.user_id is None:
            return _Buyer(identity=ANONYMOUS, locale=sale.locale or usual)
        user = self._platform.services.require(UserDirectory).find(sale.user_id)
        if user is None or user.is_erased:
            raise Invalid(errors={"userId": ["There is no such user."]})
        identity = Identity(user_id=sale.user_id, role=Role.CUSTOMER)
        return _Buyer(identity=identity, locale=sale.locale or user.locale or usual)

    def _line(self, unit: Unit, pieces: int, product: Row, variant: Row) -> PricedLine:
        item = {"id": unit.variant_id, "quantity": pieces}
        return self._pricing.line(item, product, variant)

    def _agreed(
        self, lines: Sequence[PricedLine], sale: Sale, buyer: _Buyer, identity: Identity
    ) -> PricedCart:
        """What it costs, which the customer knows and no plugin refuses."""
        priced = self._priced(lines, sale, buyer, identity)
        as_told = {"items": [{"id": line.item_id} for line in lines]}
        require_agreed(priced, as_told, sale.expected_total)
        if sale.address is not None:
            refuse_for_plugins(self._platform, priced, buyer.identity, sale.address)
        return priced

    def _priced(
        self, lines: Sequence[PricedLine], sale: Sale, buyer: _Buyer, identity: Identity
    ) -> PricedCart:
        context = _context(sale, buyer.identity)
        if sale.discount is None:
            return self._pricing.price(lines, context)
        self._platform.require(identity, DISCOUNT_ORDERS)
        subtotal = sum(line.line_total for line in lines)
        limit = self._settings.staff_discount_percent
        by_hand = discount_of(
            sale.discount, subtotal, self._pricing.currency, limit=limit, locale=buyer.locale
        )
        return self._pricing.price(lines, context, [by_hand])

    @staticmethod
    def _products(items: Sequence[SoldItem]) -> dict[Unit, tuple[Row, Row]]:
        """The variants that are named, each with its product."""
        skus = [item.sku for item in items if item.sku is not None]
        ids = [item.variant_id for item in items if item.variant_id is not None]
        ways = {"variants.sku": skus, "variants.id": ids}
        found = {}
        for field, values in ways.items():
            for product in Product.raw().find({field: {"$in": values}}) if values else ():
                for variant in product["variants"]:
                    found[Unit(product["_id"], variant["id"])] = (product, variant)
        return found


def _wanted(sale: Sale, found: Mapping[Unit, tuple[Row, Row]]) -> list[tuple[Unit, int]]:
    """How many of which variants, in their order; raises Invalid for one that there is not."""
    by_sku = {variant["sku"]: unit for unit, (_, variant) in found.items()}
    by_id = {unit.variant_id: unit for unit in found}
    pieces: Counter[Unit] = Counter()
    for number, item in enumerate(sale.items):
        unit = by_sku.get(item.sku) if item.sku is not None else by_id.get(item.variant_id or "")
        if unit is None:
            field = "sku" if item.sku is not None else "variantId"
            raise Invalid(errors={"items": {str(number): {field: ["There is no such variant."]}}})
        pieces[unit] += item.quantity
    return list(pieces.items())


def _context(sale: Sale, identity: Identity) -> PricingContext:
    address = sale.address
    return PricingContext(
        identity=identity,
        coupons=sale.coupons,
        country=address.country if address else None,
        region=address.state if address else None,
        city=address.city if address else None,
        shipping_method_id=sale.shipping_method_id,
    )
