"""VNPay's API: asking for a payment (querydr) and paying back (refund)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from wrencos_commerce.services.gateways.calls import Caller, as_json
from wrencos_commerce.services.gateways.vnpay_fields import (
    SUCCESS,
    VERSION,
    event_id,
    outcome_of_status,
    plain,
    read_amount,
    read_date,
    reason,
    transaction_id,
    written_amount,
    written_date,
)
from wrencos_commerce.services.gateways.vnpay_signing import check_pipe_signature, pipe_signature
from wrencos_core.api import now
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayRefused,
    GatewayUnavailable,
    KnownPayment,
    PaymentOutcome,
    RefundOutcome,
    RefundResult,
    RefundToMake,
)

Fields = Mapping[str, str]

# What is signed, in this order, without the prefix `vnp_`.
_QUERY = "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
_REFUND = (
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo "
    "TransactionDate CreateBy CreateDate IpAddr OrderInfo"
)
_REFUND_ANSWER = (
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate "
    "TransactionNo TransactionType TransactionStatus OrderInfo"
)
_QUERY_ANSWER = f"{_REFUND_ANSWER} PromotionCode PromotionAmount"

_PAYMENT, _FULL_REFUND, _PARTIAL_REFUND = "01", "02", "03"
_NOT_FOUND = "91"
# Nothing was done, and asking again would change nothing: the terminal, the format, an unknown
# payment, one that did not succeed, the checksum.
_REFUSED = {"02", "03", "91", "95", "97"}
_REFUNDS = {
    SUCCESS: RefundOutcome.SUCCEEDED,
    "02": RefundOutcome.REJECTED,
    "05": RefundOutcome.PROCESSING,
    "06": RefundOutcome.PROCESSING,
    "09": RefundOutcome.REJECTED,
}
# VNPay wants an address of who asks; it is not looked up.
_OUR_ADDRESS = "127.0.0.1"


class VNPayAPI:
    """An answer that is not signed, not ours or not about what was asked is no answer."""

    def __init__(self, tmn_code: str, secret: str, url: str, caller: Caller) -> None:
        self._tmn_code = tmn_code
        self._secret = secret
        self._url = url
        self._caller = caller

    def query(self, payment: KnownPayment) -> GatewayEvent:
        """What VNPay knows of the payment.

        It does not know an attempt whose page was never opened: that is one which can still be
        paid until it expires, and can't any more after that.
        """
        answer = self._ask(payment)
        code = answer["ResponseCode"]
        if code == _NOT_FOUND:
            return self._never_opened(payment, answer)
        if code in _REFUSED:
            raise GatewayRefused(_told(answer))
        if code != SUCCESS or answer["TransactionType"] != _PAYMENT:
            raise GatewayUnavailable(_told(answer))
        status, number = answer["TransactionStatus"], answer["TransactionNo"]
        outcome, amount = outcome_of_status(status), read_amount(answer["Amount"])
        if amount is None:
            raise GatewayUnavailable("vnp_Amount is no amount")
        return GatewayEvent(
            event_id=event_id(payment.reference, number, code, status),
            outcome=outcome,
            reference=payment.reference,
            amount=amount,
            currency="VND",
            transaction_id=transaction_id(number, outcome),
            reason=reason(code, status),
            occurred_at=read_date(answer["PayDate"]),
            raw=answer,
        )

    @staticmethod
    def _never_opened(payment: KnownPayment, answer: Fields) -> GatewayEvent:
        is_over = now() >= payment.expires_at
        outcome = PaymentOutcome.EXPIRED if is_over else PaymentOutcome.PENDING
        return GatewayEvent(
            event_id=event_id(payment.reference, "", _NOT_FOUND, outcome.value),
            outcome=outcome,
            reference=payment.reference,
            raw=answer,
        )

    def refund(self, refund: RefundToMake) -> RefundResult:
        """Pay back; 94 (asked before, or too soon) leaves open which of the two it is."""
        payment = refund.payment
        answer = self._send(
            {
                "RequestId": refund.request_id,
                "Version": VERSION,
                "Command": "refund",
                "TmnCode": self._tmn_code,
                "TransactionType": _FULL_REFUND if refund.is_full else _PARTIAL_REFUND,
                "TxnRef": payment.reference,
                "Amount": written_amount(refund.amount),
                "TransactionNo": payment.transaction_id or "",
                "TransactionDate": written_date(payment.created_at),
                "CreateBy": plain(refund.actor, 100) or "shop",
                "CreateDate": written_date(refund.requested_at),
                "IpAddr": _OUR_ADDRESS,
                # The request is named here too: it is how query_refund knows it again.
                "OrderInfo": plain(f"Hoan tien {refund.request_id}"),
            },
            _REFUND,
            _REFUND_ANSWER,
        )
        if answer["ResponseCode"] in _REFUSED:
            raise GatewayRefused(_told(answer))
        if answer["ResponseCode"] != SUCCESS:
            raise GatewayUnavailable(_told(answer))
        if answer["Amount"] and answer["Amount"] != written_amount(refund.amount):
            raise GatewayUnavailable("the answer is about another amount")
        return self._refunded(answer)

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        """What querydr says of the last thing that was done with the payment.

        Raises GatewayUnavailable when that is another refund: nothing is known of this one then.
        """
        answer = self._ask(refund.payment)
        if answer["ResponseCode"] != SUCCESS:
            raise GatewayUnavailable(_told(answer))
        if answer["TransactionType"] == _PAYMENT and answer["TransactionStatus"] == SUCCESS:
            return RefundResult(outcome=RefundOutcome.NOT_FOUND, raw=answer)
        is_this = refund.request_id in answer["OrderInfo"].split()
        number = transaction_id(answer["TransactionNo"])
        is_this = is_this or (number is not None and number == refund.gateway_refund_id)
        if answer["TransactionType"] not in (_FULL_REFUND, _PARTIAL_REFUND) or not is_this:
            raise GatewayUnavailable("VNPay tells of something else than this refund")
        return self._refunded(answer)

    @staticmethod
    def _refunded(answer: Fields) -> RefundResult:
        status = answer["TransactionStatus"]
        if status not in _REFUNDS:
            raise GatewayUnavailable(_told(answer))
        outcome = _REFUNDS[status]
        return RefundResult(
            outcome=outcome,
            gateway_refund_id=transaction_id(answer["TransactionNo"]),
            reason=_told(answer) if outcome is RefundOutcome.REJECTED else None,
            raw=answer,
        )

    def _ask(self, payment: KnownPayment) -> Fields:
        request = {
            "RequestId": secrets.token_hex(16),
            "Version": VERSION,
            "Command": "querydr",
            "TmnCode": self._tmn_code,
            "TxnRef": payment.reference,
            "TransactionDate": written_date(payment.created_at),
            "CreateDate": written_date(now()),
            "IpAddr": _OUR_ADDRESS,
            "OrderInfo": plain(f"Truy van {payment.reference}"),
        }
        return self._send(request, _QUERY, _QUERY_ANSWER)

    def _send(self, request: Fields, signed: str, answer_signed: str) -> Fields:
        """The verified answer to a signed request."""
        try:
            signature = pipe_signature([request[name] for name in signed.split()], self._secret)
        except ValueError as error:
            raise GatewayRefused(str(error)) from error
        body = {f"vnp_{name}": value for name, value in request.items()}
        body["vnp_SecureHash"] = signature
        headers = {"Content-Type": "application/json"}
        answered = self._caller.send("POST", self._url, body=as_json(body), headers=headers)
        given = answered.read(dict[str, str | int | None])
        names = answer_signed.split()
        values = {name: _text(given.get(f"vnp_{name}")) for name in names}
        try:
            check_pipe_signature(
                [values[name] for name in names], _text(given.get("vnp_SecureHash")), self._secret
            )
        except BadSignature as error:
            raise GatewayUnavailable("the answer is not signed by VNPay") from error
        self._check_subject(request, values)
        return values

    def _check_subject(self, request: Fields, answer: Fields) -> None:
        expected: Sequence[tuple[str, str]] = (
            ("Command", request["Command"]),
            ("TmnCode", self._tmn_code),
            ("TxnRef", request["TxnRef"]),
        )
        for name, value in expected:
            if answer[name] != value:
                raise GatewayUnavailable(f"vnp_{name} of the answer is another than asked for")


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)


def _told(answer: Fields) -> str:
    code, status = answer["ResponseCode"], answer["TransactionStatus"]
    return plain(f"VNPay answered {code} {answer['Message']} status {status}", 200)
