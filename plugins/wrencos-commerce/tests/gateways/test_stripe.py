"""The gateway `stripe`, over HTTP through its SDK."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from wrencos_commerce.services.gateways.stripe_checkout import StripeCheckout
from wrencos_commerce.testing.fake_stripe import KEY, WEBHOOK_SECRET, FakeStripe
from wrencos_commerce.testing.local_http import Answer
from wrencos_core.api import now
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayRefused,
    GatewayUnavailable,
    PaymentKind,
    PaymentOutcome,
    RefundOutcome,
    ReturnInfo,
    WebhookResult,
)
from wrencos_core.testing.threads import run_in_threads


@pytest.fixture
def fake(clock):
    with FakeStripe() as fake:
        yield fake


def make_gateway(fake, **changes: Any) -> StripeCheckout:
    values = {"api_key": KEY, "webhook_secret": WEBHOOK_SECRET, "api_base": fake.url, "retries": 0}
    return StripeCheckout(**{**values, **changes})


@pytest.fixture
def gateway(fake):
    return make_gateway(fake)


@pytest.fixture
def session_id(gateway, payment):
    return gateway.create(payment()).gateway_id


@pytest.fixture
def deliver(gateway, request_of):
    """Returns `deliver(message)`: what the gateway makes of it."""
    return lambda message: gateway.parse_webhook(request_of(body=message.body, **message.headers))


@pytest.fixture
def paid(fake, known, session_id):
    """A paid attempt."""
    fake.pay(session_id)
    intent = fake.sessions[session_id]["payment_intent"]
    return known(gateway_id=session_id, transaction_id=intent)


def test_what_it_is(gateway):
    assert (gateway.id, gateway.kind) == ("stripe", PaymentKind.ONLINE)
    assert gateway.accepts(250_000, "VND")
    assert not gateway.accepts(0, "VND")
    assert not gateway.accepts(1_234, "KWD")
    assert not gateway.accepts(1, "GOLD")


def test_a_session(gateway, fake, payment):
    step = gateway.create(payment())
    session = fake.sessions[step.gateway_id]
    assert (step.kind, step.url) == ("redirect", session["url"])
    assert (session["amount_total"], session["currency"]) == (250_000, "vnd")
    assert session["client_reference_id"] == payment().reference
    assert session["metadata"] == {
        "reference": payment().reference,
        "payment_id": payment().payment_id,
        "order_id": payment().order_id,
    }
    assert (session["locale"], session["customer_email"]) == ("vi", "lan@example.com")
    assert session["cancel_url"] == payment().cancel_url
    back = urlsplit(session["success_url"])
    assert parse_qs(back.query) == {"session_id": [step.gateway_id]}


def test_dollars_are_charged_in_cents_and_a_query_in_the_address_stays(gateway, fake, payment):
    url = "https://shop.example.com/return?order=5"
    step = gateway.create(
        payment(amount=2_999, currency="USD", return_url=url, customer_email=None)
    )
    session = fake.sessions[step.gateway_id]
    assert (session["amount_total"], session["currency"]) == (2_999, "usd")
    assert session["success_url"] == f"{url}&session_id={step.gateway_id}"
    assert session["customer_email"] is None


@pytest.mark.parametrize(("minutes", "open_for"), [(15, 35), (60, 60), (60 * 48, 24 * 60 - 5)])
def test_a_session_is_open_as_long_as_stripe_allows(gateway, fake, payment, minutes, open_for):
    step = gateway.create(payment(expires_at=now() + timedelta(minutes=minutes)))
    left = fake.sessions[step.gateway_id]["expires_at"] - int(now().timestamp())
    assert left == open_for * 60


def test_the_same_attempt_is_one_session(gateway, fake, payment, clock):
    wanted = payment()
    clock.advance(timedelta(minutes=3))
    made = run_in_threads(4, lambda _: gateway.create(wanted))
    assert {getattr(step, "gateway_id", step) for step in made} == set(fake.sessions)
    assert len(fake.sessions) == 1
    with pytest.raises(GatewayUnavailable, match="idempotent"):
        gateway.create(payment(reference=wanted.reference, amount=1_000))


def test_a_try_long_after_the_first_is_a_session_of_its_own(gateway, fake, payment, clock):
    wanted = payment()
    fake.fail("drop")
    with pytest.raises(GatewayUnavailable):
        gateway.create(wanted)
    clock.advance(timedelta(minutes=14))
    session = fake.sessions[gateway.create(wanted).gateway_id]
    assert session["expires_at"] - int(now().timestamp()) == 33 * 60


def test_a_lost_answer_is_asked_for_again(fake, payment):
    fake.fail("lose")
    step = make_gateway(fake, retries=1).create(payment())
    assert list(fake.sessions) == [step.gateway_id]
    assert len(fake.requests) == 2


@pytest.mark.parametrize("failure", ["drop", "lose", "error"])
def test_no_answer(gateway, fake, payment, failure):
    fake.fail(failure)
    with pytest.raises(GatewayUnavailable):
        gateway.create(payment())


def test_a_server_that_hangs(fake, payment):
    fake.fail("hang")
    with pytest.raises(GatewayUnavailable):
        make_gateway(fake, timeout_seconds=0.1).create(payment())


def test_a_redirect_is_not_followed(gateway, fake, payment, monkeypatch):
    there = Answer(307, {}, {"Location": f"{fake.url}/elsewhere"})
    monkeypatch.setattr(fake, "answer", lambda request: there)
    with pytest.raises(GatewayUnavailable):
        gateway.create(payment())
    assert len(fake.requests) == 1


@pytest.mark.parametrize("body", ["text", [], {"id": 5}, {"id": "cs_1", "payment_status": "paid"}])
def test_an_answer_that_can_not_be_read(gateway, fake, payment, monkeypatch, body):
    monkeypatch.setattr(fake, "answer", lambda request: Answer(200, body))
    with pytest.raises(GatewayUnavailable):
        gateway.create(payment())


def test_refusals(gateway, fake, payment, known):
    with pytest.raises(GatewayRefused, match="No such object"):
        gateway.query(known(gateway_id="cs_test_none"))
    with pytest.raises(GatewayRefused, match="API Key"):
        make_gateway(fake, api_key="sk_test_other").create(payment())
    with pytest.raises(GatewayRefused, match="USD"):
        gateway.create(payment(amount=0, currency="USD"))


def test_a_payment_is_told_and_asked_as_the_same_fact(
    gateway, fake, payment, known, session_id, deliver
):
    [told] = deliver(fake.pay(session_id))
    assert (told.outcome, told.reference) == (PaymentOutcome.PAID, payment().reference)
    assert (told.amount, told.currency, told.gateway_id) == (250_000, "VND", session_id)
    assert told.transaction_id == fake.sessions[session_id]["payment_intent"]
    asked = gateway.query(known(gateway_id=session_id))
    assert (asked.event_id, asked.outcome) == (told.event_id, PaymentOutcome.PAID)
    assert (asked.transaction_id, asked.amount) == (told.transaction_id, 250_000)
    # Only who asks hears of the fee.
    assert (told.fee, asked.fee) == (None, 7_250)
    assert fake.paid == {payment().reference: 250_000}


@pytest.mark.parametrize(
    ("result", "outcome"),
    [("succeeded", PaymentOutcome.PAID), ("failed", PaymentOutcome.FAILED)],
)
def test_a_promised_payment_is_pending_until_it_is_settled(
    gateway, fake, known, session_id, deliver, result, outcome
):
    attempt = known(gateway_id=session_id)
    [promised] = deliver(fake.pay(session_id, "later"))
    assert (promised.outcome, promised.transaction_id) == (PaymentOutcome.PENDING, None)
    assert gateway.query(attempt).outcome is PaymentOutcome.PENDING
    [settled] = deliver(fake.settle(session_id, result))
    asked = gateway.query(attempt)
    assert settled.outcome is asked.outcome is outcome
    assert settled.event_id == asked.event_id != promised.event_id


def test_an_expired_session(gateway, fake, known, session_id, deliver):
    [event] = deliver(fake.expire(session_id))
    assert event.outcome is PaymentOutcome.EXPIRED
    assert gateway.query(known(gateway_id=session_id)).event_id == event.event_id


def test_an_open_session_is_closed_when_its_time_is_over(gateway, fake, known, session_id, clock):
    attempt = known(gateway_id=session_id)
    assert gateway.query(attempt).outcome is PaymentOutcome.PENDING
    clock.advance(timedelta(minutes=15))
    assert gateway.query(attempt).outcome is PaymentOutcome.EXPIRED
    assert fake.sessions[session_id]["status"] == "expired"


def test_an_open_session_that_is_not_wanted_is_closed_and_a_paid_one_is_told(
    gateway, fake, known, payment, session_id
):
    unwanted = known(gateway_id=session_id, is_wanted=False)
    assert gateway.query(unwanted).outcome is PaymentOutcome.EXPIRED
    other = gateway.create(payment(reference="WOTHER")).gateway_id
    fake.pay(other)
    paid = gateway.query(known(reference="WOTHER", gateway_id=other, is_wanted=False))
    assert paid.outcome is PaymentOutcome.PAID


def test_a_session_that_is_paid_while_it_is_closed(gateway, fake, known, session_id, monkeypatch):
    honest = fake.answer

    def too_late(request):
        if request.path.endswith("/expire"):
            fake.pay(session_id)
        return honest(request)

    monkeypatch.setattr(fake, "answer", too_late)
    event = gateway.query(known(gateway_id=session_id, is_wanted=False))
    assert event.outcome is PaymentOutcome.PAID


def test_a_session_that_nobody_was_shown(gateway, fake, known, clock):
    attempt = known()
    assert gateway.query(attempt).outcome is PaymentOutcome.PENDING
    clock.advance(timedelta(minutes=15))
    assert gateway.query(attempt).outcome is PaymentOutcome.EXPIRED
    assert fake.requests == []


def test_a_session_of_another_attempt_is_no_answer(gateway, known, session_id):
    with pytest.raises(GatewayUnavailable, match="another"):
        gateway.query(known(gateway_id=session_id, reference="WOTHER"))


def test_the_return_names_the_session_to_ask_about(gateway, session_id, request_of):
    info = gateway.parse_return(request_of(f"utm=1&session_id={session_id}"))
    assert info == ReturnInfo(gateway_id=session_id, should_query=True)
    assert not info.is_valid
    for query in (b"", b"session_id=", b"session_id=%FF", b"session_id=cs_a/../b", b"session_id=x"):
        assert gateway.parse_return(request_of(query)) == ReturnInfo()


@pytest.mark.parametrize(
    ("type", "object"),
    [
        ("charge.refunded", {"id": "ch_1"}),
        ("customer.created", {}),
        # Another program of the same account.
        ("checkout.session.completed", {"id": "cs_test_9", "payment_status": "paid"}),
    ],
)
def test_other_events_are_of_no_concern(fake, deliver, type, object):
    assert deliver(fake.event(type, object)) == []


@pytest.mark.parametrize(
    "object",
    [
        {},
        [],
        {"id": 5, "payment_status": "paid"},
        {"id": "cs_1", "payment_status": "paid", "amount_total": "5"},
        {"id": "cs_1", "payment_status": "paid", "amount_total": -5},
        {"id": "cs_1", "payment_status": "paid", "client_reference_id": "W1", "currency": "vnd"},
        {"id": "cs_1", "payment_status": "paid", "amount_total": 10**30},
        {
            "id": "cs_1",
            "payment_status": "paid",
            "client_reference_id": "W1",
            "amount_total": 5,
            "currency": "gold",
        },
    ],
)
def test_what_is_signed_and_can_not_be_read_is_refused(fake, deliver, object):
    with pytest.raises(BadSignature):
        deliver(fake.event("checkout.session.completed", object))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b'"\xff"', b'{"id": "evt_1"}'])
def test_nonsense_is_refused(fake, deliver, body):
    with pytest.raises(BadSignature):
        deliver(fake.sign(body))


def test_stale_forged_and_altered_events_are_refused(fake, session_id, deliver):
    message = fake.pay(session_id)
    session = fake.sessions[session_id]
    stale = fake.event("checkout.session.completed", session, at=now().timestamp() - 301)
    forged = fake.event("checkout.session.completed", session, secret="whsec_other")
    altered = message._replace(body=message.body.replace(b"250000", b"250001"))
    reordered = message._replace(body=json.dumps(json.loads(message.body), indent=1).encode())
    for bad in (stale, forged, altered, reordered, message._replace(headers={})):
        with pytest.raises(BadSignature):
            deliver(bad)
    assert deliver(message)


def test_a_full_refund(gateway, fake, paid, refund):
    result = gateway.refund(refund(paid))
    assert result.outcome is RefundOutcome.SUCCEEDED
    made = fake.refunds[result.gateway_refund_id]
    assert (made["amount"], made["payment_intent"]) == (250_000, paid.transaction_id)
    assert made["metadata"] == {
        "request_id": "WREFUNDREQUEST000001",
        "refund_id": "refund_01JCV5M8Q2T3W4X5Y6Z7A8B9C0",
        "reason": "Customer returned it",
    }
    assert fake.refunded == {paid.reference: 250_000}


def test_parts_are_paid_back_up_to_the_whole(gateway, fake, paid, refund):
    gateway.refund(refund(paid, amount=100_000, request_id="W1", is_full=False))
    gateway.refund(refund(paid, amount=150_000, request_id="W2", is_full=False))
    with pytest.raises(GatewayRefused, match="greater"):
        gateway.refund(refund(paid, amount=1, request_id="W3", is_full=False))
    assert fake.refunded == {paid.reference: 250_000}


def test_the_same_refund_twice_is_one(gateway, fake, paid, refund):
    wanted = refund(paid, amount=100_000, is_full=False)
    results = run_in_threads(4, lambda _: gateway.refund(wanted))
    assert {getattr(it, "gateway_refund_id", it) for it in results} == set(fake.refunds)
    assert fake.refunded == {paid.reference: 100_000}


def test_a_refund_whose_answer_was_lost_is_found_again(gateway, fake, paid, refund):
    other = refund(paid, amount=50_000, request_id="WOTHER", is_full=False)
    gateway.refund(other)
    wanted = refund(paid, amount=100_000, is_full=False)
    assert gateway.query_refund(wanted).outcome is RefundOutcome.NOT_FOUND
    fake.fail("lose")
    with pytest.raises(GatewayUnavailable):
        gateway.refund(wanted)
    found = gateway.query_refund(wanted)
    assert found.outcome is RefundOutcome.SUCCEEDED
    assert fake.refunds[found.gateway_refund_id]["amount"] == 100_000


def test_more_refunds_than_are_looked_through_are_no_answer(
    gateway, paid, refund, fake, monkeypatch
):
    page = Answer(200, {"object": "list", "data": [], "has_more": True, "url": "/v1/refunds"})
    monkeypatch.setattr(fake, "answer", lambda request: page)
    with pytest.raises(GatewayUnavailable, match="too many"):
        gateway.query_refund(refund(paid))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("succeeded", RefundOutcome.SUCCEEDED), ("failed", RefundOutcome.REJECTED)],
)
def test_a_refund_takes_its_time(gateway, fake, paid, refund, deliver, status, outcome):
    fake.refund_status = "pending"
    wanted = refund(paid, amount=100_000, is_full=False)
    result = gateway.refund(wanted)
    assert result.outcome is RefundOutcome.PROCESSING
    [event] = deliver(fake.settle_refund(result.gateway_refund_id, status))
    assert (event.outcome, event.request_id) == (outcome, wanted.request_id)
    assert (event.amount, event.currency) == (100_000, "VND")
    assert (event.gateway_refund_id, event.transaction_id) == (
        result.gateway_refund_id,
        paid.transaction_id,
    )
    named = refund(paid, request_id="W9", gateway_refund_id=result.gateway_refund_id)
    assert gateway.query_refund(named).outcome is outcome
    assert gateway.query_refund(wanted).outcome is outcome


def test_a_refund_that_staff_made_at_stripe_is_told_without_a_request_of_ours(fake, paid, deliver):
    made = {
        "id": "re_9",
        "amount": 5_000,
        "currency": "vnd",
        "status": "succeeded",
        "payment_intent": paid.transaction_id,
        "metadata": {},
    }
    [event] = deliver(fake.event("charge.refund.updated", made))
    assert (event.request_id, event.amount) == (None, 5_000)


def test_what_was_not_paid_is_not_paid_back(gateway, known, refund):
    with pytest.raises(GatewayRefused, match="payment intent"):
        gateway.refund(refund(known()))
    with pytest.raises(GatewayRefused, match="payment intent"):
        gateway.query_refund(refund(known()))


@pytest.mark.parametrize("result", WebhookResult)
def test_what_is_not_stored_is_asked_for_again(gateway, result):
    status = gateway.webhook_reply(result).status
    assert status == {"refused": 400, "failed": 503}.get(result.value, 200)
