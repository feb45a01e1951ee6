"""What gateways send us: their messages, and browsers on the way back from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from wrencos_commerce.models.payment import PaymentState
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.payment_lookup import existing_payment, payment_named
from wrencos_commerce.services.payments.reconciliation import Reconciliation
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_commerce.services.payments.writer import PaymentWriter
from wrencos_core.api import NotFound
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayReply,
    GatewayRequest,
    PaymentOutcome,
    RefundEvent,
    ReturnInfo,
    WebhookResult,
)

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]

# Of several events in one message the worst answer counts: it makes the gateway send it again.
_WORST = (
    WebhookResult.FAILED,
    WebhookResult.MISMATCH,
    WebhookResult.UNKNOWN,
    WebhookResult.APPLIED,
    WebhookResult.ALREADY,
)
# What is shown to a browser that comes back, whatever it brings.
_KNOWN = {
    PaymentState.PAID: PaymentOutcome.PAID,
    PaymentState.PARTIALLY_REFUNDED: PaymentOutcome.PAID,
    PaymentState.REFUNDED: PaymentOutcome.PAID,
    PaymentState.FAILED: PaymentOutcome.FAILED,
    PaymentState.CANCELLED: PaymentOutcome.CANCELLED,
    PaymentState.EXPIRED: PaymentOutcome.EXPIRED,
}


class Webhooks:
    """Has messages read by their gateway and applied; never raises what a gateway can't act on."""

    def __init__(
        self,
        methods: PaymentMethods,
        writer: PaymentWriter,
        refunds: RefundSettling,
        reconciliation: Reconciliation,
    ) -> None:
        self._methods = methods
        self._writer = writer
        self._refunds = refunds
        self._reconciliation = reconciliation

    def receive(self, method: str, request: GatewayRequest) -> GatewayReply:
        """Apply a message of the gateway `method`, and what it is answered.

        Not in a transaction: some messages make us ask the gateway. Raises NotFound for a gateway
        that is not configured.
        """
        gateway = self._methods.find(method)
        if gateway is None:
            raise NotFound(f"There is no payment method {method}.")
        try:
            events = gateway.parse_webhook(request)
        except BadSignature as error:
            log.warning("webhook.refused", method=method, reason=str(error))
            return gateway.webhook_reply(WebhookResult.REFUSED)
        except Exception:
            log.exception("webhook.unreadable", method=method)
            return gateway.webhook_reply(WebhookResult.FAILED)
        try:
            results = [self._applied(method, event) for event in events]
        except Exception:
            # The database is away, say: the gateway sends it again.
            log.exception("webhook.failed", method=method)
            return gateway.webhook_reply(WebhookResult.FAILED)
        worst = next((result for result in _WORST if result in results), WebhookResult.ALREADY)
        return gateway.webhook_reply(worst)

    def _applied(self, method: str, event: GatewayEvent | RefundEvent) -> WebhookResult:
        if isinstance(event, RefundEvent):
            return self._refunds.apply(method, event)
        result = self._writer.apply(method, event, source="webhook")
        if event.should_query and event.gateway_id is not None:
            payment = payment_named(method, gateway_id=event.gateway_id)
            if payment is not None:
                self._reconciliation.ask(payment["_id"])
        return result

    def returned(
        self, method: str, reference: str, request: GatewayRequest
    ) -> tuple[Row, PaymentOutcome]:
        """The payment that a browser comes back from, and what to show of it.

        What the browser brings is shown at most: the state changes by what the gateway itself is
        asked. Raises NotFound.
        """
        gateway = self._methods.find(method)
        payment = payment_named(method, reference=reference)
        if gateway is None or payment is None:
            raise NotFound("There is no such payment.")
        info: ReturnInfo = gateway.parse_return(request)
        if info.should_query:
            self._reconciliation.ask(payment["_id"])
            payment = existing_payment(payment["_id"])
        if (known := _KNOWN.get(payment["state"])) is not None:
            return payment, known
        is_ours = info.is_valid and info.reference in (None, reference)
        return payment, info.outcome if is_ours else PaymentOutcome.PENDING
