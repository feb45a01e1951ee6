"""A PayPal of one's own for tests: tokens, orders, captures, refunds, and events it vouches for.

It speaks the protocol from the other side and shares no code with the gateway that it tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from wrencos_commerce.testing.local_http import Answer, FakeServer, Request, parser, run
from wrencos_core.api import now

CLIENT_ID = "AfakeClientIdOfPayPal"
SECRET = "EfakeSecretOfPayPal"
WEBHOOK_ID = "8PT597110X687430LKGECATA"

_TOKEN_SECONDS = 32_400
_SENDER = b"the key that only PayPal has"


class Message(NamedTuple):
    """A request to the shop's webhook."""

    body: bytes
    headers: dict[str, str]


class Refused(Exception):
    """An answer in PayPal's form."""

    def __init__(self, status: int, issue: str) -> None:
        super().__init__(issue)
        body = {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": issue}]}
        self.answer = Answer(status, body)


class FakePayPal(FakeServer):
    """Keeps what was paid and paid back, by the shop's reference, as text such as `9.84`.

    `capture_status` is the status of new captures (`COMPLETED`, `PENDING`, `DECLINED`), or an
    issue such as `INSTRUMENT_DECLINED` that refuses them; `refund_status` that of new refunds.
    """

    remote = FakeServer.remote | {"approve", "settle_capture", "settle_refund", "order_of"}

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.orders: dict[str, dict[str, Any]] = {}
        self.captures: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        self.capture_status = "COMPLETED"
        self.refund_status = "COMPLETED"
        self._answered: dict[tuple[str, str], Answer] = {}
        self._count = 0

    @property
    def paid(self) -> dict[str, str]:
        with self.lock:
            return {
                it["custom_id"]: it["amount"]["value"]
                for it in self.captures.values()
                if it["status"] in ("COMPLETED", "REFUNDED", "PARTIALLY_REFUNDED")
            }

    @property
    def refunded(self) -> dict[str, str]:
        with self.lock:
            sums = {id: self._paid_back(id) for id in self.captures}
            return {self.captures[id]["custom_id"]: str(it) for id, it in sums.items() if it}

    def books(self) -> Mapping[str, Any]:
        return {
            "paid": self.paid,
            "refunded": self.refunded,
            "orders": [self._told(it) for it in self.orders.values()],
        }

    def order_of(self, reference: str) -> dict[str, Any]:
        """The newest order of an attempt."""
        with self.lock:
            found = [it for it in self.orders.values() if _unit(it)["custom_id"] == reference]
            return self._told(found[-1])

    # What a customer and PayPal do.

    def approve(self, order_id: str) -> Message:
        """Let the customer agree; the event that the shop is told."""
        with self.lock:
            self.orders[order_id]["status"] = "APPROVED"
            return self.event("CHECKOUT.ORDER.APPROVED", self._told(self.orders[order_id]))

    def captured(self, order_id: str) -> Message:
        """The event about the capture of an order."""
        with self.lock:
            capture = self.captures[self.orders[order_id]["capture"]]
            kind = {"DECLINED": "DENIED"}.get(capture["status"], capture["status"])
            return self.event(f"PAYMENT.CAPTURE.{kind}", capture)

    def settle_capture(self, order_id: str, status: str = "COMPLETED") -> Message:
        """Bring a pending capture to its end."""
        with self.lock:
            self.captures[self.orders[order_id]["capture"]] |= self._state(status)
            return self.captured(order_id)

    def settle_refund(self, refund_id: str, status: str = "COMPLETED") -> Message:
        """Bring a pending refund to its end."""
        with self.lock:
            refund = self.refunds[refund_id]
            refund["status"] = status
            failed = status == "FAILED"
            return self.event(
                f"PAYMENT.{'REFUND.FAILED' if failed else 'CAPTURE.REFUNDED'}", refund
            )

    def event(self, type: str, resource: Any) -> Message:
        """An event that PayPal vouches for."""
        body = {"id": f"WH-{self._new_id()}", "event_type": type, "resource": resource}
        return self.sign(json.dumps(body).encode())

    def sign(self, body: bytes) -> Message:
        """A message of these bytes that PayPal vouches for."""
        id, moment = self._new_id(), now().isoformat()
        return Message(
            body,
            {
                "PayPal-Auth-Algo": "SHA256withRSA",
                "PayPal-Cert-Url": f"{self.url}/v1/notifications/certs/CERT-1",
                "PayPal-Transmission-Id": id,
                "PayPal-Transmission-Sig": _signature(id, moment, WEBHOOK_ID, body),
                "PayPal-Transmission-Time": moment,
            },
        )

    # What the shop asks for.

    def answer(self, request: Request) -> Answer:
        if request.path == "/v1/oauth2/token":
            return self._new_token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(401, {"name": "AUTHENTICATION_FAILURE"})
        key = (request.path, request.headers.get("paypal-request-id", ""))
        if key in self._answered:
            return self._answered[key]
        try:
            answer = self._do(request)
        except Refused as refused:
            return refused.answer
        except (KeyError, ValueError, TypeError):
            return Refused(400, "INVALID_REQUEST").answer
        if key[1]:
            # As it is now: what is done to it later is no part of the answer.
            self._answered[key] = Answer(200, json.loads(json.dumps(answer.body)))
        return answer

    def _new_token(self, request: Request) -> Answer:
        login = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return Answer(401, {"error": "invalid_client"})
        if request.body != b"grant_type=client_credentials":
            return Answer(400, {"error": "unsupported_grant_type"})
        token = f"A21AA{self._new_id()}"
        self.tokens.add(token)
        return Answer(200, {"access_token": token, "expires_in": _TOKEN_SECONDS})

    def _do(self, request: Request) -> Answer:
        body = json.loads(request.body) if request.body else {}
        match [request.method, *request.path.removeprefix("/").split("/")]:
            case ["POST", "v2", "checkout", "orders"]:
                return Answer(201, self._create_order(body))
            case ["GET", "v2", "checkout", "orders", id]:
                return Answer(200, self._told(_found(self.orders, id)))
            case ["POST", "v2", "checkout", "orders", id, "capture"]:
                return Answer(201, self._capture(_found(self.orders, id)))
            case ["POST", "v2", "payments", "captures", id, "refund"]:
                return Answer(201, self._refund(_found(self.captures, id), body))
            case ["GET", "v2", "payments", "captures", id]:
                return Answer(200, _found(self.captures, id))
            case ["GET", "v2", "payments", "refunds", id]:
                return Answer(200, _found(self.refunds, id))
            case ["POST", "v1", "notifications", "verify-webhook-signature"]:
                return Answer(200, {"verification_status": self._verified(request.body)})
        raise Refused(404, "RESOURCE_NOT_FOUND")

    def _create_order(self, body: dict[str, Any]) -> dict[str, Any]:
        [unit] = body["purchase_units"]
        amount, code = Decimal(unit["amount"]["value"]), unit["amount"]["currency_code"]
        if code == "VND":
            raise Refused(422, "CURRENCY_NOT_SUPPORTED")
        whole = code in ("HUF", "JPY", "TWD")
        if amount <= 0 or amount.as_tuple().exponent != (0 if whole else -2):
            raise Refused(422, "DECIMAL_PRECISION")
        if (
            body["intent"] != "CAPTURE"
            or not body["payment_source"]["paypal"]["experience_context"]
        ):
            raise Refused(422, "UNSUPPORTED_INTENT")
        id = self._new_id()
        self.orders[id] = {
            "id": id,
            "status": "PAYER_ACTION_REQUIRED",
            "purchase_units": [unit],
            "links": [
                {"href": f"{self.url}/v2/checkout/orders/{id}", "rel": "self"},
                {"href": f"{self.url}/checkoutnow?token={id}", "rel": "payer-action"},
            ],
            "capture": None,
        }
        return self._told(self.orders[id])

    def _capture(self, order: dict[str, Any]) -> dict[str, Any]:
        if order["capture"] is not None:
            raise Refused(422, "ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise Refused(422, "ORDER_NOT_APPROVED")
        if self.capture_status not in ("COMPLETED", "PENDING", "DECLINED"):
            raise Refused(422, self.capture_status)
        unit, id = _unit(order), self._new_id()
        self.captures[id] = {
            "id": id,
            "amount": unit["amount"],
            "custom_id": unit["custom_id"],
            "supplementary_data": {"related_ids": {"order_id": order["id"]}},
            "seller_receivable_breakdown": {
                "paypal_fee": {**unit["amount"], "value": "1.00"},
            },
            **self._state(self.capture_status),
        }
        order |= {"status": "COMPLETED", "capture": id}
        return self._told(order)

    @staticmethod
    def _state(status: str) -> dict[str, Any]:
        is_open = status == "PENDING"
        return {"status": status, "status_details": {"reason": "PENDING_REVIEW"} if is_open else {}}

    def _refund(self, capture: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if capture["status"] not in ("COMPLETED", "PARTIALLY_REFUNDED"):
            raise Refused(422, "CAPTURE_FULLY_REFUNDED")
        rest = Decimal(capture["amount"]["value"]) - self._paid_back(capture["id"])
        amount = Decimal(body["amount"]["value"])
        if body["amount"]["currency_code"] != capture["amount"]["currency_code"]:
            raise Refused(422, "CURRENCY_MISMATCH")
        if not 0 < amount <= rest:
            raise Refused(422, "REFUND_AMOUNT_EXCEEDED")
        id = self._new_id()
        self.refunds[id] = {
            "id": id,
            "status": self.refund_status,
            "amount": body["amount"],
            "custom_id": body.get("custom_id"),
            "links": [
                {"href": f"{self.url}/v2/payments/captures/{capture['id']}", "rel": "up"},
            ],
            "capture": capture["id"],
        }
        capture["status"] = "REFUNDED" if amount == rest else "PARTIALLY_REFUNDED"
        return self.refunds[id]

    def _paid_back(self, capture_id: str) -> Decimal:
        return sum(
            (
                Decimal(it["amount"]["value"])
                for it in self.refunds.values()
                if it["capture"] == capture_id and it["status"] in ("COMPLETED", "PENDING")
            ),
            Decimal(0),
        )

    def _told(self, order: dict[str, Any]) -> dict[str, Any]:
        """An order as PayPal shows it: with its captures and refunds in its unit."""
        unit = dict(_unit(order))
        if order["capture"] is not None:
            unit["payments"] = {
                "captures": [self.captures[order["capture"]]],
                "refunds": [
                    it for it in self.refunds.values() if it["capture"] == order["capture"]
                ],
            }
        return {**order, "purchase_units": [unit]}

    def _verified(self, body: bytes) -> str:
        sent = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        named = {
            name: msgspec.json.decode(sent[name], type=str)
            for name in ("transmission_id", "transmission_time", "webhook_id", "transmission_sig")
        }
        expected = _signature(
            named["transmission_id"],
            named["transmission_time"],
            named["webhook_id"],
            bytes(sent["webhook_event"]),
        )
        is_ours = named["webhook_id"] == WEBHOOK_ID and named["transmission_sig"] == expected
        return "SUCCESS" if is_ours else "FAILURE"

    def _new_id(self) -> str:
        with self.lock:
            self._count += 1
            return f"{self._count:017}"


def _found(things: dict[str, dict[str, Any]], id: str) -> dict[str, Any]:
    if id not in things:
        raise Refused(404, "INVALID_RESOURCE_ID")
    return things[id]


def _unit(order: Mapping[str, Any]) -> dict[str, Any]:
    unit: dict[str, Any] = order["purchase_units"][0]
    return unit


def _signature(id: str, moment: str, webhook_id: str, body: bytes) -> str:
    # PayPal signs this text with a certificate; here a key does, as only PayPal checks it.
    text = f"{id}|{moment}|{webhook_id}|{zlib.crc32(body)}"
    return base64.b64encode(hmac.new(_SENDER, text.encode(), hashlib.sha256).digest()).decode()


def main(arguments: Iterable[str] | None = None) -> None:
    """`python -m wrencos_commerce.testing.fake_paypal --port 9003`."""
    given = parser("A PayPal for tests.").parse_args(None if arguments is None else [*arguments])
    run(FakePayPal, given)


if __name__ == "__main__":
    main()
