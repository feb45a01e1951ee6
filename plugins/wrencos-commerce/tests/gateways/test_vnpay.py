"""The gateway `vnpay`: the page, the return, and the IPN."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.services.gateways.vnpay import VNPay
from wrencos_commerce.services.gateways.vnpay_fields import (
    ipv4,
    outcome,
    plain,
    read_amount,
    read_date,
    written_amount,
    written_date,
)
from wrencos_commerce.testing.fake_vnpay import SECRET, TMN_CODE, FakeVNPay
from wrencos_core.clock import ManualClock
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayRefused,
    PaymentKind,
    PaymentOutcome,
    WebhookResult,
)


@pytest.fixture
def fake(clock: ManualClock) -> Iterator[FakeVNPay]:
    with FakeVNPay() as fake:
        yield fake


@pytest.fixture
def vnpay(fake):
    return VNPay(tmn_code=TMN_CODE, secret=SECRET, pay_url=fake.pay_url, api_url=fake.api_url)


@pytest.fixture
def opened(fake, vnpay, payment):
    """The reference of an attempt whose page the customer has opened."""
    answer = requests.get(vnpay.create(payment()).url, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()["reference"]


def read(vnpay, request_of, query) -> GatewayEvent:
    [event] = vnpay.parse_webhook(request_of(query))
    return event


def test_what_it_is(vnpay):
    assert (vnpay.id, vnpay.kind) == ("vnpay", PaymentKind.ONLINE)
    assert set(vnpay.names) == {"vi", "en"}


@pytest.mark.parametrize(
    ("amount", "currency", "accepted"),
    [
        (5_000, "VND", True),
        (999_999_999, "VND", True),
        (4_999, "VND", False),
        (1_000_000_000, "VND", False),
        (10_000, "USD", False),
    ],
)
def test_what_it_accepts(vnpay, payment, amount, currency, accepted):
    assert vnpay.accepts(amount, currency) is accepted
    if not accepted:
        with pytest.raises(GatewayRefused):
            vnpay.create(payment(amount=amount, currency=currency))


def test_the_page_takes_the_address(vnpay, fake, payment):
    step = vnpay.create(payment())
    assert step.kind == "redirect"
    assert requests.get(step.url, timeout=5).json()["amount"] == 250_000
    fields = {name: value for name, [value] in parse_qs(urlsplit(step.url).query).items()}
    assert fields == {
        "vnp_Version": "2.1.0",
        "vnp_Command": "pay",
        "vnp_TmnCode": TMN_CODE,
        "vnp_Amount": "25000000",
        "vnp_CurrCode": "VND",
        "vnp_TxnRef": "WTEST0REFERENCE0000R",
        "vnp_OrderInfo": "Thanh toan don hang 5",
        "vnp_OrderType": "other",
        "vnp_Locale": "vn",
        "vnp_ReturnUrl": "https://shop.example.com/payments/return",
        "vnp_IpAddr": "203.0.113.7",
        # 2026-03-02 03:04:05 in UTC.
        "vnp_CreateDate": "20260302100405",
        "vnp_ExpireDate": "20260302101905",
        "vnp_SecureHash": fields["vnp_SecureHash"],
    }


def test_the_same_attempt_has_the_same_page(vnpay, payment):
    assert vnpay.create(payment()).url == vnpay.create(payment()).url
    assert "vnp_Locale=en" in vnpay.create(payment(locale="en")).url


def test_a_description_of_signs_only_becomes_the_reference(vnpay, payment):
    url = vnpay.create(payment(description="~*!'()|")).url
    assert "vnp_OrderInfo=WTEST0REFERENCE0000R&" in url


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_dates_are_vietnamese_whatever_the_zone_of_the_server(zone, monkeypatch):
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert written_date(datetime(2026, 12, 31, 18, 30, tzinfo=UTC)) == "20270101013000"
        assert read_date("20270101013000") == datetime(2026, 12, 31, 18, 30, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "2027", "20271301013000", "00000101000000", "२०२७0101013000"])
def test_what_is_no_date(text):
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Đơn hàng số 5: mỹ phẩm", "Don hang so 5: my pham"),
        ("a|b ~ c * d ! e ' f ( g )", "a b c d e f g"),
        ("  \n tabs\tand lines ", "tabs and lines"),
        ("口红", ""),
        ("x" * 300, "x" * 255),
    ],
)
def test_plain_text(text, written):
    assert plain(text) == written


@settings(deadline=None)
@given(st.text(max_size=400))
def test_plain_text_holds_nothing_that_is_signed_differently(text):
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:-")
    assert set(plain(text)) <= allowed


@pytest.mark.parametrize(
    ("address", "mapped"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::1", "127.0.0.1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "127.0.0.1"),
        ("fe80::1%eth0", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_addresses_become_ipv4(address, mapped):
    assert ipv4(address) == mapped


@settings(deadline=None)
@given(st.integers(1, 10**15 - 1))
def test_amounts_come_back(amount):
    assert read_amount(written_amount(amount)) == amount


@pytest.mark.parametrize(
    "text", ["1e6", "-100", "+100", "150", "1.00", " 100", "", "१००", "0", "1" * 40]
)
def test_what_is_no_amount(text):
    assert read_amount(text) is None


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("00", "00", PaymentOutcome.PAID),
        ("00", "01", PaymentOutcome.PENDING),
        ("00", "02", PaymentOutcome.FAILED),
        ("00", "04", PaymentOutcome.SUSPICIOUS),
        ("00", "07", PaymentOutcome.SUSPICIOUS),
        ("07", "00", PaymentOutcome.SUSPICIOUS),
        ("24", "02", PaymentOutcome.CANCELLED),
        ("11", "02", PaymentOutcome.EXPIRED),
        ("51", "02", PaymentOutcome.FAILED),
        ("99", "00", PaymentOutcome.SUSPICIOUS),
        ("24", "00", PaymentOutcome.SUSPICIOUS),
        ("nonsense", "nonsense", PaymentOutcome.FAILED),
    ],
)
def test_what_codes_mean(code, status, expected):
    assert outcome(code, status) is expected


def test_a_payment(vnpay, fake, opened, request_of):
    event = read(vnpay, request_of, fake.pay(opened))
    assert (event.outcome, event.reason) == (PaymentOutcome.PAID, None)
    assert (event.reference, event.amount, event.currency) == (opened, 250_000, "VND")
    assert event.transaction_id == "14000001"
    assert event.event_id == f"{opened}:14000001:00:00"
    assert event.occurred_at == datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
    assert event.raw["vnp_BankCode"] == "NCB"
    assert event == read(vnpay, request_of, fake.ipn(opened))
    assert fake.paid == {opened: 250_000}


def test_a_payment_that_the_customer_cancels(vnpay, fake, opened, request_of):
    event = read(vnpay, request_of, fake.pay(opened, "24"))
    assert (event.outcome, event.transaction_id) == (PaymentOutcome.CANCELLED, None)
    assert event.reason == "The customer cancelled (code 24, status 02)"
    assert fake.paid == {}
    # Also where VNPay gives the attempt a number: no money is behind it.
    assert (
        read(vnpay, request_of, fake.ipn(opened, TransactionNo="14000009")).transaction_id is None
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"ResponseCode": ""},
        {"TransactionStatus": ""},
        {"TxnRef": ""},
        {"TxnRef": "A" * 101},
        {"Amount": ""},
        {"Amount": "1e6"},
        {"Amount": "-25000000"},
        {"Amount": "9" * 60},
        {"Amount": "25000050"},
        {"TmnCode": "OTHERTMN"},
    ],
)
def test_what_is_signed_and_can_not_be_read_is_refused(vnpay, fake, opened, request_of, changes):
    fake.pay(opened)
    query = fake.ipn(opened, **changes)
    with pytest.raises(BadSignature):
        vnpay.parse_webhook(request_of(query))
    assert not vnpay.parse_return(request_of(query)).is_valid


def test_a_changed_amount_is_refused_and_a_signed_other_one_is_told(
    vnpay, fake, opened, request_of
):
    query = fake.pay(opened)
    with pytest.raises(BadSignature):
        vnpay.parse_webhook(request_of(query.replace("Amount=25000000", "Amount=500000")))
    signed = fake.ipn(opened, Amount="500000")
    assert read(vnpay, request_of, signed).amount == 5_000


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {f"vnp_{name}": st.text(max_size=20) for name in ("Amount", "ResponseCode", "PayDate")},
        optional={"vnp_TransactionNo": st.text(max_size=120), "vnp_Extra": st.text()},
    )
)
def test_whatever_vnpay_signs_is_read_or_refused(vnpay, fake, request_of, fields):
    known = {"vnp_TmnCode": TMN_CODE, "vnp_TxnRef": "W1", "vnp_TransactionStatus": "00"}
    request = request_of(fake.sign({**fields, **known}))
    try:
        [event] = vnpay.parse_webhook(request)
    except BadSignature:
        assert not vnpay.parse_return(request).is_valid
    else:
        assert event.outcome is not PaymentOutcome.PAID or fields["vnp_ResponseCode"] == "00"
        assert 0 < event.amount < 10**15


@pytest.mark.parametrize("query", [b"", b"%FF", b"vnp_Amount=%FF&vnp_SecureHash=00", b"&&==&"])
def test_nonsense_is_refused(vnpay, request_of, query):
    with pytest.raises(BadSignature):
        vnpay.parse_webhook(request_of(query))
    assert vnpay.parse_return(request_of(query)).reference is None


def test_the_return_tells_the_same_and_asks_for_nothing(vnpay, fake, opened, request_of):
    fake.pay(opened)
    query = urlsplit(fake.return_address(opened)).query
    info = vnpay.parse_return(request_of(f"utm_source=vnpay&{query}"))
    assert (info.reference, info.outcome) == (opened, PaymentOutcome.PAID)
    assert (info.is_valid, info.should_query) == (True, False)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (WebhookResult.APPLIED, "00"),
        (WebhookResult.UNKNOWN, "01"),
        (WebhookResult.ALREADY, "02"),
        (WebhookResult.MISMATCH, "04"),
        (WebhookResult.REFUSED, "97"),
        (WebhookResult.FAILED, "99"),
    ],
)
def test_its_answers_have_the_status_200(vnpay, result, code):
    reply = vnpay.webhook_reply(result)
    assert (reply.status, reply.body["RspCode"]) == (200, code)
    assert reply.body["Message"]
