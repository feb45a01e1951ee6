"""Paying an order: an attempt is made with the order, begun at the gateway, and made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wrencos_commerce.errors import NothingToPay, PaymentRefused, PaymentUnavailable
from wrencos_commerce.models.order import OrderStatus, PaymentStatus
from wrencos_commerce.models.payment import OPEN_STATES, Payment, PaymentState
from wrencos_commerce.services.gateways.references import new_reference
from wrencos_commerce.services.order_moves import changed, locked
from wrencos_commerce.services.order_payments import OrderPayments
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.payment_lookup import existing_payment, locked_payment
from wrencos_commerce.services.payments.states import is_open, moved
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    SYSTEM,
    Identity,
    NotFound,
    Platform,
    bump,
    new_id,
    new_row,
    now,
    transaction,
)
from wrencos_core.contracts.payments import (
    GatewayRefused,
    GatewayUnavailable,
    PaymentGateway,
    PaymentKind,
    PaymentStep,
    PaymentToMake,
)

Row = Mapping[str, Any]

# What is not settled within this time of its start is asked about.
ASK_AFTER = timedelta(minutes=15)
# No parcel is under way for so long.
_DELIVERY = timedelta(days=365)
_UNDER_WAY = (OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED)


@dataclass(frozen=True, kw_only=True)
class Payer:
    """Who pays, as far as the gateway wants to know; `locale` is `vi` or `en`."""

    identity: Identity
    ip: str
    locale: str
    email: str | None = None


class PaymentAttempts:
    """Makes and begins attempts to pay; what becomes of them is the writer's."""

    def __init__(self, platform: Platform, methods: PaymentMethods, orders: OrderPayments) -> None:
        self._settings = platform.settings_for(CommerceSettings)
        self._shop_name = platform.settings.shop_name
        self._base_url = platform.settings.base_url.rstrip("/")
        self._methods = methods
        self._orders = orders

    def hold_time(self, kind: PaymentKind) -> timedelta:
        """How long the stock of an order that is paid so is held."""
        if kind == PaymentKind.TRANSFER:
            return timedelta(hours=self._settings.transfer_hold_hours)
        if kind == PaymentKind.ON_DELIVERY:
            return _DELIVERY
        return timedelta(minutes=self._settings.hold_minutes)

    def pay_time(self, kind: PaymentKind) -> timedelta:
        """How long an order may stay unpaid before it is cancelled."""
        return max(self.hold_time(kind), timedelta(hours=self._settings.unpaid_order_hours))

    def make(
        self,
        order: Row,
        gateway: PaymentGateway,
        identity: Identity,
        amount: int | None = None,
    ) -> Row:
        """Store a new attempt to pay the order, in the running transaction; its row.

        `amount` None: all that is not paid yet. The order has no open one. Nothing has been said to
        the gateway yet.
        """
        moment = now()
        state = PaymentState.CREATED
        asks = gateway.kind == PaymentKind.ONLINE
        row = new_row(
            new_id(Payment.id_prefix),
            order_id=order["_id"],
            user_id=order.get("user_id"),
            method=gateway.id,
            kind=gateway.kind.value,
            reference=new_reference(),
            amount=to_pay(order) if amount is None else amount,
            currency=order["currency"],
            state=state.value,
            history=[{"state": state.value, "at": moment, "actor": identity.actor}],
            open_for=order["_id"],
            expires_at=order.get("hold_until") or moment + self.hold_time(gateway.kind),
            received=0,
            is_late=False,
            is_counted=False,
            refund_reserved=0,
            refunded=0,
            asked=0,
            **({"ask_at": moment + ASK_AFTER} if asks else {}),
        )
        Payment.raw().insert_one(row)
        return row

    def start(self, order_id: str, method: str | None, payer: Payer) -> Row:
        """Begin to pay an order, or go on with it; the attempt's row with its next step.

        Another `method` than the order's, or an attempt that has ended, makes a new attempt; the
        same again is the same attempt. Raises NotFound, NothingToPay, UnknownPaymentMethod,
        OutOfStock when the pieces were let go and sold, PaymentRefused and PaymentUnavailable.
        """
        payment = transaction(lambda: self._ready(order_id, method, payer))
        if payment.get("step") is not None or payment["state"] not in OPEN_STATES:
            return payment
        gateway = self._methods.find(payment["method"])
        assert gateway is not None
        try:
            step = gateway.create(self._asked(payment, payer))
        except GatewayRefused as error:
            reason = str(error)
            transaction(lambda: self._refused(payment["_id"], reason))
            raise PaymentRefused(f"The payment could not be begun: {reason}") from error
        except GatewayUnavailable as error:
            raise PaymentUnavailable() from error
        return transaction(lambda: _begun(payment["_id"], step))

    def _ready(self, order_id: str, method: str | None, payer: Payer) -> Row:
        """The open attempt to pay the order by this method, made when there is none."""
        payment = self._chosen(order_id, method, payer.identity)
        if payment.get("locale") is not None:
            return payment
        # Kept, so that who has to ask the gateway twice asks for the same.
        row: Row = Payment.raw().find_one_and_update(
            {"_id": payment["_id"]},
            bump({"$set": {"locale": payer.locale}}),
            return_document=True,
        )
        return row

    def _chosen(self, order_id: str, method: str | None, identity: Identity) -> Row:
        order = locked(_of(order_id, identity))
        if order["payment_status"] != PaymentStatus.PENDING:
            raise NothingToPay(f"The payment of the order is {order['payment_status']}.")
        if order["status"] == OrderStatus.PENDING and order.get("pay_until") is None:
            raise NothingToPay("Money for this order may be there already; we are looking at it.")
        attempt: Row | None = Payment.raw().find_one({"open_for": order_id})
        wanted = method or order["payment_method"]
        if attempt and attempt["method"] == wanted and attempt["expires_at"] > now():
            return attempt
        if order["status"] in _UNDER_WAY:
            raise NothingToPay("The order is under way: it is paid on delivery.")
        gateway = self._methods.chosen(wanted, to_pay(order), order["currency"])
        if attempt:
            is_over = attempt["expires_at"] <= now()
            reason = "took too long" if is_over else "another way was chosen"
            moved(attempt, PaymentState.CANCELLED, actor=identity.actor, reason=reason)
        order = self._waiting(order, gateway, identity)
        payment = self.make(order, gateway, identity)
        changed(order_id, {"$set": {"payment_method": gateway.id}})
        return payment

    def _waiting(self, order: Row, gateway: PaymentGateway, identity: Identity) -> Row:
        """The order with its pieces secured for the new attempt."""
        if order["status"] != OrderStatus.PENDING:
            return order
        if gateway.kind == PaymentKind.ON_DELIVERY:
            return self._orders.confirm(order, identity)
        # However often the customer begins anew: others wait for the pieces.
        end = max(order["pay_until"], order["created_at"] + self.pay_time(gateway.kind))
        if end <= now():
            raise NothingToPay("The time to pay this order is over.")
        until = min(now() + self.hold_time(gateway.kind), end)
        return self._orders.hold(order, until, max(until, order["pay_until"]))

    def _asked(self, payment: Row, payer: Payer) -> PaymentToMake:
        back = f"{self._base_url}/api/payments/return/{payment['method']}/{payment['reference']}"
        return PaymentToMake(
            payment_id=payment["_id"],
            reference=payment["reference"],
            order_id=payment["order_id"],
            amount=payment["amount"],
            currency=payment["currency"],
            description=f"{self._shop_name} {payment['order_id']}",
            locale=payment["locale"],
            customer_ip=payer.ip,
            customer_email=payer.email,
            return_url=back,
            cancel_url=f"{back}?cancelled=1",
            created_at=payment["created_at"],
            expires_at=payment["expires_at"],
        )

    def _refused(self, id: str, reason: str) -> None:
        payment, order = locked_payment(existing_payment(id))
        if is_open(payment):
            moved(payment, PaymentState.FAILED, actor=SYSTEM.actor, reason=reason)
            self.came_to_nothing(order, SYSTEM)

    def leaves_unpaid(self, order: Row, identity: Identity) -> None:
        """A parcel of an order that the transaction has locked leaves before it is paid: whoever
        brings it takes the money, whatever the customer has begun instead."""
        attempt = Payment.raw().find_one({"open_for": order["_id"]})
        if attempt is not None and attempt["kind"] != PaymentKind.ON_DELIVERY:
            moved(attempt, PaymentState.CANCELLED, actor=identity.actor, reason="parcel left")
            self.came_to_nothing(order, identity)

    def came_to_nothing(self, order: Row, identity: Identity) -> None:
        """The open attempt to pay an order that the transaction has locked has ended unpaid.

        The pieces of a waiting order go. One that goes on unpaid was to be paid on delivery before,
        and is so again.
        """
        if order["status"] == OrderStatus.PENDING:
            self._orders.not_paid(order)
            return
        gateways = self._methods.all().values()
        again = next((g for g in gateways if g.kind == PaymentKind.ON_DELIVERY), None)
        is_owed = order["payment_status"] == PaymentStatus.PENDING
        if again is None or not is_owed or Payment.raw().find_one({"open_for": order["_id"]}):
            return
        self.make(order, again, identity)
        changed(order["_id"], {"$set": {"payment_method": again.id}})


def to_pay(order: Row) -> int:
    """What of the order is not paid yet, in minor units."""
    return int(order["total_price"]) - int(order["paid"])


def _begun(id: str, step: PaymentStep) -> Row:
    """The attempt with its next step; one that ended meanwhile keeps what it is called there."""
    payment = Payment.raw().find_one({"_id": id})
    values: dict[str, Any] = {
        "step": {
            "kind": step.kind,
            "url": step.url,
            "qr_payload": step.qr_payload,
            "details": dict(step.details),
        }
    }
    for name in ("gateway_id", "charged_amount", "charged_currency", "exchange_rate"):
        if (value := getattr(step, name)) is not None:
            values[name] = value
    if step.gateway_id is not None:
        values["gateway_key"] = f"{payment['method']}|{step.gateway_id}"
    if payment["state"] == PaymentState.CANCELLED and payment["kind"] == PaymentKind.ONLINE:
        # Called off while the gateway began it: asked about at once, and closed there.
        values["ask_at"] = now()
    row: Row = Payment.raw().find_one_and_update(
        {"_id": id}, bump({"$set": values}), return_document=True
    )
    if row["state"] == PaymentState.CREATED:
        row = moved(row, PaymentState.PENDING, actor=SYSTEM.actor)
    return row


def _of(order_id: str, identity: Identity) -> dict[str, Any]:
    """The caller's own order; the system's and the staff's rights are checked by who calls."""
    if identity.is_system:
        return {"_id": order_id}
    if identity.user_id is None:
        raise NotFound(f"There is no order {order_id}.")
    return {"_id": order_id, "user_id": identity.user_id}
