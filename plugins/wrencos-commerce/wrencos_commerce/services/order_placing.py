"""The writer of new orders, for the cart's checkout, the staff and exchanges alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from wrencos_commerce.models.order import Channel, Order, OrderStatus, OrderStock, PaymentStatus
from wrencos_commerce.services.gateways.exchange import ExchangeCredit
from wrencos_commerce.services.order_queries import adjustments_of, charges_of, lines_of
from wrencos_commerce.services.payments.attempts import PaymentAttempts
from wrencos_commerce.services.payments.collecting import Collecting
from wrencos_commerce.services.priced import PricedCart, PricedLine
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.services.stock import Stock, Taken
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.variants import variant_name
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Identity, Platform, clock, new_row, now
from wrencos_core.contracts.orders import OrderPlaced, ShippingAddress
from wrencos_core.contracts.payments import PaymentGateway, PaymentKind

Row = Mapping[str, Any]

HELD_FOR = (PaymentKind.ONLINE, PaymentKind.TRANSFER)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """How somebody without an account is called, and where."""

    name: str | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """What an order is made of. `user_id` None: the customer has no account; `contact`, `email` and
    `locale` are for speaking to them. `address` None: they took it with them. `staff_note` is for
    the staff alone. `credit` of it is paid by the goods of the return `exchange_for`."""

    id: str
    user_id: str | None
    priced: PricedCart
    taken: Mapping[Unit, Taken]
    gateway: PaymentGateway
    address: ShippingAddress | None
    channel: Channel = Channel.WEB
    locale: str | None = None
    email: str | None = None
    contact: Contact | None = None
    note: str | None = None
    staff_note: str | None = None
    exchange_for: str | None = None
    credit: int = 0


class OrderPlacing:
    """Writes orders in the caller's transaction."""

    def __init__(
        self, platform: Platform, stock: Stock, attempts: PaymentAttempts, collecting: Collecting
    ) -> None:
        self._platform = platform
        self._settings = platform.settings_for(CommerceSettings)
        self._stock = stock
        self._attempts = attempts
        self._collecting = collecting

    def secure(
        self, wanted: Mapping[Unit, int], kind: PaymentKind, *, reference: str, identity: Identity
    ) -> dict[Unit, Taken]:
        """Hold the pieces for an order that is paid in advance, take them for any other.

        Raises OutOfStock.
        """
        if kind in HELD_FOR:
            return self._stock.hold(wanted)
        return self._stock.take(wanted, reference=reference, identity=identity)

    def place(self, new: NewOrder, identity: Identity) -> Row:
        """Store the order with the attempt to pay it, and publish it; its row.

        What costs nothing, and what is paid at the counter, is paid at once.
        """
        Promotions.count_uses(new.priced, new.user_id, new.id)
        row: Row = self._row(new, identity)
        Order.raw().insert_one(row)
        self._publish(row)
        if new.credit:
            self._attempts.make(row, ExchangeCredit(), identity, new.credit)
            row = self._collecting.collect_open(row, PaymentKind.COUNTER, identity)
            if row["payment_status"] == PaymentStatus.PAID:
                return row
        self._attempts.make(row, new.gateway, identity)
        if new.gateway.kind == PaymentKind.COUNTER or not row["total_price"]:
            return self._collecting.collect_open(row, new.gateway.kind, identity)
        return row

    def _row(self, new: NewOrder, identity: Identity) -> dict[str, Any]:
        moment, priced, kind = now(), new.priced, new.gateway.kind
        waits = kind in HELD_FOR
        status = OrderStatus.PENDING if waits else OrderStatus.CONFIRMED
        today = clock.business_day(moment, self._platform.settings.timezone)
        days = priced.shipping.max_days if priced.shipping else self._settings.delivery_days
        note = {"at": moment, "actor": identity.actor, "text": new.staff_note}
        notes = [note] if new.staff_note else []
        return new_row(
            new.id,
            channel=new.channel.value,
            lines=[_line(line, new.taken) for line in priced.lines],
            charges=[{**asdict(charge), "refunded": 0} for charge in priced.charges],
            adjustments=[
                {"code": a.code, "label": a.label, "amount": a.amount} for a in priced.adjustments
            ],
            promotions=[
                _without_none({"promotion_id": used.promotion_id, "code": used.code})
                for used in priced.promotions
            ],
            subtotal=priced.subtotal,
            prices_include_tax=priced.prices_include_tax,
            tax_total=priced.tax_total,
            total_price=priced.total,
            item_count=priced.item_count,
            currency=priced.currency,
            status=status.value,
            history=[{"status": status.value, "at": moment, "actor": identity.actor}],
            payment_method=new.gateway.id,
            payment_status=PaymentStatus.PENDING.value,
            paid=0,
            refunded=0,
            stock=(OrderStock.HELD if waits else OrderStock.TAKEN).value,
            shipments=[],
            staff_notes=notes,
            estimated_delivery=(today + timedelta(days=days)).isoformat(),
            **self._optional(new, moment),
        )

    def _optional(self, new: NewOrder, moment: datetime) -> dict[str, Any]:
        """What an order has or has not."""
        address, shipping, kind = new.address, new.priced.shipping, new.gateway.kind
        values: dict[str, Any] = {
            "user_id": new.user_id,
            "locale": new.locale,
            "email": new.email,
            "contact": _without_none(asdict(new.contact)) if new.contact else None,
            "note": new.note,
            "exchange_for": new.exchange_for,
        }
        if address is not None:
            values["shipping_address"] = _without_none(msgspec.structs.asdict(address))
        if shipping is not None:
            method = {"method_id": shipping.method_id, "name": shipping.name}
            values["shipping_method"] = method
        if kind in HELD_FOR:
            values["hold_until"] = moment + self._attempts.hold_time(kind)
            values["pay_until"] = moment + self._attempts.pay_time(kind)
        return _without_none(values)

    def _publish(self, row: Row) -> None:
        self._platform.outbox.publish(
            OrderPlaced(
                id=f"{row['_id']}:placed",
                occurred_at=row["created_at"],
                order_id=row["_id"],
                user_id=row.get("user_id"),
                channel=row["channel"],
                status=row["status"],
                payment_method=row["payment_method"],
                lines=lines_of(row),
                charges=charges_of(row),
                adjustments=adjustments_of(row),
                prices_include_tax=row["prices_include_tax"],
                tax_total=row["tax_total"],
                total_price=row["total_price"],
                currency=row["currency"],
            )
        )


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _line(line: PricedLine, taken: Mapping[Unit, Taken]) -> dict[str, Any]:
    """The snapshot of a variant as it is bought."""
    product, variant = line.product, line.variant
    optional = {
        "category_id": product.get("category_id"),
        "variant_name": variant_name(variant),
        "cost_price": variant.get("cost_price"),
        "image_url": product.get("image_url"),
    }
    return {
        "product_id": product["_id"],
        "variant_id": variant["id"],
        "sku": variant["sku"],
        "name": product["name"],
        "price": line.price,
        "quantity": line.quantity,
        "line_total": line.line_total,
        "discount": line.discount,
        "tax_rate": line.tax_rate,
        "tax": line.tax,
        "total": line.total,
        "batches": list(taken[Unit(product["_id"], variant["id"])].batches),
        "shipped": 0,
        "returning": 0,
        "returned": 0,
        "refunded_pieces": 0,
        "refunded": 0,
        **_without_none(optional),
    }
