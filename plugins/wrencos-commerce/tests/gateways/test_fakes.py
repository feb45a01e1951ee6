"""The fake gateways as processes of their own, which outlive those that a test kills."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from wrencos_commerce.services.gateways.stripe_checkout import StripeCheckout
from wrencos_commerce.services.gateways.vnpay import VNPay
from wrencos_commerce.testing.fake_paypal import FakePayPal
from wrencos_commerce.testing.fake_stripe import KEY, WEBHOOK_SECRET
from wrencos_commerce.testing.fake_vnpay import SECRET, TMN_CODE, FakeVNPay
from wrencos_core.contracts.payments import PaymentOutcome


@contextmanager
def running(name: str) -> Iterator[str]:
    """The address of a fake that runs until the block ends."""
    command = [sys.executable, "-m", f"wrencos_commerce.testing.{name}", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def do(url: str, method: str, *arguments: object) -> object:
    body = {"method": method, "arguments": arguments}
    answer = requests.post(f"{url}/_do", json=body, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_vnpay(payment, request_of):
    with running("fake_vnpay") as url:
        gateway = VNPay(
            tmn_code=TMN_CODE, secret=SECRET, pay_url=f"{url}/paymentv2/vpcpay.html", api_url=url
        )
        wanted = payment()
        requests.get(gateway.create(wanted).url, timeout=5).raise_for_status()
        ipn = str(do(url, "pay", wanted.reference))
        [event] = gateway.parse_webhook(request_of(ipn))
        assert event.outcome is PaymentOutcome.PAID
        books = requests.get(f"{url}/_books", timeout=5).json()
        assert books["paid"] == {wanted.reference: 250_000}


def test_a_stripe(payment, request_of):
    with running("fake_stripe") as url:
        gateway = StripeCheckout(api_key=KEY, webhook_secret=WEBHOOK_SECRET, api_base=url)
        body, headers = do(url, "pay", gateway.create(payment()).gateway_id)
        [event] = gateway.parse_webhook(request_of(body=body.encode(), **headers))
        assert event.outcome is PaymentOutcome.PAID


def test_a_paypal():
    with running("fake_paypal") as url:
        assert requests.get(f"{url}/_books", timeout=5).json()["paid"] == {}
        do(url, "fail", "error", 1)
        assert requests.get(f"{url}/v2", timeout=5).status_code == 500


def test_only_what_is_meant_for_it_can_be_called():
    with FakePayPal() as fake:
        answer = requests.post(f"{fake.url}/_do", json={"method": "__exit__"}, timeout=5)
        assert answer.status_code == 404


@pytest.mark.parametrize("query", ["", "vnp_Amount=1&vnp_SecureHash=x"])
def test_a_page_that_was_not_signed_is_not_shown(query):
    with FakeVNPay() as fake:
        answer = requests.get(f"{fake.pay_url}?{query}", timeout=5)
        assert answer.status_code == 400
