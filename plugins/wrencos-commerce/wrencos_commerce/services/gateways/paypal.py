"""PayPal Orders v2: the customer agrees on PayPal's page, and we take the money after that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from wrencos_commerce.services.gateways.calls import Caller
from wrencos_commerce.services.gateways.paypal_amounts import Exchange, written
from wrencos_commerce.services.gateways.paypal_api import PayPalAPI, PayPalRefused
from wrencos_commerce.services.gateways.paypal_events import read_event
from wrencos_commerce.services.gateways.paypal_fields import Order, Refund, capture_event
from wrencos_core.api import now
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayRefused,
    GatewayReply,
    GatewayRequest,
    GatewayUnavailable,
    KnownPayment,
    PaymentKind,
    PaymentOutcome,
    PaymentStep,
    PaymentToMake,
    RefundEvent,
    RefundOutcome,
    RefundResult,
    RefundToMake,
    ReturnInfo,
    WebhookResult,
)

_ORDER_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_SIGNED_BY = {
    "auth_algo": "paypal-auth-algo",
    "cert_url": "paypal-cert-url",
    "transmission_id": "paypal-transmission-id",
    "transmission_sig": "paypal-transmission-sig",
    "transmission_time": "paypal-transmission-time",
}
_LONGEST_HEADER = 2048
_LOCALES = {"vi": "vi-VN", "en": "en-US"}
# The customer has not agreed yet, or must do something more.
_NOT_YET = ("ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED")
_STATUSES = {WebhookResult.REFUSED: 400, WebhookResult.FAILED: 503}


class PayPal:
    """The gateway `paypal`. What it does not offer (VND) is charged in another currency.

    `currency` is that one, `rate` the units of the shop's currency for one of it.
    """

    id = "paypal"
    kind = PaymentKind.ONLINE
    names: Mapping[str, str] = {"vi": "PayPal", "en": "PayPal"}

    def __init__(
        self,
        *,
        client_id: str,
        secret: str,
        webhook_id: str,
        api_base: str,
        currency: str = "",
        rate: Decimal | None = None,
        timeout_seconds: float = 15,
    ) -> None:
        self._webhook_id = webhook_id
        self._exchange = Exchange(currency, rate)
        self._api = PayPalAPI(client_id, secret, api_base, Caller(timeout_seconds))

    def accepts(self, amount: int, currency: str) -> bool:
        try:
            return self._exchange.charge(amount, currency).amount > 0
        except ValueError:
            return False

    def create(self, payment: PaymentToMake) -> PaymentStep:
        """The address where the customer agrees; what is charged is told where it is converted."""
        try:
            charge = self._exchange.charge(payment.amount, payment.currency)
        except ValueError as error:
            raise GatewayRefused(str(error)) from error
        amount = {
            "currency_code": charge.currency,
            "value": written(charge.amount, charge.currency),
        }
        unit = {
            "reference_id": payment.reference,
            "custom_id": payment.reference,
            "description": payment.description[:127] or payment.reference,
            "amount": amount,
        }
        experience = {
            "return_url": payment.return_url,
            "cancel_url": payment.cancel_url,
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
            "locale": _LOCALES.get(payment.locale, "en-US"),
        }
        body = {
            "intent": "CAPTURE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": experience}},
        }
        order = self._api.create_order(body, payment.reference)
        if order.page is None or not order.page.startswith(("https://", "http://")):
            raise GatewayUnavailable("PayPal's order has no page")
        is_converted = charge.rate is not None
        return PaymentStep(
            kind="redirect",
            url=order.page,
            gateway_id=order.id,
            charged_amount=charge.amount if is_converted else None,
            charged_currency=charge.currency if is_converted else None,
            exchange_rate=f"{charge.rate:f}" if charge.rate is not None else None,
        )

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        """The order that the browser names; with a payer, the money can be taken: query."""
        given = dict(request.query)
        if not _ORDER_ID.fullmatch(given.get("token", "")):
            return ReturnInfo()
        has_agreed = bool(given.get("PayerID"))
        outcome = PaymentOutcome.PENDING if has_agreed else PaymentOutcome.CANCELLED
        return ReturnInfo(gateway_id=given["token"], outcome=outcome, should_query=has_agreed)

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        """Events of orders, captures and refunds, once PayPal has said that they are its own.

        That the customer agreed is told as PENDING with `should_query`: `query` takes the money.
        """
        sent = {name: request.headers.get(header, "") for name, header in _SIGNED_BY.items()}
        if any(not 0 < len(value) <= _LONGEST_HEADER for value in sent.values()):
            raise BadSignature("a header of PayPal's signature is missing")
        try:
            msgspec.json.decode(request.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadSignature("not an event") from error
        try:
            is_genuine = self._api.is_genuine(sent, self._webhook_id, request.body)
        except PayPalRefused as refused:
            if refused.status in (400, 422):
                raise BadSignature(str(refused)) from refused
            # It is us whom PayPal refuses: the event may be good.
            raise GatewayUnavailable(str(refused)) from refused
        if not is_genuine:
            raise BadSignature("PayPal did not send this")
        return read_event(request.body)

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        return GatewayReply(status=_STATUSES.get(result, 200), body={"result": result.value})

    def query(self, payment: KnownPayment) -> GatewayEvent:
        """What became of the order; when the customer has agreed, this takes the money.

        Only we can take it. So what the customer did not agree to by our time, or what is not
        wanted any more, has expired, whatever its page may still show.
        """
        is_over = now() >= payment.expires_at or not payment.is_wanted
        if payment.gateway_id is None:
            return _not_paid(payment, is_over=is_over)
        try:
            order, raw = self._api.order(payment.gateway_id)
        except PayPalRefused as refused:
            if refused.status != 404:
                raise
            # PayPal forgets orders that nobody agreed to within some hours.
            return _not_paid(payment, is_over=True)
        _check(order, payment)
        if order.status == "APPROVED" and not is_over:
            try:
                order, raw = self._take(payment, payment.gateway_id)
            except PayPalRefused as refused:
                if refused.status != 422:
                    raise
                if refused.issue in _NOT_YET:
                    return _not_paid(payment, is_over=False)
                return _not_paid(payment, is_over=True, issue=refused.issue)
            _check(order, payment)
        if not order.captures:
            return _not_paid(payment, is_over=is_over or order.status == "VOIDED", raw=raw)
        try:
            return capture_event(order.captures[-1], payment.reference, order.id, raw)
        except ValueError as error:
            raise GatewayUnavailable(str(error)) from error

    def _take(self, payment: KnownPayment, order_id: str) -> tuple[Order, dict[str, Any]]:
        try:
            return self._api.capture(order_id, f"{payment.reference}-capture")
        except PayPalRefused as refused:
            if refused.issue != "ORDER_ALREADY_CAPTURED":
                raise
            return self._api.order(order_id)

    def refund(self, refund: RefundToMake) -> RefundResult:
        if refund.payment.transaction_id is None:
            raise GatewayRefused("nothing was captured")
        amount, currency = refund.amount, refund.currency
        if refund.charged_amount is not None:
            amount = refund.charged_amount
            currency = refund.payment.charged_currency or currency
        try:
            value = written(amount, currency)
        except ValueError as error:
            raise GatewayRefused(str(error)) from error
        body = {
            "amount": {"currency_code": currency, "value": value},
            "custom_id": refund.request_id,
        }
        made, raw = self._api.create_refund(refund.payment.transaction_id, body, refund.request_id)
        return _refund_result(made, raw)

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        """What became of it, by its id or by ours in the order.

        One that is not there may be sent again: PayPal knows it by its PayPal-Request-Id.
        """
        if refund.gateway_refund_id is not None:
            return _refund_result(*self._api.refund(refund.gateway_refund_id))
        if refund.payment.gateway_id is None:
            raise GatewayRefused("the payment has no order at PayPal")
        order, raw = self._api.order(refund.payment.gateway_id)
        for made in order.refunds:
            if made.custom_id == refund.request_id:
                return _refund_result(made, raw)
        return RefundResult(outcome=RefundOutcome.NOT_FOUND, raw=raw)


def _check(order: Order, payment: KnownPayment) -> None:
    if order.id != payment.gateway_id or order.reference != payment.reference:
        raise GatewayUnavailable("PayPal tells of another payment")


def _not_paid(
    payment: KnownPayment,
    *,
    is_over: bool,
    issue: str | None = None,
    raw: Mapping[str, Any] | None = None,
) -> GatewayEvent:
    outcome = PaymentOutcome.EXPIRED if is_over else PaymentOutcome.PENDING
    if issue is not None:
        outcome = PaymentOutcome.FAILED
    return GatewayEvent(
        event_id=f"{payment.gateway_id or payment.reference}:{outcome.value}",
        outcome=outcome,
        reference=payment.reference,
        gateway_id=payment.gateway_id,
        reason=issue,
        raw=raw or {},
    )


def _refund_result(refund: Refund, raw: Mapping[str, Any]) -> RefundResult:
    return RefundResult(
        outcome=refund.outcome,
        gateway_refund_id=refund.id,
        reason=refund.reason,
        raw=raw,
    )
