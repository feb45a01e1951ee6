"""A way to pay as a third party would write it: it imports only the facade and the contracts."""

import hashlib
import hmac

import msgspec

from wrencos_core.api import PluginInfo, hookimpl
from wrencos_core.contracts import payments as p

PLUGIN = PluginInfo(
    name="paylater",
    title="Pay later",
    description="An invoice, due in two weeks.",
    version="1.0",
    core=">=0.1,<0.2",
)


class Message(msgspec.Struct):
    id: str
    reference: str
    amount: int


class PayLater:
    id = "pay_later"
    kind = p.PaymentKind.TRANSFER
    names = {"vi": "Trả sau", "en": "Pay later"}
    secret = b"from your settings"

    def accepts(self, amount, currency):
        return currency == "VND" and 100_000 <= amount <= 5_000_000

    def create(self, payment):
        return p.PaymentStep(kind="none", details={"memo": payment.reference})

    def parse_return(self, request):
        return p.ReturnInfo()

    def parse_webhook(self, request):
        expected = hmac.new(self.secret, request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("x-signature", "")):
            raise p.BadSignature("x-signature is not valid")
        try:
            said = msgspec.json.decode(request.body, type=Message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise p.BadSignature(str(error)) from error
        event = p.GatewayEvent(
            event_id=said.id,
            outcome=p.PaymentOutcome.PAID,
            reference=said.reference,
            amount=said.amount,
            currency="VND",
        )
        return [event]

    def webhook_reply(self, result):
        status = {p.WebhookResult.REFUSED: 401, p.WebhookResult.FAILED: 503}.get(result, 200)
        return p.GatewayReply(status=status, body={"result": result.value})

    def query(self, payment):
        return None  # only people know

    def refund(self, refund):
        return p.RefundResult(outcome=p.RefundOutcome.MANUAL)

    query_refund = refund


GATEWAYS = [PayLater()]


@hookimpl(optionalhook=True)
def commerce_payment_gateways(platform):
    return GATEWAYS
