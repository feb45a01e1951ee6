"""A way to pay whose author made mistakes: it fails where it is asked."""

from __future__ import annotations

from typing import Any

from wrencos_core.api import PluginInfo, hookimpl
from wrencos_core.contracts import payments as p

PLUGIN = PluginInfo(
    name="broken", title="Broken", description="It fails.", version="1.0", core=">=0.1,<0.2"
)


class Broken:
    id = "broken"
    kind = p.PaymentKind.ONLINE
    names = {"vi": "Hỏng", "en": "Broken"}

    def accepts(self, amount: int, currency: str) -> bool:
        return currency == "VND"

    def create(self, payment: p.PaymentToMake) -> p.PaymentStep:
        return p.PaymentStep(kind="redirect", url="https://broken.example")

    def parse_return(self, request: p.GatewayRequest) -> p.ReturnInfo:
        return p.ReturnInfo()

    def parse_webhook(self, request: p.GatewayRequest) -> list[p.GatewayEvent]:
        reference = request.body.decode()
        paid = p.PaymentOutcome.PAID
        return [p.GatewayEvent(event_id=reference, outcome=paid, reference=reference)]

    def webhook_reply(self, result: p.WebhookResult) -> p.GatewayReply:
        return p.GatewayReply(status=200, body={"result": result.value})

    def query(self, payment: p.KnownPayment) -> p.GatewayEvent | None:
        raise ValueError("a mistake")

    def refund(self, refund: p.RefundToMake) -> p.RefundResult:
        raise KeyError("another one")

    query_refund = refund


GATEWAYS = [Broken()]


@hookimpl(optionalhook=True)
def commerce_payment_gateways(platform: Any) -> list[Broken]:
    return GATEWAYS
