"""QR codes and the bars of an EAN-13."""

from __future__ import annotations

import io
from collections.abc import Sequence

import segno

from wrencos_commerce.services.variants import check_digit

ERROR_LEVELS = ("L", "M", "Q", "H")
# ISO/IEC 18004 asks for four light modules around the code.
QUIET_ZONE = 4

# The digits' bars, GS1 General Specifications 5.2.1.2: set A; B is its mirrored complement, C its
# complement.
_SET_A = (
    *("0001101", "0011001", "0010011", "0111101", "0100011"),
    *("0110001", "0101111", "0111011", "0110111", "0001011"),
)
# Which of the left six are of set B, by the first digit.
_PARITY = (
    *("AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB"),
    *("ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"),
)


def qr_svg(url: str, *, scale: int, border: int, error: str) -> bytes:
    """The code as SVG, its modules `scale` pixels wide; `error` is one of ERROR_LEVELS."""
    target = io.BytesIO()
    _qr(url, error).save(target, kind="svg", scale=scale, border=border, light="#fff", nl=False)
    return target.getvalue()


def qr_png(url: str, *, scale: int, border: int, error: str) -> bytes:
    """The code as a black and white PNG; see qr_svg."""
    target = io.BytesIO()
    _qr(url, error).save(target, kind="png", scale=scale, border=border)
    return target.getvalue()


def qr_modules(url: str, error: str = "M") -> Sequence[Sequence[int]]:
    """The code's rows, without a quiet zone; 1 is black."""
    return [[int(module) for module in row] for row in _qr(url, error).matrix]


def _qr(url: str, error: str) -> segno.QRCode:
    # Never a better error level than asked for, so that the size depends on nothing else.
    return segno.make_qr(url, error=error, boost_error=False)


def ean13(barcode: str | None) -> str | None:
    """`barcode` as the 13 digits of an EAN, also for a UPC of 12; None for anything else."""
    digits = barcode or ""
    if not (digits.isascii() and digits.isdigit() and len(digits) in (12, 13)):
        return None
    if check_digit(digits[:-1]) != digits[-1]:
        return None
    return digits.zfill(13)


def ean13_modules(digits: str) -> str:
    """The 95 modules of an EAN-13, `1` for a bar, without the quiet zones."""
    left = [
        _SET_A[int(digit)] if parity == "A" else _complement(_SET_A[int(digit)])[::-1]
        for digit, parity in zip(digits[1:7], _PARITY[int(digits[0])], strict=True)
    ]
    right = [_complement(_SET_A[int(digit)]) for digit in digits[7:]]
    return "".join(["101", *left, "01010", *right, "101"])


def _complement(modules: str) -> str:
    return modules.translate(str.maketrans("01", "10"))
