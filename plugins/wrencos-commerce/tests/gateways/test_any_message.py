"""Whatever a message holds, it is read or refused: no gateway fails in another way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.gateways import timed_signatures
from wrencos_commerce.services.gateways.bank_transfer import BankTransfer
from wrencos_commerce.services.gateways.paypal_events import read_event
from wrencos_commerce.services.gateways.stripe_checkout import StripeCheckout
from wrencos_core import clock
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayRequest,
    PaymentGateway,
    RefundEvent,
)

MOMENT = 1735689600
SECRET = "a-secret-of-16-bytes"
BANK = BankTransfer(bank_bin="970416", account="1", account_name="X", webhook_secret=SECRET)
STRIPE = StripeCheckout(api_key="sk_test_1", webhook_secret=SECRET, api_base="http://127.0.0.1:9")

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "usd", "VND", "paid", "COMPLETED", "12.34", "-1", "1e400", "in", "1"]),
    st.text(max_size=20),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
amounts = anything | st.fixed_dictionaries({"currency_code": scalars, "value": scalars})


def objects(*names: str, **known: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Objects that have some of these names, with any value."""
    return st.fixed_dictionaries({}, optional={**dict.fromkeys(names, anything), **known})


sessions = objects("id", "payment_status", "amount_total", "currency", "client_reference_id")
refunds = objects("id", "amount", "currency", "status", "payment_intent", "metadata")
captures = objects("id", "status", "custom_id", "links", "purchase_units", amount=amounts)
transfers = objects("id", "direction", "account", "amount", "currency", "memo", "occurredAt")


@pytest.fixture(scope="module", autouse=True)
def then() -> Iterator[None]:
    with clock.use(lambda: datetime.fromtimestamp(MOMENT, UTC)):
        yield


def parsed(gateway: PaymentGateway, header: str, content: object) -> None:
    body = json.dumps(content).encode()
    signature = f"t={MOMENT},v1={timed_signatures.signature(body, SECRET, MOMENT)}"
    request = GatewayRequest(
        method="POST", raw_query=b"", query=[], headers={header: signature}, body=body
    )
    try:
        events = gateway.parse_webhook(request)
    except BadSignature:
        return
    check(events)


def check(events: Sequence[GatewayEvent | RefundEvent]) -> None:
    """Amounts can be stored, and are none that would be taken away."""
    for event in events:
        assert event.amount is None or 0 <= event.amount < 10**16


@settings(deadline=None)
@given(
    st.sampled_from(["checkout.session.completed", "checkout.session.expired"]),
    anything | sessions,
)
def test_sessions_of_stripe(type: str, object: object) -> None:
    event = {"id": "evt_1", "type": type, "data": {"object": object}}
    parsed(STRIPE, "stripe-signature", event)


@settings(deadline=None)
@given(st.sampled_from(["refund.updated", "refund.failed"]), anything | refunds)
def test_refunds_of_stripe(type: str, object: object) -> None:
    event = {"id": "evt_1", "type": type, "data": {"object": object}}
    parsed(STRIPE, "stripe-signature", event)


@settings(deadline=None)
@given(anything)
def test_events_of_stripe(event: object) -> None:
    parsed(STRIPE, "stripe-signature", event)


@settings(deadline=None)
@given(anything | transfers | st.lists(transfers, max_size=3))
def test_transfers(content: object) -> None:
    parsed(BANK, "wrencos-signature", content)


@settings(deadline=None)
@given(
    st.sampled_from(
        [
            "PAYMENT.CAPTURE.COMPLETED",
            "PAYMENT.CAPTURE.REFUNDED",
            "PAYMENT.CAPTURE.REVERSED",
            "CHECKOUT.ORDER.APPROVED",
        ]
    ),
    anything | captures,
)
def test_events_of_paypal(type: str, resource: object) -> None:
    body = json.dumps({"id": "WH-1", "event_type": type, "resource": resource}).encode()
    try:
        events = read_event(body)
    except BadSignature:
        return
    check(events)
