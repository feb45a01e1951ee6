"""The demo's customers at the gateways: each message goes the way that a real one would."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from wrencos_commerce.models.payment import Payment
from wrencos_commerce.models.refund import Refund, RefundState
from wrencos_commerce.services.gateways import timed_signatures
from wrencos_commerce.services.gateways.bank_transfer import HEADER, IncomingTransfer
from wrencos_commerce.services.gateways.demo_page import DemoMessage, DemoPage
from wrencos_commerce.services.payments.attempts import Payer, PaymentAttempts
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_commerce.services.payments.webhooks import Webhooks
from wrencos_core.api import SYSTEM, Identity, Platform, money, now
from wrencos_core.contracts.payments import GatewayReply, GatewayRequest, PaymentOutcome

_BANK = "bank_transfer"


class Payers:
    """Pays orders through the gateways that a demo has."""

    def __init__(self, platform: Platform) -> None:
        services = platform.services
        self._secret = platform.secret_key
        self._attempts = services.require(PaymentAttempts)
        self._methods = services.require(PaymentMethods)
        self._webhooks = services.require(Webhooks)
        self._settling = services.require(RefundSettling)

    def press(self, order_id: str, identity: Identity, button: str) -> None:
        """Begin to pay on the demo's page and press a button there."""
        payment = self._attempts.start(order_id, None, _payer(identity))
        gateway = self._methods.find(DemoPage.id)
        assert isinstance(gateway, DemoPage)
        message = DemoMessage(
            payment["reference"], PaymentOutcome(button), payment["amount"], payment["currency"]
        )
        _check(self._webhooks.receive(gateway.id, gateway.message(message)))

    def transfer(self, order_id: str, identity: Identity) -> None:
        """Transfer the money, which the bank tells of a little later."""
        payment = self._attempts.start(order_id, None, _payer(identity))
        transfer = IncomingTransfer(
            id=f"DEMO-{payment['_id'][-12:]}",
            direction="in",
            account="0000000000",
            amount=Decimal(money.to_major(payment["amount"], payment["currency"])),
            currency=payment["currency"],
            memo=f"{payment['reference']} thanh toan",
            occurred_at=now(),
        )
        body, moment = msgspec.json.encode(transfer), int(now().timestamp())
        signature = timed_signatures.signature(body, self._secret, moment)
        request = GatewayRequest(
            method="POST",
            raw_query=b"",
            query=(),
            headers={HEADER: f"t={moment},v1={signature}"},
            body=body,
        )
        _check(self._webhooks.receive(_BANK, request))

    @staticmethod
    def give_up(order_id: str) -> None:
        """Nobody asks the demo's page what became of a payment that nobody made."""
        Payment.raw().update_one({"open_for": order_id}, {"$unset": {"ask_at": ""}})

    def confirm_refund(self, refund_id: str) -> None:
        """The staff pay back what no gateway does, within the hour."""
        refund = Refund.raw().find_one({"_id": refund_id})
        if refund["state"] == RefundState.MANUAL:
            self._settling.confirm(refund_id, SYSTEM)


def _payer(identity: Identity) -> Payer:
    return Payer(identity=identity, ip="127.0.0.1", locale="vi")


def _check(reply: GatewayReply) -> None:
    if reply.status != 200 or reply.body.get("result") not in (None, "applied"):
        raise RuntimeError(f"a gateway of the demo was answered {reply}")
