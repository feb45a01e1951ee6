"""The gateway `paypal`, over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.services.gateways.paypal import PayPal
from wrencos_commerce.testing.fake_paypal import CLIENT_ID, SECRET, WEBHOOK_ID, FakePayPal
from wrencos_commerce.testing.local_http import Answer
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
    with FakePayPal() as fake:
        yield fake


def make_gateway(fake, **changes: Any) -> PayPal:
    values = {
        "client_id": CLIENT_ID,
        "secret": SECRET,
        "webhook_id": WEBHOOK_ID,
        "api_base": fake.url,
        "currency": "USD",
        "rate": Decimal("25400"),
        "timeout_seconds": 5,
    }
    return PayPal(**{**values, **changes})


@pytest.fixture
def gateway(fake):
    return make_gateway(fake)


@pytest.fixture
def order_id(gateway, payment):
    return gateway.create(payment()).gateway_id


@pytest.fixture
def attempt(known, order_id):
    """An attempt whose order is made."""
    return known(gateway_id=order_id, charged_amount=984, charged_currency="USD")


@pytest.fixture
def deliver(gateway, request_of):
    """Returns `deliver(message)`: what the gateway makes of it."""
    return lambda message: gateway.parse_webhook(request_of(body=message.body, **message.headers))


@pytest.fixture
def paid(fake, gateway, known, attempt):
    """A paid attempt."""
    fake.approve(attempt.gateway_id)
    event = gateway.query(attempt)
    return known(
        gateway_id=attempt.gateway_id,
        transaction_id=event.transaction_id,
        charged_amount=984,
        charged_currency="USD",
    )


def calls(fake, path: str) -> int:
    return sum(request.path.endswith(path) for request in fake.requests)


def test_what_it_is(gateway, fake):
    assert (gateway.id, gateway.kind) == ("paypal", PaymentKind.ONLINE)
    assert gateway.accepts(250_000, "VND")
    assert gateway.accepts(2_999, "USD")
    assert not gateway.accepts(1, "VND")
    assert not make_gateway(fake, currency="", rate=None).accepts(250_000, "VND")


def test_an_order_in_another_currency(gateway, fake, payment):
    step = gateway.create(payment())
    assert (step.kind, step.charged_amount, step.charged_currency) == ("redirect", 984, "USD")
    assert step.exchange_rate == "25400"
    assert step.url == f"{fake.url}/checkoutnow?token={step.gateway_id}"
    [unit] = fake.orders[step.gateway_id]["purchase_units"]
    assert unit["amount"] == {"currency_code": "USD", "value": "9.84"}
    assert unit["custom_id"] == payment().reference
    sent = json.loads(fake.requests[-1].body)
    assert fake.requests[-1].headers["paypal-request-id"] == payment().reference
    context = sent["payment_source"]["paypal"]["experience_context"]
    assert context["return_url"] == payment().return_url
    assert context["cancel_url"] == payment().cancel_url
    assert (context["locale"], context["user_action"]) == ("vi-VN", "PAY_NOW")


def test_an_order_in_a_currency_that_it_offers(gateway, fake, payment):
    step = gateway.create(payment(amount=2_999, currency="EUR"))
    assert (step.charged_amount, step.charged_currency, step.exchange_rate) == (None, None, None)
    [unit] = fake.orders[step.gateway_id]["purchase_units"]
    assert unit["amount"] == {"currency_code": "EUR", "value": "29.99"}


def test_the_same_attempt_is_one_order(gateway, fake, payment):
    wanted = payment()
    made = run_in_threads(4, lambda _: gateway.create(wanted))
    assert {getattr(step, "gateway_id", step) for step in made} == set(fake.orders)
    assert len(fake.orders) == 1
    assert len(fake.tokens) == 1


def test_a_lost_answer_is_made_up_for_by_the_next_try(gateway, fake, payment):
    wanted = payment()
    fake.fail("lose", path="/v2/checkout/orders")
    with pytest.raises(GatewayUnavailable):
        gateway.create(wanted)
    assert gateway.create(wanted).gateway_id in fake.orders
    assert len(fake.orders) == 1


def test_a_token_is_used_until_shortly_before_its_end(gateway, fake, known, attempt, clock):
    gateway.query(attempt)
    clock.advance(timedelta(seconds=32_400 - 61))
    gateway.query(attempt)
    assert len(fake.tokens) == 1
    clock.advance(timedelta(seconds=1))
    gateway.query(attempt)
    assert len(fake.tokens) == 2


def test_a_token_that_was_taken_back_is_replaced(gateway, fake, attempt):
    fake.tokens.clear()
    assert gateway.query(attempt).outcome is PaymentOutcome.PENDING
    assert calls(fake, "/token") == 2


def test_wrong_credentials(fake, payment):
    other = make_gateway(fake, secret="other")
    with pytest.raises(GatewayRefused, match="client id"):
        other.create(payment())


@pytest.mark.parametrize("path", ["/v1/oauth2", "/v2"])
@pytest.mark.parametrize("failure", ["drop", "lose", "error"])
def test_no_answer(gateway, fake, payment, failure, path):
    fake.fail(failure, path=path)
    with pytest.raises(GatewayUnavailable):
        gateway.create(payment())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, "text"), GatewayUnavailable),
        (Answer(200, {"id": "1", "status": "CREATED"}), GatewayUnavailable),
        (
            Answer(200, {"id": "1", "status": "X", "links": [{"rel": "approve", "href": "js:"}]}),
            GatewayUnavailable,
        ),
        (Answer(409, {}), GatewayUnavailable),
        (Answer(400, "text"), GatewayRefused),
        (Answer(422, {"details": [{"issue": "CURRENCY_NOT_SUPPORTED"}]}), GatewayRefused),
    ],
)
def test_answers_to_a_new_order(gateway, fake, payment, monkeypatch, order_id, answer, error):
    monkeypatch.setattr(fake, "answer", lambda request: answer)
    with pytest.raises(error):
        gateway.create(payment())


def test_what_can_not_be_charged_is_not_sent(gateway, fake, payment):
    with pytest.raises(GatewayRefused):
        gateway.create(payment(amount=1))
    assert fake.requests == []


def test_nothing_is_taken_before_the_customer_agrees(gateway, fake, attempt):
    assert gateway.query(attempt).outcome is PaymentOutcome.PENDING
    assert calls(fake, "/capture") == 0


def test_the_money_is_taken_when_the_customer_agreed(gateway, fake, payment, attempt, deliver):
    [told] = deliver(fake.approve(attempt.gateway_id))
    assert (told.outcome, told.should_query) == (PaymentOutcome.PENDING, True)
    assert (told.reference, told.gateway_id) == (payment().reference, attempt.gateway_id)
    event = gateway.query(attempt)
    assert (event.outcome, event.reference) == (PaymentOutcome.PAID, payment().reference)
    assert (event.amount, event.currency, event.fee) == (984, "USD", 100)
    assert event.transaction_id == fake.orders[attempt.gateway_id]["capture"]
    assert fake.paid == {payment().reference: "9.84"}
    # Asked again and told by an event, it is the same fact.
    assert gateway.query(attempt).event_id == event.event_id
    [captured] = deliver(fake.captured(attempt.gateway_id))
    assert (captured.event_id, captured.outcome) == (event.event_id, PaymentOutcome.PAID)
    assert (captured.reference, captured.gateway_id) == (event.reference, event.gateway_id)
    assert calls(fake, "/capture") == 1


def test_many_who_take_the_money_take_it_once(gateway, fake, attempt):
    fake.approve(attempt.gateway_id)
    outcomes = run_in_threads(4, lambda _: gateway.query(attempt).outcome)
    assert outcomes == [PaymentOutcome.PAID] * 4
    assert len(fake.captures) == 1


def test_who_comes_second_reads_what_the_first_took(gateway, fake, attempt, monkeypatch):
    fake.approve(attempt.gateway_id)
    honest, raced = fake.answer, []

    def race(request):
        if request.path.endswith("/capture") and not raced:
            raced.append(True)
            headers = {**request.headers, "paypal-request-id": "ANOTHER"}
            honest(request._replace(headers=headers))
        return honest(request)

    monkeypatch.setattr(fake, "answer", race)
    assert gateway.query(attempt).outcome is PaymentOutcome.PAID
    assert len(fake.captures) == 1


def test_a_capture_whose_answer_was_lost_is_found_again(gateway, fake, attempt):
    fake.approve(attempt.gateway_id)
    fake.fail("lose", path=f"/v2/checkout/orders/{attempt.gateway_id}/capture")
    with pytest.raises(GatewayUnavailable):
        gateway.query(attempt)
    assert gateway.query(attempt).outcome is PaymentOutcome.PAID
    assert len(fake.captures) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("COMPLETED", PaymentOutcome.PAID), ("DECLINED", PaymentOutcome.FAILED)],
)
def test_a_pending_capture_is_not_paid(gateway, fake, attempt, deliver, status, outcome):
    fake.capture_status = "PENDING"
    fake.approve(attempt.gateway_id)
    event = gateway.query(attempt)
    assert (event.outcome, event.transaction_id) == (PaymentOutcome.PENDING, None)
    assert (event.fee, event.reason) == (None, "PENDING_REVIEW")
    assert fake.paid == {}
    [told] = deliver(fake.captured(attempt.gateway_id))
    assert (told.event_id, told.should_query) == (event.event_id, False)
    [settled] = deliver(fake.settle_capture(attempt.gateway_id, status))
    assert settled.outcome is outcome
    assert gateway.query(attempt).event_id == settled.event_id


def test_a_card_that_is_declined(gateway, fake, attempt):
    fake.capture_status = "INSTRUMENT_DECLINED"
    fake.approve(attempt.gateway_id)
    event = gateway.query(attempt)
    assert (event.outcome, event.reason) == (PaymentOutcome.FAILED, "INSTRUMENT_DECLINED")


def test_a_customer_who_must_do_more(gateway, fake, attempt):
    fake.capture_status = "PAYER_ACTION_REQUIRED"
    fake.approve(attempt.gateway_id)
    assert gateway.query(attempt).outcome is PaymentOutcome.PENDING


def test_no_money_is_taken_for_what_is_over_or_not_wanted(gateway, fake, known, attempt, clock):
    fake.approve(attempt.gateway_id)
    unwanted = known(gateway_id=attempt.gateway_id, is_wanted=False)
    assert gateway.query(unwanted).outcome is PaymentOutcome.EXPIRED
    clock.advance(timedelta(minutes=15))
    assert gateway.query(attempt).outcome is PaymentOutcome.EXPIRED
    assert fake.captures == {}


def test_money_that_was_taken_is_told_however_late(gateway, fake, paid, clock):
    clock.advance(timedelta(days=1))
    assert gateway.query(paid).outcome is PaymentOutcome.PAID


def test_an_order_that_paypal_forgot_or_that_nobody_was_shown(gateway, fake, known, clock):
    forgotten, never = known(gateway_id="00000000000000009"), known()
    assert gateway.query(forgotten).outcome is PaymentOutcome.EXPIRED
    assert gateway.query(never).outcome is PaymentOutcome.PENDING
    clock.advance(timedelta(minutes=15))
    assert gateway.query(never).outcome is PaymentOutcome.EXPIRED


def test_an_order_of_another_attempt_is_no_answer(gateway, known, attempt):
    with pytest.raises(GatewayUnavailable, match="another"):
        gateway.query(known(gateway_id=attempt.gateway_id, reference="WOTHER"))


def test_a_strange_id_stays_within_its_path(gateway, fake, known):
    assert gateway.query(known(gateway_id="../../x?y=1")).outcome is PaymentOutcome.EXPIRED
    assert fake.requests[-1].path == "/v2/checkout/orders/..%2F..%2Fx%3Fy%3D1"


def test_the_return_names_the_order_to_ask_about(gateway, request_of):
    info = gateway.parse_return(request_of("utm=1&token=5O190127TN364715T&PayerID=ABC"))
    assert info == ReturnInfo(gateway_id="5O190127TN364715T", should_query=True)
    given_up = gateway.parse_return(request_of("token=5O190127TN364715T"))
    assert (given_up.outcome, given_up.should_query) == (PaymentOutcome.CANCELLED, False)
    for query in (b"", b"token=", b"token=%FF&PayerID=1", b"token=a/b&PayerID=1"):
        assert gateway.parse_return(request_of(query)) == ReturnInfo()


def test_only_what_paypal_vouches_for_is_read(gateway, fake, attempt, deliver, request_of):
    message = fake.approve(attempt.gateway_id)
    reordered = json.dumps(json.loads(message.body), indent=1).encode()
    other = fake.approve(attempt.gateway_id).headers
    for bad in (
        message._replace(body=reordered),
        message._replace(headers=other),
        message._replace(headers={**message.headers, "PayPal-Transmission-Sig": "x"}),
    ):
        with pytest.raises(BadSignature):
            deliver(bad)
    before = len(fake.requests)
    for name in message.headers:
        headers = {key: value for key, value in message.headers.items() if key != name}
        with pytest.raises(BadSignature, match="missing"):
            deliver(message._replace(headers=headers))
    for body in (b"", b"[]", b"{", b'{"a": "\xff"}', b'{"a": 1}, "x": {}'):
        with pytest.raises(BadSignature):
            deliver(message._replace(body=body))
    assert len(fake.requests) == before
    assert deliver(message)


def test_an_event_of_another_webhook_is_refused(fake, attempt, request_of):
    message = fake.approve(attempt.gateway_id)
    other = make_gateway(fake, webhook_id="OTHER")
    with pytest.raises(BadSignature):
        other.parse_webhook(request_of(body=message.body, **message.headers))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(400, {"name": "VALIDATION_ERROR"}), BadSignature),
        (Answer(422, {}), BadSignature),
        (Answer(403, {"name": "NOT_AUTHORIZED"}), GatewayUnavailable),
        (Answer(500, {}), GatewayUnavailable),
        (Answer(200, {}), GatewayUnavailable),
        (Answer(200, {"verification_status": "FAILURE"}), BadSignature),
    ],
)
def test_an_event_that_can_not_be_checked(
    gateway, fake, attempt, deliver, monkeypatch, answer, error
):
    message = fake.approve(attempt.gateway_id)
    monkeypatch.setattr(fake, "answer", lambda request: answer)
    with pytest.raises(error):
        deliver(message)


@pytest.mark.parametrize(
    ("type", "resource"),
    [
        ("CUSTOMER.DISPUTE.CREATED", {"dispute_id": "1"}),
        # Another program of the same account.
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "1", "status": "COMPLETED"}),
        ("CHECKOUT.ORDER.APPROVED", {"id": "1", "status": "APPROVED"}),
    ],
)
def test_other_events_are_of_no_concern(fake, deliver, type, resource):
    assert deliver(fake.event(type, resource)) == []


@pytest.mark.parametrize(
    "resource",
    [
        None,
        [],
        {},
        {"id": 5, "status": "COMPLETED"},
        {"id": "1", "status": "COMPLETED", "custom_id": "W1"},
        {
            "id": "1",
            "status": "COMPLETED",
            "custom_id": "W1",
            "amount": {"currency_code": "USD", "value": "1e6x"},
        },
        {
            "id": "1",
            "status": "COMPLETED",
            "custom_id": "W1",
            "amount": {"currency_code": "GOLD", "value": "1"},
        },
        {
            "id": "1",
            "status": "COMPLETED",
            "custom_id": "W1",
            "amount": {"currency_code": "USD", "value": "-9.84"},
        },
    ],
)
def test_what_can_not_be_read_is_refused(fake, deliver, resource):
    with pytest.raises(BadSignature):
        deliver(fake.event("PAYMENT.CAPTURE.COMPLETED", resource))


def test_an_order_that_is_called_off(gateway, fake, attempt, deliver):
    [event] = deliver(fake.event("CHECKOUT.ORDER.VOIDED", fake.order_of(attempt.reference)))
    assert (event.outcome, event.should_query) == (PaymentOutcome.CANCELLED, False)
    fake.orders[attempt.gateway_id]["status"] = "VOIDED"
    assert gateway.query(attempt).outcome is PaymentOutcome.EXPIRED


def test_a_full_refund(gateway, fake, paid, refund, deliver):
    wanted = refund(paid)
    result = gateway.refund(wanted)
    assert result.outcome is RefundOutcome.SUCCEEDED
    assert fake.refunds[result.gateway_refund_id]["amount"]["value"] == "9.84"
    assert fake.refunded == {paid.reference: "9.84"}
    [event] = deliver(fake.settle_refund(result.gateway_refund_id))
    assert (event.outcome, event.request_id) == (RefundOutcome.SUCCEEDED, wanted.request_id)
    assert (event.amount, event.currency) == (984, "USD")
    assert (event.gateway_refund_id, event.transaction_id) == (
        result.gateway_refund_id,
        paid.transaction_id,
    )
    # What was paid stays paid.
    assert gateway.query(paid).outcome is PaymentOutcome.PAID


def test_parts_are_paid_back_up_to_the_whole(gateway, fake, paid, refund):
    gateway.refund(refund(paid, charged_amount=400, request_id="W1", is_full=False))
    gateway.refund(refund(paid, charged_amount=584, request_id="W2", is_full=False))
    with pytest.raises(GatewayRefused):
        gateway.refund(refund(paid, charged_amount=1, request_id="W3", is_full=False))
    assert fake.refunded == {paid.reference: "9.84"}


def test_a_refund_in_the_orders_own_currency(gateway, fake, payment, known, refund):
    order_id = gateway.create(payment(amount=2_999, currency="EUR")).gateway_id
    attempt = known(gateway_id=order_id, amount=2_999, currency="EUR")
    fake.approve(order_id)
    taken = gateway.query(attempt)
    paid = known(
        gateway_id=order_id, amount=2_999, currency="EUR", transaction_id=taken.transaction_id
    )
    gateway.refund(refund(paid, amount=1_000, is_full=False))
    assert fake.refunded == {paid.reference: "10.00"}


def test_the_same_refund_twice_is_one(gateway, fake, paid, refund):
    wanted = refund(paid, charged_amount=400, is_full=False)
    results = run_in_threads(4, lambda _: gateway.refund(wanted))
    assert {getattr(it, "gateway_refund_id", it) for it in results} == set(fake.refunds)
    assert fake.refunded == {paid.reference: "4.00"}


def test_a_refund_whose_answer_was_lost_is_found_again(gateway, fake, paid, refund):
    wanted = refund(paid, charged_amount=400, is_full=False)
    assert gateway.query_refund(wanted).outcome is RefundOutcome.NOT_FOUND
    fake.fail("lose", path="/v2/payments")
    with pytest.raises(GatewayUnavailable):
        gateway.refund(wanted)
    found = gateway.query_refund(wanted)
    assert found.outcome is RefundOutcome.SUCCEEDED
    assert found.gateway_refund_id in fake.refunds


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("COMPLETED", RefundOutcome.SUCCEEDED), ("FAILED", RefundOutcome.REJECTED)],
)
def test_a_refund_takes_its_time(gateway, fake, paid, refund, deliver, status, outcome):
    fake.refund_status = "PENDING"
    wanted = refund(paid, charged_amount=400, is_full=False)
    result = gateway.refund(wanted)
    assert result.outcome is RefundOutcome.PROCESSING
    [event] = deliver(fake.settle_refund(result.gateway_refund_id, status))
    assert event.outcome is outcome
    named = refund(paid, request_id="W9", gateway_refund_id=result.gateway_refund_id)
    assert gateway.query_refund(named).outcome is outcome


def test_money_that_was_taken_back_without_us(fake, paid, deliver):
    taken = {
        "id": "R1",
        "amount": {"currency_code": "USD", "value": "9.84"},
        "custom_id": paid.reference,
        "links": [{"rel": "up", "href": f"/v2/payments/captures/{paid.transaction_id}"}],
    }
    [event] = deliver(fake.event("PAYMENT.CAPTURE.REVERSED", taken))
    assert (event.outcome, event.request_id) == (RefundOutcome.SUCCEEDED, None)
    assert (event.transaction_id, event.amount) == (paid.transaction_id, 984)


def test_what_was_not_paid_is_not_paid_back(gateway, known, refund):
    with pytest.raises(GatewayRefused, match="captured"):
        gateway.refund(refund(known()))
    with pytest.raises(GatewayRefused, match="order"):
        gateway.query_refund(refund(known()))


@pytest.mark.parametrize("result", WebhookResult)
def test_what_is_not_stored_is_asked_for_again(gateway, result):
    status = gateway.webhook_reply(result).status
    assert status == {"refused": 400, "failed": 503}.get(result.value, 200)
