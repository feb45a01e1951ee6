"""A VNPay of one's own for tests: its page, its API, and the calls that it makes to the shop.

It speaks the protocol from the other side and shares no code with the gateway that it tests.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

from wrencos_commerce.testing.local_http import Answer, FakeServer, Request, parser, run
from wrencos_commerce.testing.vnpay_books import Refund, Transaction, read, written
from wrencos_core.api import now

TMN_CODE = "TESTTMN1"
SECRET = "VNPAYTESTSECRETKEY0123456789ABCD"

_QUERY = "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
_REFUND = (
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo "
    "TransactionDate CreateBy CreateDate IpAddr OrderInfo"
)
_ANSWER = (
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate "
    "TransactionNo TransactionType TransactionStatus OrderInfo"
)
_QUERY_ANSWER = f"{_ANSWER} PromotionCode PromotionAmount"
_MANDATORY = (
    "Version Command TmnCode Amount CurrCode TxnRef OrderInfo OrderType Locale ReturnUrl IpAddr "
    "CreateDate ExpireDate"
)


class FakeVNPay(FakeServer):
    """Keeps what was paid and paid back, by the shop's reference, in VND.

    `refund_status` is the status of new refunds (`05`, `06`: under way; `09`: rejected);
    `is_signing` False: its API answers errors that nobody signed.
    """

    remote = FakeServer.remote | {"pay", "ipn", "return_address", "settle_refunds"}

    def __init__(self, port: int = 0, tmn_code: str = TMN_CODE, secret: str = SECRET) -> None:
        super().__init__(port)
        self.tmn_code = tmn_code
        self.secret = secret
        self.transactions: dict[str, Transaction] = {}
        self.refund_status = "00"
        self.is_signing = True
        self._seen: set[str] = set()
        self._number = 14_000_000

    @property
    def pay_url(self) -> str:
        return f"{self.url}/paymentv2/vpcpay.html"

    @property
    def api_url(self) -> str:
        return f"{self.url}/merchant_webapi/api/transaction"

    @property
    def paid(self) -> dict[str, int]:
        """VND that customers have paid, by the shop's reference."""
        with self.lock:
            return {t.reference: t.amount for t in self.transactions.values() if t.status == "00"}

    @property
    def refunded(self) -> dict[str, int]:
        """VND that were paid back or are about to be, by the shop's reference."""
        with self.lock:
            return {
                t.reference: sum(r.amount for r in t.refunds if r.status != "09")
                for t in self.transactions.values()
                if t.refunds
            }

    def books(self) -> Mapping[str, Any]:
        return {
            "paid": self.paid,
            "refunded": self.refunded,
            "transactions": [asdict(it) for it in self.transactions.values()],
        }

    # What a customer does.

    def pay(self, reference: str, code: str = "00", status: str | None = None) -> str:
        """Let the customer of an opened page pay, or fail with `code`; the IPN's query string."""
        with self.lock:
            transaction = self.transactions[reference]
            transaction.code = code
            transaction.status = status or ("00" if code == "00" else "02")
            transaction.paid_at = written(now())
            took_money = transaction.status == "00" or code == "07"
            transaction.number = self._next_number() if took_money else "0"
            return self.ipn(reference)

    def ipn(self, reference: str, **changes: str) -> str:
        """The signed query string about an attempt; `changes` (`Amount="1"`) are signed too."""
        transaction = self.transactions[reference]
        fields = {
            "Amount": str(transaction.amount * 100),
            "BankCode": "NCB",
            "CardType": "ATM",
            "OrderInfo": transaction.order_info,
            "PayDate": transaction.paid_at,
            "ResponseCode": transaction.code,
            "TmnCode": self.tmn_code,
            "TransactionNo": transaction.number,
            "TransactionStatus": transaction.status,
            "TxnRef": reference,
            **changes,
        }
        return self.sign({f"vnp_{name}": value for name, value in fields.items()})

    def return_address(self, reference: str) -> str:
        """Where the browser is sent back to."""
        url = self.transactions[reference].return_url
        return f"{url}{'&' if '?' in url else '?'}{self.ipn(reference)}"

    def sign(self, fields: Mapping[str, str]) -> str:
        """A query string of these fields with VNPay's signature."""
        text = "&".join(f"{key}={quote_plus(fields[key])}" for key in sorted(fields) if fields[key])
        return f"{text}&vnp_SecureHash={self._mac(text)}"

    def settle_refunds(self, status: str = "00") -> None:
        """Bring every refund that is under way to an end."""
        with self.lock:
            for transaction in self.transactions.values():
                for refund in transaction.refunds:
                    if refund.status in ("05", "06"):
                        refund.status = status

    # What the shop asks for.

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) == ("GET", "/paymentv2/vpcpay.html"):
            return self._open(request.query)
        if (request.method, request.path) == ("POST", "/merchant_webapi/api/transaction"):
            return self._api(json.loads(request.body))
        return Answer(404, {})

    def _open(self, query: str) -> Answer:
        pairs = parse_qsl(query, keep_blank_values=True)
        fields = dict(pairs)
        given = fields.pop("vnp_SecureHash", "")
        text = urlencode(sorted(fields.items()))
        if len(pairs) != len(fields) + 1 or given != self._mac(text):
            return Answer(400, {"code": "70", "message": "Invalid signature"})
        values = {name.removeprefix("vnp_"): value for name, value in fields.items()}
        if any(not values.get(name) for name in _MANDATORY.split()):
            return Answer(400, {"code": "03", "message": "Invalid data"})
        if (values["TmnCode"], values["Version"]) != (self.tmn_code, "2.1.0"):
            return Answer(400, {"code": "02", "message": "Invalid TmnCode"})
        if read(values["ExpireDate"]) <= now():
            return Answer(400, {"code": "15", "message": "The transaction has expired"})
        made = Transaction(
            reference=values["TxnRef"],
            amount=int(values["Amount"]) // 100,
            created=values["CreateDate"],
            order_info=values["OrderInfo"],
            return_url=values["ReturnUrl"],
        )
        known = self.transactions.setdefault(made.reference, made)
        if (known.amount, known.created) != (made.amount, made.created):
            return Answer(400, {"code": "01", "message": "The order exists already"})
        return Answer(200, {"reference": known.reference, "amount": known.amount})

    def _api(self, body: Mapping[str, Any]) -> Answer:
        values = {name.removeprefix("vnp_"): str(value) for name, value in body.items()}
        if not self.is_signing:
            return Answer(200, {"vnp_ResponseCode": "99", "vnp_Message": "Unknown error"})
        names = (_QUERY if values.get("Command") == "querydr" else _REFUND).split()
        if any(name not in values for name in names):
            return self._signed(values, "03")
        if values.get("SecureHash") != self._mac("|".join(values[name] for name in names)):
            return self._signed(values, "97")
        if values["TmnCode"] != self.tmn_code:
            return self._signed(values, "02")
        if values["RequestId"] in self._seen:
            return self._signed(values, "94")
        transaction = self.transactions.get(values["TxnRef"])
        if transaction is None or transaction.created != values["TransactionDate"]:
            return self._signed(values, "91")
        self._seen.add(values["RequestId"])
        if values["Command"] == "querydr":
            last = transaction.refunds[-1] if transaction.refunds else None
            return self._signed(values, "00", transaction, last)
        return self._refund(values, transaction)

    def _refund(self, values: Mapping[str, str], transaction: Transaction) -> Answer:
        amount, rest = int(values["Amount"]), transaction.amount
        rest -= self.refunded.get(transaction.reference, 0)
        if transaction.status != "00" or values["TransactionNo"] not in ("", transaction.number):
            return self._signed(values, "95")
        if amount % 100 or not 0 < amount // 100 <= rest:
            return self._signed(values, "99")
        refund = Refund(
            request_id=values["RequestId"],
            number=self._next_number(),
            amount=amount // 100,
            status=self.refund_status,
            order_info=values["OrderInfo"],
            kind=values["TransactionType"],
        )
        transaction.refunds.append(refund)
        return self._signed(values, "00", transaction, refund)

    def _signed(
        self,
        asked: Mapping[str, str],
        code: str,
        transaction: Transaction | None = None,
        refund: Refund | None = None,
    ) -> Answer:
        told = {
            "ResponseId": hashlib.md5(repr(asked).encode(), usedforsecurity=False).hexdigest(),
            "Command": asked.get("Command", ""),
            "ResponseCode": code,
            "Message": "Success" if code == "00" else f"Error {code}",
            "TmnCode": self.tmn_code,
            "TxnRef": asked.get("TxnRef", ""),
            **(transaction.told(refund) if transaction else {}),
        }
        names = (_QUERY_ANSWER if told["Command"] == "querydr" else _ANSWER).split()
        signature = self._mac("|".join(told.get(name, "") for name in names))
        body = {f"vnp_{name}": value for name, value in told.items()}
        return Answer(200, {**body, "vnp_SecureHash": signature})

    def _next_number(self) -> str:
        self._number += 1
        return str(self._number)

    def _mac(self, text: str) -> str:
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def main(arguments: Iterable[str] | None = None) -> None:
    """`python -m wrencos_commerce.testing.fake_vnpay --port 9001`."""
    options = parser("A VNPay for tests.")
    options.add_argument("--tmn-code", default=TMN_CODE)
    options.add_argument("--secret", default=SECRET)
    given = options.parse_args(None if arguments is None else list(arguments))
    run(FakeVNPay, given, tmn_code=given.tmn_code, secret=given.secret)


if __name__ == "__main__":
    main()
