"""VietQR codes: a known one, what a bank's app reads, and that cameras can."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from hypothesis import given, settings, strategies as st
from PIL import Image

from wrencos_commerce.services.gateways import vietqr
from wrencos_commerce.services.gateways.references import new_reference
from wrencos_commerce.testing.fake_bank import Scanned, scan

STATIC = (
    "00020101021138530010A0000007270123000697041601092576788590208QRIBFTTA53037045802VN6304AE9F"
)


def test_the_known_code() -> None:
    assert vietqr.payload("970416", "257678859") == STATIC
    assert scan(STATIC) == Scanned("970416", "257678859", None, "")


@settings(deadline=None)
@given(
    st.text("0123456789", min_size=6, max_size=6),
    st.text("0123456789ABCXYZ", min_size=1, max_size=19),
    st.integers(1, vietqr.MOST),
    st.text("0123456789ABCXYZ ", max_size=vietqr.LONGEST_PURPOSE),
)
def test_an_app_reads_what_was_written(
    bank_bin: str, account: str, amount: int, purpose: str
) -> None:
    text = vietqr.payload(bank_bin, account, amount, purpose)
    assert scan(text) == Scanned(bank_bin, account, amount, purpose)
    assert text.startswith("000201010212")


@pytest.mark.parametrize("amount", [0, -1, vietqr.MOST + 1])
def test_an_amount_that_does_not_fit(amount: int) -> None:
    with pytest.raises(ValueError, match="amount"):
        vietqr.payload("970416", "257678859", amount)


@pytest.mark.parametrize("purpose", ["x" * 26, "Đơn", "a\nb"])
def test_a_purpose_that_does_not_fit(purpose: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        vietqr.payload("970416", "257678859", 1, purpose)


def test_an_account_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="too long"):
        vietqr.payload("970416", "1" * 100, 1)


def test_a_camera_reads_the_picture() -> None:
    text = vietqr.payload("970416", "257678859", 250_000, new_reference())
    with Image.open(io.BytesIO(vietqr.png(text))) as image:
        [found] = zxingcpp.read_barcodes(image.convert("L"))
    assert found.text == text
    assert vietqr.svg(text).startswith(b"<?xml")
