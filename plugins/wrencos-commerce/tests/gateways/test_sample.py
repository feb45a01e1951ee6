"""A gateway of another plugin stands beside those of commerce, and is what the guide shows."""

from __future__ import annotations

import hashlib
import hmac
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from wrencos_commerce import plugin
from wrencos_core.contracts.payments import (
    BadSignature,
    PaymentGateway,
    PaymentOutcome,
    RefundOutcome,
    ReturnInfo,
    WebhookResult,
)

FILE = Path(__file__).parents[1] / "sample_gateway.py"
GUIDE = Path(__file__).parents[4] / "docs" / "payments.md"


@pytest.fixture(scope="module")
def sample() -> ModuleType:
    spec = spec_from_file_location("sample_gateway", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def gateway(sample: ModuleType) -> PaymentGateway:
    [gateway] = sample.GATEWAYS
    return gateway  # type: ignore[no-any-return]


def test_the_guide_shows_it() -> None:
    code = FILE.read_text("utf-8").partition("class Message")[2]
    assert f"class Message{code}" in GUIDE.read_text("utf-8")


def test_it_stands_beside_the_built_in_ones(sample, make_platform):
    platform = make_platform({"commerce": plugin, "paylater": sample})
    answers = platform.hook.commerce_payment_gateways(platform=platform)
    ids = [gateway.id for answer in answers for gateway in answer]
    assert sorted(ids) == ["cash", "cod", "pay_later"]


def test_its_messages(gateway, request_of):
    body = b'{"id": "1", "reference": "W1", "amount": 250000}'
    signature = hmac.new(b"from your settings", body, hashlib.sha256).hexdigest()
    [event] = gateway.parse_webhook(request_of(body=body, x_signature=signature))
    assert (event.outcome, event.reference, event.amount) == (PaymentOutcome.PAID, "W1", 250_000)
    with pytest.raises(BadSignature):
        gateway.parse_webhook(request_of(body=body, x_signature="0"))
    nothing = hmac.new(b"from your settings", b"{", hashlib.sha256).hexdigest()
    with pytest.raises(BadSignature):
        gateway.parse_webhook(request_of(body=b"{", x_signature=nothing))
    assert gateway.webhook_reply(WebhookResult.APPLIED).status == 200


def test_the_rest_of_it(gateway, payment, known, refund, request_of):
    assert gateway.accepts(250_000, "VND")
    assert gateway.create(payment()).details == {"memo": payment().reference}
    assert gateway.parse_return(request_of()) == ReturnInfo()
    assert gateway.query(known()) is None
    assert gateway.refund(refund()).outcome is RefundOutcome.MANUAL
