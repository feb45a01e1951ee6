"""A gateway that takes no money: a page of our own with buttons, for demos alone.

It is a gateway like the others: its messages are signed, and only they change a payment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from wrencos_commerce.services.gateways import timed_signatures
from wrencos_core.api import now
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayReply,
    GatewayRequest,
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

HEADER = "wrencos-signature"


class DemoMessage(msgspec.Struct):
    """What the page says of an attempt; `amount` in minor units."""

    reference: str
    outcome: PaymentOutcome
    amount: int
    currency: str


class DemoPage:
    """The gateway `demo`. `secret` signs its messages."""

    id = "demo"
    kind = PaymentKind.ONLINE
    names: Mapping[str, str] = {
        "vi": "Thanh toán thử (không mất tiền)",
        "en": "Demo payment (takes no money)",
    }

    def __init__(self, base_url: str, secret: str) -> None:
        self._page = f"{base_url.rstrip('/')}/api/payments/demo"
        self._secret = secret

    def accepts(self, amount: int, currency: str) -> bool:
        return amount > 0

    def create(self, payment: PaymentToMake) -> PaymentStep:
        return PaymentStep(kind="redirect", url=f"{self._page}/{payment.reference}")

    def message(self, message: DemoMessage) -> GatewayRequest:
        """The message as it is sent when somebody presses a button."""
        body, moment = msgspec.json.encode(message), int(now().timestamp())
        signature = timed_signatures.signature(body, self._secret, moment)
        headers = {HEADER: f"t={moment},v1={signature}"}
        return GatewayRequest(method="POST", raw_query=b"", query=(), headers=headers, body=body)

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        return ReturnInfo()

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        timed_signatures.check(request.headers.get(HEADER, ""), request.body, self._secret)
        try:
            told = msgspec.json.decode(request.body, type=DemoMessage)
        except msgspec.DecodeError as error:
            raise BadSignature("the message can't be read") from error
        event = GatewayEvent(
            event_id=f"{told.reference}:{told.outcome.value}",
            outcome=told.outcome,
            reference=told.reference,
            amount=told.amount,
            currency=told.currency,
            transaction_id=told.reference if told.outcome is PaymentOutcome.PAID else None,
        )
        return [event]

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        status = 401 if result is WebhookResult.REFUSED else 200
        return GatewayReply(status=status, body={"result": result.value})

    def query(self, payment: KnownPayment) -> GatewayEvent | None:
        return None

    def refund(self, refund: RefundToMake) -> RefundResult:
        return RefundResult(outcome=RefundOutcome.SUCCEEDED, gateway_refund_id=refund.request_id)

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        return self.refund(refund)
