"""VNPay 2.1.0: a redirect to its page, and a signed call (IPN) that says what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wrencos_commerce.services.gateways.calls import Caller
from wrencos_commerce.services.gateways.vnpay_api import VNPayAPI
from wrencos_commerce.services.gateways.vnpay_fields import (
    VERSION,
    event_id,
    ipv4,
    outcome,
    plain,
    read_amount,
    read_date,
    reason,
    transaction_id,
    written_amount,
    written_date,
)
from wrencos_commerce.services.gateways.vnpay_signing import signed_query, verified
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayRefused,
    GatewayReply,
    GatewayRequest,
    KnownPayment,
    PaymentKind,
    PaymentStep,
    PaymentToMake,
    RefundEvent,
    RefundResult,
    RefundToMake,
    ReturnInfo,
    WebhookResult,
)

# What VNPay's sandbox takes: from 5,000 to below 1,000,000,000 đồng.
_LEAST, _MOST = 5_000, 999_999_999
_NEEDED = ("vnp_TxnRef", "vnp_Amount", "vnp_ResponseCode", "vnp_TransactionStatus")
_LONGEST = 100
# 00 and 02 end VNPay's retries; after the others it calls again.
_REPLIES = {
    WebhookResult.APPLIED: ("00", "Confirm Success"),
    WebhookResult.ALREADY: ("02", "Order already confirmed"),
    WebhookResult.UNKNOWN: ("01", "Order not found"),
    WebhookResult.MISMATCH: ("04", "Invalid amount"),
    WebhookResult.REFUSED: ("97", "Invalid signature"),
    WebhookResult.FAILED: ("99", "Unknown error"),
}


class VNPay:
    """The gateway `vnpay`. Amounts are whole đồng."""

    id = "vnpay"
    kind = PaymentKind.ONLINE
    names: Mapping[str, str] = {"vi": "VNPay: thẻ, ngân hàng, mã QR", "en": "VNPay: card, bank, QR"}

    def __init__(
        self, *, tmn_code: str, secret: str, pay_url: str, api_url: str, timeout_seconds: float = 15
    ) -> None:
        self._tmn_code = tmn_code
        self._secret = secret
        self._pay_url = pay_url
        self._api = VNPayAPI(tmn_code, secret, api_url, Caller(timeout_seconds))

    def accepts(self, amount: int, currency: str) -> bool:
        return currency == "VND" and _LEAST <= amount <= _MOST

    def create(self, payment: PaymentToMake) -> PaymentStep:
        """The signed address of the page; VNPay hears of the attempt when the browser opens it."""
        if not self.accepts(payment.amount, payment.currency):
            raise GatewayRefused(f"VNPay takes {_LEAST} to {_MOST} VND")
        fields = {
            "vnp_Version": VERSION,
            "vnp_Command": "pay",
            "vnp_TmnCode": self._tmn_code,
            "vnp_Amount": written_amount(payment.amount),
            "vnp_CurrCode": "VND",
            "vnp_TxnRef": payment.reference,
            "vnp_OrderInfo": plain(payment.description) or payment.reference,
            "vnp_OrderType": "other",
            "vnp_Locale": "vn" if payment.locale == "vi" else "en",
            "vnp_ReturnUrl": payment.return_url,
            "vnp_IpAddr": ipv4(payment.customer_ip),
            "vnp_CreateDate": written_date(payment.created_at),
            "vnp_ExpireDate": written_date(payment.expires_at),
        }
        return PaymentStep(
            kind="redirect", url=f"{self._pay_url}?{signed_query(fields, self._secret)}"
        )

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        try:
            event = self._event(request)
        except BadSignature:
            return ReturnInfo()
        return ReturnInfo(reference=event.reference, outcome=event.outcome, is_valid=True)

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        return [self._event(request)]

    def _event(self, request: GatewayRequest) -> GatewayEvent:
        fields = verified(request.query, request.raw_query, self._secret)
        if fields.get("vnp_TmnCode") != self._tmn_code:
            raise BadSignature("vnp_TmnCode is another shop's")
        if any(not 0 < len(fields.get(name, "")) <= _LONGEST for name in _NEEDED):
            raise BadSignature("a field is missing or too long")
        reference, amount, code, status = (fields[name] for name in _NEEDED)
        number = fields.get("vnp_TransactionNo", "")[:_LONGEST]
        dong = read_amount(amount)
        if dong is None:
            raise BadSignature("vnp_Amount is no amount")
        said = outcome(code, status)
        return GatewayEvent(
            event_id=event_id(reference, number, code, status),
            outcome=said,
            reference=reference,
            amount=dong,
            currency="VND",
            transaction_id=transaction_id(number, said),
            reason=reason(code, status),
            occurred_at=read_date(fields.get("vnp_PayDate", "")),
            raw=fields,
        )

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        code, message = _REPLIES[result]
        return GatewayReply(status=200, body={"RspCode": code, "Message": message})

    def query(self, payment: KnownPayment) -> GatewayEvent:
        return self._api.query(payment)

    def refund(self, refund: RefundToMake) -> RefundResult:
        return self._api.refund(refund)

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        return self._api.query_refund(refund)
