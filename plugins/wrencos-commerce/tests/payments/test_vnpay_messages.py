"""What VNPay's calls (IPN) may do to an order, and what they may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core import database
from wrencos_core.api import Platform

Ipn = Callable[[str], str]

# First, so that no moment in a test is of another clock.
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def order(shopper: Any, serum: str) -> str:
    """An order of two pieces that waits for its payment."""
    return str(shopper.order(serum, 2))


@pytest.fixture
def reference(shopper: Any, order: str) -> str:
    """Its attempt, whose page is open."""
    return str(shopper.open_page(order))


@contextmanager
def unchanged(shop: Any, order: str) -> Iterator[None]:
    """What happens in the block writes nothing."""

    def all_of_it() -> Any:
        return shop.order(order), shop.payments(order), shop.messages(), shop.reviews()

    before = all_of_it()
    yield
    assert all_of_it() == before


FORGED = {
    "a smaller amount": lambda query: query.replace("60000000", "100"),
    "another order": lambda query: query.replace("vnp_TxnRef=", "vnp_TxnRef=X"),
    "a wrong hash": lambda query: query[:-8] + "deadbeef",
    "no hash": lambda query: query.split("&vnp_SecureHash")[0],
    "an empty hash": lambda query: query.split("vnp_SecureHash")[0] + "vnp_SecureHash=",
    "an amount twice": lambda query: query + "&vnp_Amount=100",
    "a field more": lambda query: query + "&vnp_CardType=ATM2",
    "bytes that are no text": lambda query: query + "&vnp_Extra=%FF%FE",
    "a hash that is no text": lambda query: query.split("vnp_SecureHash")[0] + "vnp_SecureHash=%FF",
    "nothing": lambda _: "",
    "only a hash": lambda query: query[query.index("vnp_SecureHash") :],
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_is_not_signed_by_vnpay_is_answered_97_and_writes_nothing(
    shop: Any, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn, forge: Callable[[str], str]
) -> None:
    query = vnpay.pay(reference)
    with unchanged(shop, order):
        assert ipn(forge(query)) == "97"
    assert ipn(query) == "00"


MALFORMED = {
    "another shop's terminal": {"TmnCode": "OTHERTMN"},
    "no response code": {"ResponseCode": ""},
    "no status": {"TransactionStatus": ""},
    "no amount": {"Amount": ""},
    "an amount with an exponent": {"Amount": "1e6"},
    "a negative amount": {"Amount": "-60000000"},
    "a huge amount": {"Amount": "9" * 40},
    "a part of a đồng": {"Amount": "60000001"},
    "digits of another script": {"Amount": "٦٠٠٠٠٠٠٠"},
    "no reference": {"TxnRef": ""},
    "a long reference": {"TxnRef": "A" * 101},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED)
def test_a_signed_message_that_can_not_be_meant_for_us_writes_nothing(
    shop: Any,
    order: str,
    reference: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
    changes: dict[str, str],
) -> None:
    query = vnpay.pay(reference)
    with unchanged(shop, order):
        assert ipn(vnpay.ipn(reference, **changes)) == "97"
    assert ipn(query) == "00"


def test_an_upper_case_hash_and_foreign_parameters_do_not_hurt(
    shopper: Any, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    text, mac = vnpay.pay(reference).rsplit("=", 1)
    assert ipn(f"utm_source=mail&{text}={mac.upper()}&utm_term=ki%E1%BB%83m") == "00"
    assert shopper.shown(order) == ("confirmed", "paid")


def test_an_unknown_reference_is_answered_01(
    shop: Any, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    vnpay.pay(reference)
    with unchanged(shop, order):
        assert ipn(vnpay.ipn(reference, TxnRef="NOBODYKNOWSTHIS")) == "01"


def test_another_amount_than_asked_for_is_answered_04_and_waits_for_a_human(
    shop: Any, shopper: Any, desk: Any, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    paid = vnpay.pay(reference)
    wrong = vnpay.ipn(reference, Amount="59999900")
    assert [ipn(wrong), ipn(wrong)] == ["04", "04"]
    assert shop.reviews() == ["amount_mismatch"]
    assert shopper.shown(order) == ("pending", "pending")
    assert shop.messages() == 0
    # The answer that was wrong once does not keep the right one from being taken.
    assert ipn(paid) == "00"
    assert shopper.shown(order) == ("confirmed", "paid")
    desk.resolve("amount_mismatch", "close")
    shop.add_up()


def test_the_same_message_again_is_answered_02_and_counts_once(
    shop: Any, serum: str, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    paid = vnpay.pay(reference)
    assert [ipn(paid) for _ in range(4)] == ["00", "02", "02", "02"]
    assert shop.messages() == 1
    assert shop.stock(serum) == (8, 0)
    shop.add_up()


def test_failed_then_paid_is_paid_late(
    shop: Any, shopper: Any, serum: str, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    assert ipn(vnpay.pay(reference, "51", "02")) == "00"
    assert shop.states(order) == ["failed"]
    assert shop.stock(serum) == (10, 0)
    assert ipn(vnpay.pay(reference)) == "00"
    assert shopper.shown(order) == ("confirmed", "paid")
    (payment,) = shop.payments(order)
    assert payment["is_late"]
    assert shop.reviews() == ["late"]
    shop.add_up()


def test_paid_then_failed_stays_paid(
    shop: Any, shopper: Any, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    assert ipn(vnpay.pay(reference)) == "00"
    failed = vnpay.ipn(reference, ResponseCode="24", TransactionStatus="02", TransactionNo="0")
    assert [ipn(failed), ipn(failed)] == ["02", "02"]
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


@pytest.mark.parametrize("status", ["01", "02"])
def test_a_good_response_code_alone_is_not_paid(
    shop: Any,
    shopper: Any,
    order: str,
    reference: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
    status: str,
) -> None:
    ipn(vnpay.pay(reference, "00", status))
    assert shopper.shown(order) == ("pending", "pending")
    assert shop.states(order) == ["pending" if status == "01" else "failed"]
    shop.add_up()


def test_a_suspicious_payment_lets_neither_the_hold_nor_the_order_expire(
    shop: Any,
    shopper: Any,
    desk: Any,
    serum: str,
    order: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
    clock: Any,
) -> None:
    reference = shopper.open_page(order)
    assert ipn(vnpay.pay(reference, "07", "07")) == "00"
    assert shop.reviews() == ["suspicious"]
    assert shopper.shown(order) == ("pending", "pending")
    assert shopper.start(order, status=409)["type"].endswith("nothing-to-pay")
    for _ in range(40):
        clock.advance(timedelta(hours=2))
        assert shop.expire() == (0, 0)
        shop.reconcile()
    assert shop.stock(serum) == (8, 2)
    desk.resolve("suspicious", "accept")
    assert shopper.shown(order) == ("confirmed", "paid")
    vnpay.transactions[reference].status = "00"
    shop.add_up()


def test_the_browser_that_comes_back_changes_nothing(
    shop: Any, client: Any, order: str, reference: str, vnpay: FakeVNPay
) -> None:
    vnpay.pay(reference)
    back = urlsplit(vnpay.return_address(reference))
    (payment,) = shop.payments(order)
    with unchanged(shop, order):
        answer = client.get(f"{back.path}?{back.query}")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(
        f"/orders/{order}?payment={payment['_id']}&outcome=paid"
    )
    assert shop.states(order) == ["pending"]


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_way_back_shows_nothing_and_leads_nowhere_else(
    shop: Any,
    client: Any,
    order: str,
    reference: str,
    vnpay: FakeVNPay,
    forge: Callable[[str], str],
) -> None:
    vnpay.pay(reference)
    back = urlsplit(vnpay.return_address(reference))
    query = f"{forge(back.query)}&next=https://evil.example&vnp_ReturnUrl=https://evil.example"
    with unchanged(shop, order):
        answer = client.get(f"{back.path}?{query}", headers={"X-Forwarded-Host": "evil.example"})
    target = urlsplit(answer.headers["Location"])
    assert target.netloc == urlsplit(shop.platform.settings.base_url).netloc
    assert parse_qs(target.query)["outcome"] == ["pending"]


def test_a_way_back_with_another_order_s_signature_shows_nothing(
    shop: Any, shopper: Any, client: Any, serum: str, vnpay: FakeVNPay
) -> None:
    mine, other = shopper.order(serum), shopper.order(serum)
    paid = shopper.open_page(mine)
    shopper.open_page(other)
    query = vnpay.pay(paid)
    (payment,) = shop.payments(other)
    answer = client.get(f"/api/payments/return/vnpay/{payment['reference']}?{query}")
    assert answer.headers["Location"].endswith("outcome=pending")


@pytest.mark.parametrize(
    "path", ["vnpay/NOBODYKNOWSTHIS", "nobody/X", "vnpay/%2e%2e", "//evil.example"]
)
def test_a_way_back_of_nothing_is_a_404(client: Any, platform: Platform, path: str) -> None:
    answer = client.get(f"/api/payments/return/{path}")
    assert answer.status_code in (404, 308)
    assert "evil" not in answer.headers.get("Location", "").split("/api/")[0]


def test_dates_are_in_vietnamese_time_on_a_server_in_utc(
    shopper: Any, serum: str, clock: Any
) -> None:
    order = shopper.order(serum)
    query = parse_qs(urlsplit(shopper.start(order)["next"]["url"]).query)
    # 2026-03-02 03:04:05 UTC
    assert query["vnp_CreateDate"] == ["20260302100405"]
    assert query["vnp_ExpireDate"] == ["20260302101905"]


def test_while_the_database_is_away_the_answer_is_99_and_the_next_call_succeeds(
    shop: Any,
    shopper: Any,
    platform: Platform,
    order: str,
    reference: str,
    vnpay: FakeVNPay,
    ipn: Ipn,
) -> None:
    paid = vnpay.pay(reference)
    database.client().close()
    try:
        assert ipn(paid) == "99"
    finally:
        database.disconnect()
        platform.connect()
    assert shopper.shown(order) == ("pending", "pending")
    assert [ipn(paid), ipn(paid)] == ["00", "02"]
    shop.add_up()


@pytest.mark.parametrize("method", ["vnpay", "stripe", "paypal", "bank_transfer"])
def test_a_body_that_does_not_end_is_refused(client: Any, platform: Platform, method: str) -> None:
    answer = client.post(f"/api/payments/webhooks/{method}", data=b"{" * 3_000_000)
    assert answer.status_code in (200, 400, 401, 413)
    assert (answer.get_json() or {}).get("RspCode") in (None, "97")


def test_a_message_to_a_gateway_that_there_is_not(client: Any, platform: Platform) -> None:
    assert client.post("/api/payments/webhooks/nobody").status_code == 404


@pytest.mark.rate_limits
def test_a_burst_of_calls_is_not_held_against_the_gateway(
    shop: Any, shopper: Any, order: str, reference: str, vnpay: FakeVNPay, ipn: Ipn
) -> None:
    limit = int(shop.platform.settings.rate_limit_default.split()[0])
    paid = vnpay.pay(reference)
    query = vnpay.ipn(reference, TxnRef="NOBODYKNOWSTHIS")
    assert {ipn(query) for _ in range(limit + 5)} == {"01"}
    assert ipn(paid) == "00"
    assert shopper.shown(order) == ("confirmed", "paid")


def test_a_field_with_the_sign_that_parts_them_is_no_answer(
    shop: Any, order: str, reference: str, vnpay: FakeVNPay, clock: Any
) -> None:
    """`|` parts the values that VNPay signs: moved from one field to the next, it would sign."""
    vnpay.pay(reference)
    vnpay.transactions[reference].order_info = "a|b"
    clock.advance(timedelta(minutes=15))
    assert shop.reconcile() == [("pending", "unanswered", "pending")]
    vnpay.transactions[reference].order_info = "a b"
    clock.advance(timedelta(minutes=15))
    assert shop.reconcile() == [("pending", "answered", "paid")]
