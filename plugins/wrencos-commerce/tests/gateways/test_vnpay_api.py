"""Asking VNPay, and paying back through it, over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests

from wrencos_commerce.services.gateways.vnpay import VNPay
from wrencos_commerce.testing.fake_vnpay import SECRET, TMN_CODE, FakeVNPay
from wrencos_commerce.testing.local_http import Answer
from wrencos_core.contracts.payments import (
    GatewayRefused,
    GatewayUnavailable,
    PaymentOutcome,
    RefundOutcome,
)
from wrencos_core.testing.threads import run_in_threads


@pytest.fixture
def fake(clock):
    with FakeVNPay() as fake:
        yield fake


@pytest.fixture
def vnpay(fake):
    return VNPay(
        tmn_code=TMN_CODE,
        secret=SECRET,
        pay_url=fake.pay_url,
        api_url=fake.api_url,
        timeout_seconds=5,
    )


@pytest.fixture
def opened(vnpay, payment):
    return requests.get(vnpay.create(payment()).url, timeout=5).json()["reference"]


@pytest.fixture
def paid(fake, opened, known):
    """A paid attempt."""
    fake.pay(opened)
    return known(transaction_id=fake.transactions[opened].number)


def part(refund, paid, amount, request_id="WPART1"):
    return refund(paid, amount=amount, is_full=False, request_id=request_id)


def test_an_attempt_that_was_never_opened_is_open_until_it_expires(vnpay, known, clock):
    attempt = known()
    assert vnpay.query(attempt).outcome is PaymentOutcome.PENDING
    clock.advance(timedelta(minutes=15))
    assert vnpay.query(attempt).outcome is PaymentOutcome.EXPIRED


def test_an_opened_attempt_is_pending(vnpay, known, opened):
    event = vnpay.query(known())
    assert (event.outcome, event.transaction_id) == (PaymentOutcome.PENDING, None)


def test_a_payment_is_the_same_fact_as_in_the_ipn(vnpay, fake, known, opened, request_of):
    [told] = vnpay.parse_webhook(request_of(fake.pay(opened)))
    asked = vnpay.query(known())
    assert asked.outcome is PaymentOutcome.PAID
    assert (asked.event_id, asked.amount, asked.currency) == (told.event_id, 250_000, "VND")
    assert (asked.transaction_id, asked.occurred_at) == (told.transaction_id, told.occurred_at)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("02", PaymentOutcome.FAILED),
        ("04", PaymentOutcome.SUSPICIOUS),
        ("07", PaymentOutcome.SUSPICIOUS),
        ("09", PaymentOutcome.SUSPICIOUS),
    ],
)
def test_code_00_alone_is_no_payment(vnpay, fake, known, opened, status, outcome):
    fake.pay(opened, status=status)
    event = vnpay.query(known())
    assert event.raw["ResponseCode"] == "00"
    assert event.outcome is outcome


def test_an_answer_that_nobody_signed_is_none(vnpay, fake, known, paid, refund):
    fake.is_signing = False
    with pytest.raises(GatewayUnavailable, match="not signed"):
        vnpay.query(known())
    with pytest.raises(GatewayUnavailable, match="not signed"):
        vnpay.refund(refund(paid))
    with pytest.raises(GatewayUnavailable, match="not signed"):
        vnpay.query_refund(refund(paid))


@pytest.mark.parametrize(
    "changes",
    [
        {"vnp_TransactionStatus": "02"},
        {"vnp_Amount": "100"},
        {"vnp_Amount": 25000000.0},
        {"vnp_TxnRef": "OTHER"},
        {"vnp_Message": "a|b"},
        {"vnp_SecureHash": None},
        {"vnp_SecureHash": "Đ"},
        {"vnp_SecureHash": ["00"]},
    ],
)
def test_an_altered_answer_is_none(vnpay, fake, known, paid, monkeypatch, changes):
    honest = fake.answer

    def altered(request):
        answer = honest(request)
        return Answer(200, {**answer.body, **changes})

    monkeypatch.setattr(fake, "answer", altered)
    with pytest.raises(GatewayUnavailable):
        vnpay.query(known())


def test_a_signed_answer_about_another_payment_is_none(vnpay, fake, known, paid, monkeypatch):
    honest = fake.answer

    def about_another(request):
        body = json.loads(request.body)
        other = dict(body, vnp_TxnRef="OTHER")
        names = "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr"
        signed = [other[f"vnp_{name}"] for name in f"{names} OrderInfo".split()]
        other["vnp_SecureHash"] = fake._mac("|".join(signed))
        return honest(request._replace(body=json.dumps(other).encode()))

    monkeypatch.setattr(fake, "answer", about_another)
    with pytest.raises(GatewayUnavailable, match="TxnRef"):
        vnpay.query(known())


@pytest.mark.parametrize("body", ["text", [], None, {"vnp_Amount": {}}])
def test_an_answer_that_is_no_message_is_none(vnpay, fake, known, monkeypatch, body):
    monkeypatch.setattr(fake, "answer", lambda request: Answer(200, body))
    with pytest.raises(GatewayUnavailable):
        vnpay.query(known())


@pytest.mark.parametrize("failure", ["drop", "lose", "error"])
def test_no_answer(vnpay, fake, known, failure):
    fake.fail(failure)
    with pytest.raises(GatewayUnavailable):
        vnpay.query(known())


def test_a_wrong_secret_is_told_as_such(fake, known, opened):
    other = VNPay(tmn_code=TMN_CODE, secret="other", pay_url="-", api_url=fake.api_url)
    with pytest.raises(GatewayUnavailable, match="not signed"):
        other.query(known())


def test_a_terminal_that_vnpay_does_not_know(fake, known, opened):
    other = VNPay(tmn_code="OTHER", secret=SECRET, pay_url="-", api_url=fake.api_url)
    with pytest.raises(GatewayUnavailable, match="TmnCode"):
        other.query(known())


def test_a_reference_with_a_bar_is_never_sent(vnpay, fake, known):
    with pytest.raises(GatewayRefused):
        vnpay.query(known(reference="A|B"))
    assert fake.requests == []


def test_a_full_refund(vnpay, fake, paid, refund):
    result = vnpay.refund(refund(paid, actor="Nguyễn | Lan"))
    assert result.outcome is RefundOutcome.SUCCEEDED
    assert result.gateway_refund_id == "14000002"
    assert fake.refunded == {paid.reference: 250_000}
    sent = json.loads(fake.requests[-1].body)
    assert (sent["vnp_TransactionType"], sent["vnp_Amount"]) == ("02", "25000000")
    assert (sent["vnp_TransactionNo"], sent["vnp_CreateBy"]) == ("14000001", "Nguyen Lan")
    assert (sent["vnp_TransactionDate"], sent["vnp_CreateDate"]) == ("20260302100405",) * 2


def test_parts_are_paid_back_up_to_the_whole(vnpay, fake, paid, refund):
    vnpay.refund(part(refund, paid, 100_000))
    vnpay.refund(part(refund, paid, 150_000, "WPART2"))
    with pytest.raises(GatewayUnavailable):
        vnpay.refund(part(refund, paid, 1, "WPART3"))
    assert fake.refunded == {paid.reference: 250_000}
    assert [it.kind for it in fake.transactions[paid.reference].refunds] == ["03", "03"]


def test_the_same_refund_twice_is_one(vnpay, fake, paid, refund):
    wanted = part(refund, paid, 100_000)
    outcomes = run_in_threads(4, lambda _: vnpay.refund(wanted).outcome)
    assert outcomes.count(RefundOutcome.SUCCEEDED) == 1
    assert sum(isinstance(it, GatewayUnavailable) for it in outcomes) == 3
    assert fake.refunded == {paid.reference: 100_000}


def test_a_refund_whose_answer_was_lost_is_found_again(vnpay, fake, paid, refund):
    fake.fail("lose")
    wanted = part(refund, paid, 100_000)
    with pytest.raises(GatewayUnavailable):
        vnpay.refund(wanted)
    assert vnpay.query_refund(wanted).outcome is RefundOutcome.SUCCEEDED
    assert fake.refunded == {paid.reference: 100_000}


def test_a_refund_that_never_arrived_may_be_sent_again(vnpay, fake, paid, refund):
    fake.fail("drop")
    wanted = part(refund, paid, 100_000)
    with pytest.raises(GatewayUnavailable):
        vnpay.refund(wanted)
    assert vnpay.query_refund(wanted).outcome is RefundOutcome.NOT_FOUND
    assert vnpay.refund(wanted).outcome is RefundOutcome.SUCCEEDED


def test_of_another_refund_nothing_is_concluded(vnpay, paid, refund):
    vnpay.refund(part(refund, paid, 100_000))
    with pytest.raises(GatewayUnavailable, match="something else"):
        vnpay.query_refund(part(refund, paid, 100_000, "WPART2"))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("05", RefundOutcome.PROCESSING),
        ("06", RefundOutcome.PROCESSING),
        ("09", RefundOutcome.REJECTED),
    ],
)
def test_a_refund_takes_its_time(vnpay, fake, paid, refund, status, outcome):
    fake.refund_status = status
    wanted = part(refund, paid, 100_000)
    assert vnpay.refund(wanted).outcome is outcome
    assert vnpay.query_refund(wanted).outcome is outcome
    fake.settle_refunds()
    settled = RefundOutcome.REJECTED if status == "09" else RefundOutcome.SUCCEEDED
    assert vnpay.query_refund(wanted).outcome is settled


def test_a_refund_is_known_by_its_number_too(vnpay, fake, paid, refund):
    wanted = part(refund, paid, 100_000)
    number = vnpay.refund(wanted).gateway_refund_id
    again = refund(paid, amount=100_000, request_id="WOTHER", gateway_refund_id=number)
    assert vnpay.query_refund(again).outcome is RefundOutcome.SUCCEEDED


def test_what_was_not_paid_is_not_paid_back(vnpay, opened, known, refund):
    with pytest.raises(GatewayRefused, match="95"):
        vnpay.refund(refund(known()))


def test_an_unknown_payment_is_not_paid_back(vnpay, known, refund):
    with pytest.raises(GatewayRefused, match="91"):
        vnpay.refund(refund(known()))
    with pytest.raises(GatewayUnavailable, match="91"):
        vnpay.query_refund(refund(known()))
