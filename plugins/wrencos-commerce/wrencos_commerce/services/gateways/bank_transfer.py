"""A transfer by the customer's own bank, with a VietQR code, and messages of what came in.

Banks offer no common protocol: whoever watches the account (a bank's service, an aggregator, a
script) posts what it sees in the format of `IncomingTransfer`, one or a list of them, with the
header `Wrencos-Signature: t=<Unix time>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from wrencos_commerce.services.gateways import timed_signatures, vietqr
from wrencos_commerce.services.gateways.references import is_reference, references_in
from wrencos_core.api import money
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayRefused,
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
# What is stored, whatever is thought of it, need not be sent again.
_STATUSES = {WebhookResult.REFUSED: 401, WebhookResult.FAILED: 503}


class IncomingTransfer(msgspec.Struct, rename="camel"):
    """A movement on an account. `id` is the bank's, `amount` in major units, `memo` as it came."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    direction: Literal["in", "out"]
    account: Annotated[str, msgspec.Meta(max_length=40)]
    amount: Decimal
    currency: str
    memo: Annotated[str, msgspec.Meta(max_length=1000)]
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]


class BankTransfer:
    """The gateway `bank_transfer`. Staff confirm transfers where no messages come."""

    id = "bank_transfer"
    kind = PaymentKind.TRANSFER
    names: Mapping[str, str] = {"vi": "Chuyển khoản (VietQR)", "en": "Bank transfer (VietQR)"}

    def __init__(
        self,
        *,
        bank_bin: str,
        account: str,
        account_name: str,
        bank_name: str = "",
        webhook_secret: str | None = None,
    ) -> None:
        self._bank_bin = bank_bin
        self._account = account
        self._account_name = account_name
        self._bank_name = bank_name
        self._secret = webhook_secret

    def accepts(self, amount: int, currency: str) -> bool:
        return currency == "VND" and 0 < amount <= vietqr.MOST

    def create(self, payment: PaymentToMake) -> PaymentStep:
        """The code, and what to type for who can't scan it; the memo is the reference.

        Raises GatewayRefused for a reference that is not of `new_reference()`: no memo would be
        known again by it.
        """
        if not self.accepts(payment.amount, payment.currency):
            raise GatewayRefused("VietQR takes whole đồng only")
        if not is_reference(payment.reference):
            raise GatewayRefused("the reference can't be found again in a memo")
        return PaymentStep(
            kind="qr",
            qr_payload=vietqr.payload(
                self._bank_bin, self._account, payment.amount, payment.reference
            ),
            details={
                "bank": self._bank_name or self._bank_bin,
                "account": self._account,
                "accountName": self._account_name,
                "memo": payment.reference,
            },
        )

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        return ReturnInfo()

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        """What came in to our account, also where it names no payment, or several."""
        if self._secret is None:
            raise BadSignature("no secret is set for messages of the bank")
        timed_signatures.check(request.headers.get(HEADER, ""), request.body, self._secret)
        try:
            read = msgspec.json.decode(request.body, type=IncomingTransfer | list[IncomingTransfer])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadSignature(f"not a message of transfers: {error}") from error
        transfers = read if isinstance(read, list) else [read]
        return [self._event(transfer) for transfer in transfers if self._is_for_us(transfer)]

    def _is_for_us(self, transfer: IncomingTransfer) -> bool:
        account = transfer.account.replace(" ", "").upper()
        return transfer.direction == "in" and account == self._account.upper()

    @staticmethod
    def _event(transfer: IncomingTransfer) -> GatewayEvent:
        try:
            amount = money.to_minor(transfer.amount, transfer.currency)
        except ValueError as error:
            raise BadSignature(str(error)) from error
        if amount <= 0:
            raise BadSignature(f"not an amount that comes in: {transfer.amount}")
        references = references_in(transfer.memo)
        return GatewayEvent(
            event_id=f"transfer:{transfer.id}",
            outcome=PaymentOutcome.PAID,
            reference=references[0] if len(references) == 1 else None,
            amount=amount,
            currency=transfer.currency,
            transaction_id=transfer.id,
            reason="The memo names several payments" if len(references) > 1 else None,
            occurred_at=transfer.occurred_at,
            raw=msgspec.to_builtins(transfer),
        )

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        return GatewayReply(status=_STATUSES.get(result, 200), body={"result": result.value})

    def query(self, payment: KnownPayment) -> GatewayEvent | None:
        return None

    def refund(self, refund: RefundToMake) -> RefundResult:
        return RefundResult(outcome=RefundOutcome.MANUAL)

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        return RefundResult(outcome=RefundOutcome.MANUAL)
