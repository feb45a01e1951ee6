"""How a payment gateway is spoken to: what the hook `commerce_payment_gateways` returns.

A gateway is a translator. It signs what goes out, checks and reads what comes in, and knows no
order and no database: whoever owns the payments (commerce) keeps their state. Amounts are in minor
units; moments are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

import msgspec


class PaymentKind(StrEnum):
    """When the money comes. `ONLINE`: within minutes, at the gateway's page, the stock is held.
    `TRANSFER`: within days, by the customer's own bank. `ON_DELIVERY`: with the parcel.
    `COUNTER`: now, into the hands of the staff; customers are not offered it."""

    ONLINE = "online"
    TRANSFER = "transfer"
    ON_DELIVERY = "on_delivery"
    COUNTER = "counter"


class PaymentOutcome(StrEnum):
    """What a gateway says became of a payment. `SUSPICIOUS`: a human must look at it."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUSPICIOUS = "suspicious"


class RefundOutcome(StrEnum):
    """What a gateway says became of a refund. `MANUAL`: the staff pays it back themselves.
    `NOT_FOUND`: the gateway never got it, so it may be sent again."""

    SUCCEEDED = "succeeded"
    PROCESSING = "processing"
    REJECTED = "rejected"
    MANUAL = "manual"
    NOT_FOUND = "not_found"


class WebhookResult(StrEnum):
    """What became of a message of the gateway, for its `webhook_reply`.

    `APPLIED`: stored just now, whether the payment succeeded or failed. `ALREADY`: it was known.
    `UNKNOWN`: no such payment. `MISMATCH`: another amount or currency than was asked for.
    `REFUSED`: the signature is not valid. `FAILED`: we could not store it; send it again.
    """

    APPLIED = "applied"
    ALREADY = "already"
    UNKNOWN = "unknown"
    MISMATCH = "mismatch"
    REFUSED = "refused"
    FAILED = "failed"


class PaymentToMake(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to pay an order. `reference` is ours, `[A-Z0-9]`, unique for each attempt.

    `return_url` is where the gateway sends the browser afterwards, `cancel_url` where it sends it
    when the customer gives up. `locale` is `vi` or `en`. `customer_ip` as the web server saw it.
    """

    payment_id: str
    reference: str
    order_id: str
    amount: int
    currency: str
    description: str
    locale: str
    customer_ip: str
    customer_email: str | None
    return_url: str
    cancel_url: str
    created_at: datetime
    expires_at: datetime


class KnownPayment(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that was made. `gateway_id` is what `create` gave (a session, an order of theirs),
    `transaction_id` that of the money. `charged_amount` is what the gateway asked for where its
    currency is another one. `is_wanted` False: the order is cancelled or paid otherwise, so `query`
    takes no money any more and closes the attempt where it can."""

    payment_id: str
    reference: str
    order_id: str
    amount: int
    currency: str
    created_at: datetime
    expires_at: datetime
    gateway_id: str | None = None
    transaction_id: str | None = None
    charged_amount: int | None = None
    charged_currency: str | None = None
    is_wanted: bool = True


class PaymentStep(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer does next: follow `url`, scan `qr_payload`, or nothing now.

    `details` are lines for the customer to read (bank, account, memo, …), by a stable key.
    `charged_amount` and `exchange_rate` (units of the order's currency for one of the charged, as
    text) are set when the gateway charges another currency.
    """

    kind: Literal["redirect", "qr", "none"]
    url: str | None = None
    qr_payload: str | None = None
    details: Mapping[str, str] = {}
    gateway_id: str | None = None
    charged_amount: int | None = None
    charged_currency: str | None = None
    exchange_rate: str | None = None


class GatewayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request of the gateway, or of a browser that it sent back.

    `raw_query` is the query as it came, `query` its pairs in their order, decoded; names in
    `headers` are lower case.
    """

    method: str
    raw_query: bytes
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


class GatewayReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway is answered."""

    status: int
    body: Mapping[str, Any]


class GatewayEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway said of a payment, its signature checked.

    The payment is named by our `reference` or by their `gateway_id`; by neither, it is money that
    nobody knows the order of. `event_id` is the same whenever the same fact is told, and unique
    for each gateway. `amount` is of `currency`, the charged one where that is another; None: the
    message names none, as failures often do. `transaction_id` is that of the money, None where
    there is none (VNPay's `0`). `should_query`: ask the gateway now (outside a transaction), as
    PayPal's money is only taken then. `raw` is kept for people.
    """

    event_id: str
    outcome: PaymentOutcome
    reference: str | None = None
    gateway_id: str | None = None
    amount: int | None = None
    currency: str | None = None
    transaction_id: str | None = None
    fee: int | None = None
    reason: str | None = None
    occurred_at: datetime | None = None
    should_query: bool = False
    raw: Mapping[str, Any] = {}


class RefundEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway said of a refund. `request_id` is ours; None: it was not we who asked."""

    event_id: str
    outcome: RefundOutcome
    request_id: str | None = None
    gateway_refund_id: str | None = None
    transaction_id: str | None = None
    amount: int | None = None
    currency: str | None = None
    reason: str | None = None
    raw: Mapping[str, Any] = {}


class ReturnInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the returning browser tells, to be shown and never believed: it changes no state.

    `is_valid`: the signature holds, where there is one. `should_query`: ask the gateway itself now,
    as PayPal's money is only taken then.
    """

    reference: str | None = None
    gateway_id: str | None = None
    outcome: PaymentOutcome = PaymentOutcome.PENDING
    is_valid: bool = False
    should_query: bool = False


class RefundToMake(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of a part of `payment`, or of all (`is_full`). `request_id` is ours, `[A-Z0-9]`, and
    the same at each try; `amount` is in the payment's currency, `charged_amount` in the charged
    one where that is another."""

    refund_id: str
    request_id: str
    payment: KnownPayment
    amount: int
    currency: str
    charged_amount: int | None
    is_full: bool
    reason: str
    actor: str
    requested_at: datetime
    gateway_refund_id: str | None = None


class RefundResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway answered. `raw` is kept for people."""

    outcome: RefundOutcome
    gateway_refund_id: str | None = None
    reason: str | None = None
    raw: Mapping[str, Any] = {}


class BadSignature(Exception):
    """A message whose signature is missing or wrong, or that can't be read."""


class GatewayRefused(Exception):
    """The gateway answered no; the text says why. Nothing has happened there."""


class GatewayUnavailable(Exception):
    """The gateway gave no definite answer (time-out, 5xx, an answer that can't be verified).

    What was asked for may have happened: query before asking again.
    """


class PaymentGateway(Protocol):
    """One way to pay. Implementations are safe to call from many threads and store nothing.

    Calls that reach the network end within some seconds and raise GatewayRefused or
    GatewayUnavailable.
    """

    @property
    def id(self) -> str:
        """`paymentMethodId`: lower case letters, digits and `_`; not `exchange` or `by_hand`."""
        ...

    @property
    def kind(self) -> PaymentKind: ...

    @property
    def names(self) -> Mapping[str, str]:
        """What customers read, by language (`vi`, `en`)."""
        ...

    def accepts(self, amount: int, currency: str) -> bool:
        """Whether so much of this currency can be paid."""
        ...

    def create(self, payment: PaymentToMake) -> PaymentStep:
        """Begin an attempt; the same attempt begun twice is one at the gateway too."""
        ...

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        """Read what a returning browser brings; never raises for what it can't read."""
        ...

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        """What the message says; nothing for one that is of no concern.

        Raises BadSignature; GatewayUnavailable where the gateway itself must check it and can't.
        """
        ...

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        """The answer by which the gateway knows whether to send the message again."""
        ...

    def query(self, payment: KnownPayment) -> GatewayEvent | None:
        """What the gateway knows of the attempt, taking the money where that is left to us.

        None where it can't be asked: only people know.
        """
        ...

    def refund(self, refund: RefundToMake) -> RefundResult:
        """Pay back."""
        ...

    def query_refund(self, refund: RefundToMake) -> RefundResult:
        """What became of a refund whose answer was lost or is awaited."""
        ...
