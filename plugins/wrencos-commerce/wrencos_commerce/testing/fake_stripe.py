"""A Stripe of one's own for tests: sessions, refunds, idempotency keys, and signed events.

It speaks the protocol from the other side and shares no code with the gateway that it tests.
Amounts are in Stripe's units: whole ones of VND and JPY, hundredths of most others.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

from wrencos_commerce.testing.local_http import Answer, FakeServer, Request, parser, run
from wrencos_core.api import now

KEY = "sk_test_wrencos0123456789"
WEBHOOK_SECRET = "whsec_test_secret_0123456789"

_HALF_AN_HOUR, _DAY = 30 * 60, 24 * 60 * 60


class Message(NamedTuple):
    """A request to the shop's webhook."""

    body: bytes
    headers: dict[str, str]


class Refused(Exception):
    """An answer of 400 or 404 in Stripe's form."""

    def __init__(self, message: str, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        error = {"type": "invalid_request_error", "message": message, **more}
        self.answer = Answer(status, {"error": error})


class FakeStripe(FakeServer):
    """Keeps what was paid and paid back, by the shop's reference.

    `refund_status` is the status of new refunds: `succeeded`, `pending` or `failed`.
    """

    remote = FakeServer.remote | {"pay", "settle", "expire", "settle_refund", "session_of"}

    def __init__(self, port: int = 0, key: str = KEY, webhook_secret: str = WEBHOOK_SECRET) -> None:
        super().__init__(port)
        self.key = key
        self.webhook_secret = webhook_secret
        self.sessions: dict[str, dict[str, Any]] = {}
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.refund_status = "succeeded"
        self._answered: dict[str, tuple[Any, Answer]] = {}
        self._count = 0

    @property
    def paid(self) -> dict[str, int]:
        with self.lock:
            return {
                it["client_reference_id"]: it["amount_total"]
                for it in self.sessions.values()
                if it["payment_status"] == "paid"
            }

    @property
    def refunded(self) -> dict[str, int]:
        with self.lock:
            sums: dict[str, int] = {}
            for refund in self.refunds.values():
                if refund["status"] not in ("failed", "canceled"):
                    reference = self.intents[refund["payment_intent"]]["metadata"]["reference"]
                    sums[reference] = sums.get(reference, 0) + refund["amount"]
            return sums

    def books(self) -> Mapping[str, Any]:
        sessions = list(self.sessions.values())
        return {"paid": self.paid, "refunded": self.refunded, "sessions": sessions}

    def session_of(self, reference: str) -> dict[str, Any]:
        """The newest session of an attempt."""
        with self.lock:
            found = [it for it in self.sessions.values() if it["client_reference_id"] == reference]
            return found[-1]

    # What a customer does.

    def pay(self, session_id: str, how: Literal["now", "later"] = "now") -> Message:
        """Let the customer pay, or promise to; the event that the shop is told."""
        with self.lock:
            session = self.sessions[session_id]
            if session["status"] != "open":
                raise ValueError(f"the session is {session['status']}")
            intent = {
                "id": self._new_id("pi_test"),
                "object": "payment_intent",
                "amount": session["amount_total"],
                "currency": session["currency"],
                "metadata": session["metadata"],
                "status": "processing",
                "latest_charge": None,
            }
            self.intents[intent["id"]] = intent
            session |= {"status": "complete", "payment_intent": intent["id"]}
            if how == "now":
                self._take(session)
            return self.event("checkout.session.completed", session)

    def settle(self, session_id: str, result: Literal["succeeded", "failed"]) -> Message:
        """Bring a promised payment to its end."""
        with self.lock:
            session = self.sessions[session_id]
            if result == "succeeded":
                self._take(session)
                return self.event("checkout.session.async_payment_succeeded", session)
            self.intents[session["payment_intent"]]["status"] = "requires_payment_method"
            return self.event("checkout.session.async_payment_failed", session)

    def expire(self, session_id: str) -> Message:
        with self.lock:
            self.sessions[session_id] |= {"status": "expired", "url": None}
            return self.event("checkout.session.expired", self.sessions[session_id])

    def settle_refund(self, refund_id: str, status: str = "succeeded") -> Message:
        """Bring a pending refund to its end."""
        with self.lock:
            refund = self.refunds[refund_id]
            refund["status"] = status
            if status == "failed":
                refund["failure_reason"] = "expired_or_canceled_card"
            return self.event("refund.failed" if status == "failed" else "refund.updated", refund)

    def event(self, type: str, object: Any, **signing: Any) -> Message:
        """A signed event about an object; `at` and `secret` may be changed."""
        body = {"id": self._new_id("evt_test"), "object": "event", "type": type}
        return self.sign(json.dumps({**body, "data": {"object": object}}).encode(), **signing)

    def sign(self, body: bytes, at: float | None = None, secret: str | None = None) -> Message:
        """A message of these bytes, signed at `at` (Unix time; None: now)."""
        moment = int(now().timestamp() if at is None else at)
        secret = self.webhook_secret if secret is None else secret
        signed = hmac.new(secret.encode(), b"%d.%b" % (moment, body), hashlib.sha256).hexdigest()
        return Message(body, {"Stripe-Signature": f"t={moment},v1={signed}"})

    def _take(self, session: dict[str, Any]) -> None:
        fee = session["amount_total"] * 29 // 1000
        self.intents[session["payment_intent"]] |= {
            "status": "succeeded",
            "latest_charge": {
                "id": self._new_id("ch_test"),
                "object": "charge",
                "balance_transaction": {
                    "id": self._new_id("txn_test"),
                    "object": "balance_transaction",
                    "fee": fee,
                    "currency": session["currency"],
                },
            },
        }
        session["payment_status"] = "paid"

    # What the shop asks for.

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            error = {"type": "invalid_request_error", "message": "Invalid API Key provided"}
            return Answer(401, {"error": error})
        text = request.body.decode() if request.method == "POST" else request.query
        params = _nested(parse_qsl(text))
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        asked = (request.path, params)
        if key in self._answered:
            before, answer = self._answered[key]
            if before != asked:
                message = "Keys for idempotent requests can only be used with the same parameters"
                return Refused(message, type="idempotency_error").answer
            return answer
        try:
            answer = Answer(200, self._do(request.method, request.path, params))
        except Refused as refused:
            return refused.answer
        except (KeyError, ValueError) as error:
            return Refused(f"Missing or invalid: {error}").answer
        if key is not None:
            # As it is now: what is done to it later is no part of the answer.
            self._answered[key] = (asked, Answer(200, json.loads(json.dumps(answer.body))))
        return answer

    def _do(self, method: str, path: str, params: dict[str, Any]) -> Any:
        what = path.removeprefix("/v1/").split("/")
        match [method, *what]:
            case ["POST", "checkout", "sessions"]:
                return self._create_session(params)
            case ["GET", "checkout", "sessions", id]:
                return self._expanded(self._found(self.sessions, id), params)
            case ["POST", "checkout", "sessions", id, "expire"]:
                if self._found(self.sessions, id)["status"] != "open":
                    raise Refused("Only Checkout Sessions with a status of open can be expired")
                self.expire(id)
                return self.sessions[id]
            case ["GET", "payment_intents", id]:
                return self._found(self.intents, id)
            case ["POST", "refunds"]:
                return self._create_refund(params)
            case ["GET", "refunds", id]:
                return self._found(self.refunds, id)
            case ["GET", "refunds"]:
                return self._list_refunds(params)
        raise Refused(f"Unrecognized request URL ({method}: {path})", 404)

    def _create_session(self, params: dict[str, Any]) -> dict[str, Any]:
        [item] = params["line_items"].values()
        price = item["price_data"]
        left = int(params["expires_at"]) - now().timestamp()
        if not _HALF_AN_HOUR <= left <= _DAY:
            raise Refused("The `expires_at` timestamp must be 30 minutes to 24 hours away")
        if params["mode"] != "payment" or not price["product_data"]["name"]:
            raise Refused("Only payments can be made here")
        if not re.fullmatch("[a-z]{3}", price["currency"]) or int(price["unit_amount"]) < 1:
            raise Refused("Invalid amount")
        id = self._new_id("cs_test")
        self.sessions[id] = {
            "id": id,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": int(price["unit_amount"]) * int(item["quantity"]),
            "currency": price["currency"],
            "client_reference_id": params.get("client_reference_id"),
            "metadata": params.get("metadata", {}),
            "customer_email": params.get("customer_email"),
            "locale": params.get("locale"),
            "payment_intent": None,
            "expires_at": int(params["expires_at"]),
            "success_url": params["success_url"].replace("{CHECKOUT_SESSION_ID}", id),
            "cancel_url": params.get("cancel_url"),
            "url": f"{self.url}/pay/{id}",
        }
        return self.sessions[id]

    def _create_refund(self, params: dict[str, Any]) -> dict[str, Any]:
        intent = self._found(self.intents, params["payment_intent"])
        rest = intent["amount"] - sum(
            it["amount"]
            for it in self.refunds.values()
            if it["payment_intent"] == intent["id"] and it["status"] not in ("failed", "canceled")
        )
        amount = int(params.get("amount", rest))
        if intent["status"] != "succeeded":
            raise Refused("This PaymentIntent does not have a successful charge to refund")
        if not 0 < amount <= rest:
            raise Refused("Refund amount is greater than the unrefunded amount on the charge")
        id = self._new_id("re_test")
        self.refunds[id] = {
            "id": id,
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": params.get("metadata", {}),
            "status": self.refund_status,
            "failure_reason": "declined" if self.refund_status == "failed" else None,
        }
        return self.refunds[id]

    def _list_refunds(self, params: dict[str, Any]) -> dict[str, Any]:
        found = [
            it
            for it in reversed(self.refunds.values())
            if it["payment_intent"] == params["payment_intent"]
        ]
        limit = int(params.get("limit", 10))
        page = {"object": "list", "data": found[:limit], "url": "/v1/refunds"}
        return {**page, "has_more": len(found) > limit}

    def _expanded(self, session: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        intent = self.intents.get(session["payment_intent"])
        return {**session, "payment_intent": intent} if "expand" in params and intent else session

    @staticmethod
    def _found(things: dict[str, dict[str, Any]], id: str) -> dict[str, Any]:
        if id not in things:
            raise Refused(f"No such object: '{id}'", 404)
        return things[id]

    def _new_id(self, prefix: str) -> str:
        with self.lock:
            self._count += 1
            return f"{prefix}_{self._count:024}"


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=c` as `{"a": {"b": {"0": "c"}}}`."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        *folders, last = re.findall(r"[^\[\]]+", name)
        place = made
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    return made


def main(arguments: Iterable[str] | None = None) -> None:
    """`python -m wrencos_commerce.testing.fake_stripe --port 9002`."""
    given = parser("A Stripe for tests.").parse_args(None if arguments is None else [*arguments])
    run(FakeStripe, given)


if __name__ == "__main__":
    main()
