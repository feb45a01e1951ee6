"""Calls of PayPal's REST API: orders, captures, refunds, and its check of webhooks."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from wrencos_commerce.services.gateways.calls import Answer, Caller, as_json
from wrencos_commerce.services.gateways.paypal_fields import Order, Refund
from wrencos_core.api import now
from wrencos_core.contracts.payments import GatewayRefused, GatewayUnavailable

T = TypeVar("T")
Read = tuple[T, dict[str, Any]]

# A token is given up before its end, as it must not end on the way.
_SPARE = timedelta(seconds=60)


class PayPalRefused(GatewayRefused):
    """PayPal's no; `issue` is its name of the reason, such as `INSTRUMENT_DECLINED`."""

    def __init__(self, status: int, issue: str) -> None:
        super().__init__(f"PayPal: {issue or status}")
        self.status = status
        self.issue = issue


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int


class _Issue(msgspec.Struct):
    issue: str = ""


class _Problem(msgspec.Struct):
    name: str = ""
    details: list[_Issue] = []


class _Verification(msgspec.Struct):
    verification_status: str


class PayPalAPI:
    """Each method raises GatewayRefused or GatewayUnavailable. Safe to use from many threads."""

    def __init__(self, client_id: str, secret: str, base: str, caller: Caller) -> None:
        self._login = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        self._base = base
        self._caller = caller
        self._lock = threading.Lock()
        self._token: tuple[str, datetime] | None = None

    def create_order(self, body: Mapping[str, Any], request_id: str) -> Order:
        return self._call("POST", "/v2/checkout/orders", Order, body, request_id)[0]

    def order(self, id: str) -> Read[Order]:
        return self._call("GET", f"/v2/checkout/orders/{_part(id)}", Order)

    def capture(self, order_id: str, request_id: str) -> Read[Order]:
        path = f"/v2/checkout/orders/{_part(order_id)}/capture"
        return self._call("POST", path, Order, {}, request_id)

    def create_refund(
        self, capture_id: str, body: Mapping[str, Any], request_id: str
    ) -> Read[Refund]:
        path = f"/v2/payments/captures/{_part(capture_id)}/refund"
        return self._call("POST", path, Refund, body, request_id)

    def refund(self, id: str) -> Read[Refund]:
        return self._call("GET", f"/v2/payments/refunds/{_part(id)}", Refund)

    def is_genuine(self, transmission: Mapping[str, str], webhook_id: str, event: bytes) -> bool:
        """Whether PayPal sent this event, byte for byte, to our webhook."""
        body = {**transmission, "webhook_id": webhook_id, "webhook_event": msgspec.Raw(event)}
        path = "/v1/notifications/verify-webhook-signature"
        answer, _ = self._call("POST", path, _Verification, body)
        return answer.verification_status == "SUCCESS"

    def _call(
        self,
        method: str,
        path: str,
        type: type[T],
        body: Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> Read[T]:
        answer = self._send(method, path, body, request_id, self._access_token())
        if answer.status == 401:
            # It was taken back before its end.
            answer = self._send(method, path, body, request_id, self._access_token(renew=True))
        if answer.status == 409:  # the same request is being worked on
            raise GatewayUnavailable("PayPal answered 409")
        if answer.status >= 400:
            raise _refusal(answer)
        return answer.read(type), answer.read(dict[str, Any])

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        request_id: str | None,
        token: str,
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Prefer": "return=representation",
        }
        if request_id is not None:
            headers["PayPal-Request-Id"] = request_id
        content = None if body is None else as_json(body)
        return self._caller.send(method, f"{self._base}{path}", body=content, headers=headers)

    def _access_token(self, *, renew: bool = False) -> str:
        with self._lock:
            if self._token is None or renew or now() >= self._token[1]:
                self._token = None
                self._token = self._new_token()
            return self._token[0]

    def _new_token(self) -> tuple[str, datetime]:
        answer = self._caller.send(
            "POST",
            f"{self._base}/v1/oauth2/token",
            body=b"grant_type=client_credentials",
            headers={
                "Authorization": f"Basic {self._login}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        if answer.status >= 400:
            raise PayPalRefused(answer.status, "it does not know our client id and secret")
        token = answer.read(_Token)
        return token.access_token, now() + timedelta(seconds=token.expires_in) - _SPARE


def _refusal(answer: Answer) -> PayPalRefused:
    try:
        problem = msgspec.json.decode(answer.body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem()
    issue = next((it.issue for it in problem.details if it.issue), problem.name)
    return PayPalRefused(answer.status, issue[:100])


def _part(id: str) -> str:
    return quote(id, safe="")
