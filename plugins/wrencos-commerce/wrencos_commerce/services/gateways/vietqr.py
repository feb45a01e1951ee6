"""VietQR: what a bank's app reads to fill in a transfer within Vietnam.

EMVCo's "Merchant-Presented QR" with NAPAS's account transfer in field 38: fields of a two-digit id,
the length of the value in two digits, and the value.
"""

from __future__ import annotations

import binascii

from wrencos_commerce.services.labels.codes import QUIET_ZONE, qr_png, qr_svg

LONGEST_PURPOSE = 25
MOST = 10**13 - 1
_NAPAS = "A000000727"
_TO_ACCOUNT = "QRIBFTTA"
_VND = "704"
# 15 % of the code may be damaged, as in what banks print.
_ERROR = "M"
_STATIC, _DYNAMIC = "11", "12"


def payload(bank_bin: str, account: str, amount: int | None = None, purpose: str = "") -> str:
    """The text of the code: pay `amount` whole đồng (None: the payer says) to the account.

    Raises ValueError for an amount or a purpose (at most 25 ASCII characters) that does not fit.
    """
    if amount is not None and not 0 < amount <= MOST:
        raise ValueError(f"not an amount for VietQR: {amount}")
    if not (purpose.isascii() and purpose.isprintable() and len(purpose) <= LONGEST_PURPOSE):
        raise ValueError(f"not a purpose for VietQR: {purpose!r}")
    beneficiary = _field("00", bank_bin) + _field("01", account)
    merchant = _field("00", _NAPAS) + _field("01", beneficiary) + _field("02", _TO_ACCOUNT)
    text = _field("00", "01")
    text += _field("01", _STATIC if amount is None else _DYNAMIC)
    text += _field("38", merchant) + _field("53", _VND)
    text += "" if amount is None else _field("54", str(amount))
    text += _field("58", "VN")
    text += _field("62", _field("08", purpose)) if purpose else ""
    text += "6304"
    return f"{text}{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def png(text: str, scale: int = 8) -> bytes:
    """The code as a black and white PNG, its modules `scale` pixels wide."""
    return qr_png(text, scale=scale, border=QUIET_ZONE, error=_ERROR)


def svg(text: str, scale: int = 8) -> bytes:
    """The code as SVG, its modules `scale` pixels wide."""
    return qr_svg(text, scale=scale, border=QUIET_ZONE, error=_ERROR)


def _field(id: str, value: str) -> str:
    if len(value) > 99:
        raise ValueError(f"too long for VietQR: {value!r}")
    return f"{id}{len(value):02}{value}"
