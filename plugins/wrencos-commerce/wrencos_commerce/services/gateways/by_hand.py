"""What ways to pay have in common that no gateway stands behind: people say what was paid."""

from __future__ import annotations

from collections.abc import Sequence

from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayReply,
    GatewayRequest,
    KnownPayment,
    PaymentStep,
    PaymentToMake,
    RefundEvent,
    RefundOutcome,
    RefundResult,
    RefundToMake,
    ReturnInfo,
    WebhookResult,
)


class PaidByHand:
    """Nothing to follow, nobody to ask, and refunds that the staff pays; subclasses name it."""

    def accepts(self, amount: int, currency: str) -> bool:
        return amount > 0

    def create(self, payment: PaymentToMake) -> PaymentStep:
        return PaymentStep(kind="none")

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        return ReturnInfo()

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        raise BadSignature("nobody sends messages of such payments")

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        return GatewayReply(status=404, body={"result": result.value})

    def query(self, payment: KnownPayment) -> GatewayEvent | None:
        return None

    def refund(self, refund: RefundToMake) -> RefundResult:
        return RefundResult(outcome=RefundOutcome.MANUAL)

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        return RefundResult(outcome=RefundOutcome.MANUAL)
