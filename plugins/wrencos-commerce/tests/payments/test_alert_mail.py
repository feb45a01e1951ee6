"""Who is told at once that a payment needs a human."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.api import CoreSettings, Platform


@pytest.fixture
def platform(make_platform: Any, vnpay: FakeVNPay) -> Platform:
    ways = {"vnpay_tmn_code": vnpay.tmn_code, "vnpay_secret": vnpay.secret}
    urls = {"vnpay_pay_url": vnpay.pay_url, "vnpay_api_url": vnpay.api_url}
    alert = {"payment_alert_email": "owner@example.com"}
    settings = {CoreSettings: {"currency": "VND"}, CommerceSettings: {**ways, **urls, **alert}}
    return make_platform(None, settings)  # type: ignore[no-any-return]


def test_one_mail_for_each_entry(
    shopper: Any,
    serum: str,
    vnpay: FakeVNPay,
    ipn: Callable[[str], str],
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    order = shopper.order(serum)
    reference = shopper.open_page(order)
    vnpay.pay(reference)
    for _ in range(3):
        assert ipn(vnpay.ipn(reference, Amount="100")) == "04"
    run_jobs()
    (mail,) = [mail for mail in sent_mail() if mail["To"] == "owner@example.com"]
    assert mail["Subject"] == "A payment needs you: amount mismatch"
    assert order in mail.get_body(("plain",)).get_content()
