"""Calls of Stripe's API through its SDK: sessions and refunds, with its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from wrencos_commerce.services.gateways.calls import open_session
from wrencos_commerce.services.gateways.stripe_fields import Refund, Session
from wrencos_core.contracts.payments import GatewayRefused, GatewayUnavailable

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe.params.checkout import SessionCreateParams

T = TypeVar("T")

_CONNECT_SECONDS = 5.0
# The fee is known by the charge's entry in the balance.
_EXPAND = ["payment_intent.latest_charge.balance_transaction"]
_MOST_REFUNDS = 100


class StripeAPI:
    """Each method raises GatewayRefused or GatewayUnavailable."""

    def __init__(self, key: str, base: str, timeout_seconds: float, retries: int) -> None:
        self._key = key
        self._base = base
        self._timeouts = (min(_CONNECT_SECONDS, timeout_seconds), timeout_seconds)
        self._retries = retries

    def create_session(self, params: SessionCreateParams, idempotency_key: str) -> Session:
        with self._client() as client:
            made = client.v1.checkout.sessions.create(params, {"idempotency_key": idempotency_key})
        return _read(made, Session)[0]

    def session(self, id: str) -> tuple[Session, dict[str, Any]]:
        """The session, and as it came."""
        with self._client() as client:
            found = client.v1.checkout.sessions.retrieve(id, {"expand": _EXPAND})
        return _read(found, Session)

    def expire_session(self, id: str) -> bool:
        """Whether nobody can pay it any more; False when it is not open."""
        try:
            with self._client() as client:
                client.v1.checkout.sessions.expire(id)
        except GatewayRefused:
            return False
        return True

    def create_refund(
        self, intent_id: str, amount: int, metadata: dict[str, str], idempotency_key: str
    ) -> tuple[Refund, dict[str, Any]]:
        with self._client() as client:
            made = client.v1.refunds.create(
                {"payment_intent": intent_id, "amount": amount, "metadata": metadata},
                {"idempotency_key": idempotency_key},
            )
        return _read(made, Refund)

    def refund(self, id: str) -> tuple[Refund, dict[str, Any]]:
        with self._client() as client:
            found = client.v1.refunds.retrieve(id)
        return _read(found, Refund)

    def find_refund(self, intent_id: str, request_id: str) -> tuple[Refund, dict[str, Any]] | None:
        """The refund that we asked for with this id; None where there is none."""
        with self._client() as client:
            page = client.v1.refunds.list({"payment_intent": intent_id, "limit": _MOST_REFUNDS})
            read = [_read(refund, Refund) for refund in page.data]
        for refund, raw in read:
            if refund.request_id == request_id:
                return refund, raw
        if page.has_more:
            raise GatewayUnavailable("there are too many refunds to look through")
        return None

    @contextmanager
    def _client(self) -> Iterator[StripeClient]:
        """A client of its own for each call: sessions of requests are not for many threads."""
        import stripe

        refusals = (
            stripe.CardError,
            stripe.InvalidRequestError,
            stripe.AuthenticationError,
            stripe.PermissionError,
        )
        with open_session() as session:
            try:
                yield stripe.StripeClient(
                    self._key,
                    base_addresses={"api": self._base},
                    max_network_retries=self._retries,
                    http_client=stripe.RequestsClient(timeout=self._timeouts, session=session),
                )
            except refusals as error:
                raise GatewayRefused(_told(error)) from error
            except stripe.StripeError as error:
                # Also an idempotency key that is in use, or was used for something else: then
                # something has happened there.
                raise GatewayUnavailable(_told(error)) from error


def _told(error: Any) -> str:
    return f"Stripe: {error.user_message or type(error).__name__}"[:300]


def _read(found: object, type: type[T]) -> tuple[T, dict[str, Any]]:
    from stripe import StripeObject

    raw = found.to_dict(for_json=True) if isinstance(found, StripeObject) else {}
    try:
        return msgspec.convert(raw, type), raw
    except msgspec.ValidationError as error:
        raise GatewayUnavailable(f"Stripe's answer can't be read: {error}") from error
