"""Signatures with a time: a known vector, and what must not pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.gateways.timed_signatures import check, signature
from wrencos_core import clock
from wrencos_core.contracts.payments import BadSignature

SECRET = "whsec_test_secret_0123456789"
MOMENT = 1735689600
BODY = (
    b'{"id":"evt_1","object":"event","type":"checkout.session.completed","data":{"object":'
    b'{"id":"cs_test_1","object":"checkout.session","payment_status":"paid",'
    b'"amount_total":250000,"currency":"vnd","client_reference_id":"PAY1"}}}'
)
HASH = "8d275270a6f9ac34d39ca4394e237ea56a48a98f85dfb4afac5188bc534ee363"


def at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


@pytest.fixture(scope="module", autouse=True)
def then() -> Iterator[None]:
    with clock.use(lambda: at(MOMENT)):
        yield


def test_the_known_signature() -> None:
    assert signature(BODY, SECRET, MOMENT) == HASH
    check(f"t={MOMENT},v1={HASH}", BODY, SECRET)


def test_one_of_several_is_enough() -> None:
    check(f"t={MOMENT},v1={'0' * 64},v0=old,v1={HASH}", BODY, SECRET)
    check(f"t={MOMENT}, v1={HASH}", BODY, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        "",
        HASH,
        f"v1={HASH}",
        f"t={MOMENT}",
        f"t={MOMENT},v1=",
        f"t={MOMENT},v0={HASH}",
        f"t={MOMENT},v1=Đ{HASH[1:]}",
        f"t={MOMENT + 1},v1={HASH}",
        f"t={MOMENT},t={MOMENT},v1={HASH}",
        f"t=-{MOMENT},v1={HASH}",
        f"t={'9' * 30},v1={HASH}",
        f"t=१,v1={HASH}",
        f"t={MOMENT},v1={HASH}" + ",v1=0" * 2000,
    ],
)
def test_what_is_no_signature(header: str) -> None:
    with pytest.raises(BadSignature):
        check(header, BODY, SECRET)


@pytest.mark.parametrize(
    ("seconds", "fresh"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_five_minutes_is_too_old(seconds: int, fresh: bool) -> None:
    with clock.use(lambda: at(MOMENT + seconds)):
        if fresh:
            check(f"t={MOMENT},v1={HASH}", BODY, SECRET)
        else:
            with pytest.raises(BadSignature, match="too old"):
                check(f"t={MOMENT},v1={HASH}", BODY, SECRET)


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(min_size=1, max_size=40), st.data())
def test_any_change_is_noticed(body: bytes, secret: str, data: st.DataObject) -> None:
    header = f"t={MOMENT},v1={signature(body, secret, MOMENT)}"
    check(header, body, secret)
    other = data.draw(st.binary(max_size=200).filter(lambda it: it != body))
    for changed, key in ((other, secret), (body, f"{secret}x")):
        with pytest.raises(BadSignature):
            check(header, changed, key)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_no_header_makes_it_fail_otherwise(header: str) -> None:
    with pytest.raises(BadSignature):
        check(header, BODY, SECRET)
