"""Stripe Checkout: a redirect to a session's page, signed events, and refunds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from wrencos_commerce.services.gateways import timed_signatures
from wrencos_commerce.services.gateways.stripe_api import StripeAPI
from wrencos_commerce.services.gateways.stripe_fields import (
    Event,
    Refund,
    Session,
    completed,
    outcome_of,
    refund_event,
    session_event,
    to_stripe,
)
from wrencos_core.api import money, now
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

HEADER = "stripe-signature"
# Stripe takes 30 minutes to 24 hours from when it gets the request. Tries within some minutes ask
# for the same end, with the same idempotency key: they are one request.
_SHORTEST, _LONGEST = timedelta(minutes=35), timedelta(hours=23, minutes=55)
_SAME_TRY = timedelta(minutes=4)
_SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,250}")
_OUTCOMES = {
    "checkout.session.completed": None,
    "checkout.session.async_payment_succeeded": PaymentOutcome.PAID,
    "checkout.session.async_payment_failed": PaymentOutcome.FAILED,
    "checkout.session.expired": PaymentOutcome.EXPIRED,
}
_OF_REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
# Foreign sessions of the same account come here too: only what we could not store is repeated.
_STATUSES = {WebhookResult.REFUSED: 400, WebhookResult.FAILED: 503}


class StripeCheckout:
    """The gateway `stripe`. `retries` is how often a call is repeated that found no answer."""

    id = "stripe"
    kind = PaymentKind.ONLINE
    names: Mapping[str, str] = {"vi": "Thẻ quốc tế (Stripe)", "en": "Card (Stripe)"}

    def __init__(
        self,
        *,
        api_key: str,
        webhook_secret: str,
        api_base: str,
        timeout_seconds: float = 15,
        retries: int = 2,
    ) -> None:
        self._webhook_secret = webhook_secret
        self._api = StripeAPI(api_key, api_base, timeout_seconds, retries)

    def accepts(self, amount: int, currency: str) -> bool:
        try:
            return money.is_currency(currency) and to_stripe(amount, currency) > 0
        except ValueError:
            return False

    def create(self, payment: PaymentToMake) -> PaymentStep:
        """The address of a new session; Stripe keeps it open for half an hour at least."""
        if not self.accepts(payment.amount, payment.currency):
            raise GatewayRefused(f"Stripe can't charge this amount in {payment.currency}")
        tries = max(0, (now() - payment.created_at) // _SAME_TRY)
        asked_at = payment.created_at + tries * _SAME_TRY
        metadata = {
            "reference": payment.reference,
            "payment_id": payment.payment_id,
            "order_id": payment.order_id,
        }
        params: Any = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": payment.currency.lower(),
                        "unit_amount": to_stripe(payment.amount, payment.currency),
                        "product_data": {"name": payment.description[:250] or payment.reference},
                    },
                }
            ],
            "client_reference_id": payment.reference,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "success_url": _with_session_id(payment.return_url),
            "cancel_url": payment.cancel_url,
            "locale": payment.locale,
            "expires_at": int(_end(asked_at, payment.expires_at).timestamp()),
        }
        if payment.customer_email:
            params["customer_email"] = payment.customer_email
        session = self._api.create_session(params, f"create-{payment.reference}-{tries}")
        if not session.url:
            raise GatewayUnavailable("Stripe's session has no page")
        return PaymentStep(kind="redirect", url=session.url, gateway_id=session.id)

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        """The session that the browser names; nobody signed it, so Stripe is to be asked."""
        for name, value in request.query:
            if name == "session_id" and _SESSION_ID.fullmatch(value):
                return ReturnInfo(gateway_id=value, should_query=True)
        return ReturnInfo()

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        """Events of sessions with our reference, and of refunds; others are of no concern."""
        header = request.headers.get(HEADER, "")
        timed_signatures.check(header, request.body, self._webhook_secret)
        try:
            event = msgspec.json.decode(request.body, type=Event)
            raw = msgspec.json.decode(event.data.object)
            if event.type in _OF_REFUNDS:
                return [refund_event(msgspec.convert(raw, Refund), raw)]
            if event.type not in _OUTCOMES:
                return []
            session = msgspec.convert(raw, Session)
            if session.client_reference_id is None:
                return []
            return [session_event(session, _OUTCOMES[event.type] or completed(session), raw)]
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            raise BadSignature(f"not an event of Stripe: {error}") from error

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        return GatewayReply(status=_STATUSES.get(result, 200), body={"result": result.value})

    def query(self, payment: KnownPayment) -> GatewayEvent:
        """What became of the session.

        One that is still open after our time, or that is not wanted any more, is closed, so that
        nobody pays for what is not held. A session whose id was never learned has shown its page to
        nobody.
        """
        is_over = now() >= payment.expires_at or not payment.is_wanted
        if payment.gateway_id is None:
            outcome = PaymentOutcome.EXPIRED if is_over else PaymentOutcome.PENDING
            return GatewayEvent(
                event_id=f"{payment.reference}:{outcome.value}",
                outcome=outcome,
                reference=payment.reference,
            )
        session, raw = self._api.session(payment.gateway_id)
        if session.status == "open" and is_over:
            self._api.expire_session(session.id)
            session, raw = self._api.session(payment.gateway_id)
        if session.client_reference_id != payment.reference:
            raise GatewayUnavailable("Stripe tells of another payment")
        try:
            return session_event(session, outcome_of(session), raw)
        except ValueError as error:
            raise GatewayUnavailable(str(error)) from error

    def refund(self, refund: RefundToMake) -> RefundResult:
        intent = self._intent(refund)
        try:
            amount = to_stripe(refund.amount, refund.currency)
        except ValueError as error:
            raise GatewayRefused(str(error)) from error
        metadata = {
            "request_id": refund.request_id,
            "refund_id": refund.refund_id,
            "reason": refund.reason[:500],
        }
        return _refund_result(
            *self._api.create_refund(intent, amount, metadata, f"refund-{refund.request_id}")
        )

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        if refund.gateway_refund_id is not None:
            return _refund_result(*self._api.refund(refund.gateway_refund_id))
        found = self._api.find_refund(self._intent(refund), refund.request_id)
        if found is None:
            return RefundResult(outcome=RefundOutcome.NOT_FOUND)
        return _refund_result(*found)

    @staticmethod
    def _intent(refund: RefundToMake) -> str:
        if refund.payment.transaction_id is None:
            raise GatewayRefused("the payment has no payment intent")
        return refund.payment.transaction_id


def _end(asked_at: datetime, expires_at: datetime) -> datetime:
    return min(max(expires_at, asked_at + _SHORTEST), asked_at + _LONGEST)


def _with_session_id(url: str) -> str:
    # Stripe fills the braces in.
    return f"{url}{'&' if urlsplit(url).query else '?'}session_id={{CHECKOUT_SESSION_ID}}"


def _refund_result(refund: Refund, raw: Mapping[str, Any]) -> RefundResult:
    return RefundResult(
        outcome=refund.outcome,
        gateway_refund_id=refund.id,
        reason=refund.failure_reason,
        raw=raw,
    )
