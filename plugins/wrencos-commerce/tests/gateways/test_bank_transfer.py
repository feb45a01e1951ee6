"""The gateway `bank_transfer`: the code, and the messages of incoming transfers."""

from __future__ import annotations

import json

import pytest

from wrencos_commerce.services.gateways.bank_transfer import BankTransfer
from wrencos_commerce.services.gateways.references import new_reference
from wrencos_commerce.testing.fake_bank import SECRET, FakeBank, scan
from wrencos_core.api import now
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayRefused,
    PaymentKind,
    PaymentOutcome,
    RefundOutcome,
    ReturnInfo,
    WebhookResult,
)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def gateway():
    return BankTransfer(
        bank_bin="970416",
        account="257678859",
        account_name="CONG TY WRENCOS",
        bank_name="ACB",
        webhook_secret=SECRET,
    )


@pytest.fixture
def bank():
    return FakeBank()


@pytest.fixture
def deliver(gateway, request_of):
    """Returns `deliver(message)`: what the gateway makes of it."""
    return lambda message: gateway.parse_webhook(request_of(body=message.body, **message.headers))


def test_what_it_is(gateway):
    assert (gateway.id, gateway.kind) == ("bank_transfer", PaymentKind.TRANSFER)
    assert gateway.accepts(1, "VND")
    assert not gateway.accepts(0, "VND")
    assert not gateway.accepts(10**13, "VND")
    assert not gateway.accepts(100, "USD")


def test_the_code_fills_in_the_transfer(gateway, payment):
    step = gateway.create(payment())
    assert step.kind == "qr"
    assert scan(step.qr_payload) == ("970416", "257678859", 250_000, payment().reference)
    assert step.details == {
        "bank": "ACB",
        "account": "257678859",
        "accountName": "CONG TY WRENCOS",
        "memo": payment().reference,
    }


@pytest.mark.parametrize("fields", [{"reference": "PAY01JCV5"}, {"currency": "USD"}, {"amount": 0}])
def test_what_can_not_be_transferred(gateway, payment, fields):
    with pytest.raises(GatewayRefused):
        gateway.create(payment(**fields))


def test_a_transfer(gateway, payment, bank, deliver):
    made = bank.transfer(gateway.create(payment()).qr_payload)
    [event] = deliver(bank.message(made))
    assert (event.outcome, event.reference) == (PaymentOutcome.PAID, payment().reference)
    assert (event.amount, event.currency) == (250_000, "VND")
    assert (event.event_id, event.transaction_id) == ("transfer:FT00000001", "FT00000001")
    assert event.occurred_at == now()
    assert event.raw["memo"] == made["memo"]
    assert deliver(bank.message(made)) == [event]


def test_another_amount_is_told_as_it_is(gateway, payment, bank, deliver):
    code = gateway.create(payment()).qr_payload
    made = [bank.transfer(code, amount=amount) for amount in (200_000, 300_000)]
    assert [event.amount for event in deliver(bank.message(*made))] == [200_000, 300_000]


def test_what_names_no_payment_or_two_is_told_without_one(gateway, payment, bank, deliver):
    code = gateway.create(payment()).qr_payload
    nothing = bank.transfer(code, memo="tien hang")
    several = bank.transfer(code, memo=f"{new_reference()} {new_reference()}")
    events = deliver(bank.message(nothing, several))
    assert [(event.reference, event.reason) for event in events] == [
        (None, None),
        (None, "The memo names several payments"),
    ]


def test_what_goes_out_or_elsewhere_is_of_no_concern(gateway, payment, bank, deliver):
    code = gateway.create(payment()).qr_payload
    out = bank.transfer(code, direction="out")
    elsewhere = bank.transfer(code, account="111")
    assert deliver(bank.message(out, elsewhere)) == []
    ours = bank.transfer(code, account="257 678 859")
    assert len(deliver(bank.message(out, ours))) == 1


def test_an_account_in_another_currency(gateway, payment, bank, deliver):
    made = bank.transfer(gateway.create(payment()).qr_payload, amount=10.5, currency="USD")
    [event] = deliver(bank.message(made))
    assert (event.amount, event.currency) == (1050, "USD")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "250000.5"},
        {"amount": 1e300},
        {"amount": None},
        {"amount": "NaN"},
        {"amount": 0},
        {"amount": -250_000},
        {"currency": "GOLD"},
        {"direction": "sideways"},
        {"id": ""},
        {"memo": 5},
        {"occurredAt": "2026-03-02T03:04:05"},
        {"occurredAt": "yesterday"},
    ],
)
def test_what_can_not_be_read_is_refused(gateway, payment, bank, deliver, changes):
    made = bank.transfer(gateway.create(payment()).qr_payload, **changes)
    with pytest.raises(BadSignature):
        deliver(bank.message(made))


@pytest.mark.parametrize("body", [b"", b"{", b"5", b'"\xff"', b"[5]"])
def test_nonsense_is_refused(bank, deliver, body):
    with pytest.raises(BadSignature):
        deliver(bank.sign(body))


def test_a_message_must_be_signed_now_and_by_the_bank(gateway, payment, bank, deliver, request_of):
    made = bank.transfer(gateway.create(payment()).qr_payload)
    old = bank.message(made, at=now().timestamp() - 301)
    forged = bank.message(made, secret="another-secret-0123")
    altered = bank.message(made)._replace(body=json.dumps({**made, "amount": 9}).encode())
    for message in (old, forged, altered):
        with pytest.raises(BadSignature):
            deliver(message)
    with pytest.raises(BadSignature):
        gateway.parse_webhook(request_of(body=bank.message(made).body))


def test_without_a_secret_no_message_counts(payment, bank, request_of):
    gateway = BankTransfer(bank_bin="970416", account="257678859", account_name="X")
    made = bank.transfer(gateway.create(payment()).qr_payload)
    message = bank.message(made, secret="")
    with pytest.raises(BadSignature):
        gateway.parse_webhook(request_of(body=message.body, **message.headers))


def test_people_do_the_rest(gateway, known, refund, request_of):
    assert gateway.query(known()) is None
    assert gateway.parse_return(request_of("a=b")) == ReturnInfo()
    assert gateway.refund(refund()).outcome is RefundOutcome.MANUAL
    assert gateway.query_refund(refund()).outcome is RefundOutcome.MANUAL


@pytest.mark.parametrize("result", WebhookResult)
def test_what_is_not_stored_is_asked_for_again(gateway, result):
    status = gateway.webhook_reply(result).status
    assert status == {"refused": 401, "failed": 503}.get(result.value, 200)
