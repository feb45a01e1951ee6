"""What stands on one shelf card, and where. Lengths are millimetres at scale 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wrencos_commerce.services.labels.codes import ean13, ean13_modules, qr_modules
from wrencos_commerce.services.labels.formats import SheetFormat
from wrencos_core.api import pdf

_PADDING = 3.0
_QR_SIDE = 19.0
_LINE = 3.7
_STRIP = 9.5
_BAR_HEIGHT = 6.5
# 80 % of the nominal module of 0.33 mm is the least that GS1 allows.
_MODULE = 0.264
# Light modules that a scanner needs left and right of an EAN-13.
_QUIET_LEFT, _QUIET_RIGHT = 11, 7
# Millimetres from line to line for each point of the type's size.
_LINE_OF_POINT = 0.43
_BETWEEN = " · "


class Card(NamedTuple):
    """The texts of a card as they are printed; what is None or empty is left out."""

    name: str
    brand: str | None
    variant: str | None
    price: str | None
    unit_price: str | None
    sku: str
    barcode: str | None
    url: str | None
    ingredients: str | None


def draw(writer: pdf.PdfWriter, card: Card, format: SheetFormat) -> None:
    """Draw the card with its corner at (0, 0)."""
    scale = format.scale
    right = format.width - _PADDING * scale
    column = right - _PADDING * scale
    if card.url:
        side = _QR_SIDE * scale
        # The quiet zone is the card's white around it.
        writer.squares(right - side, _PADDING * scale, side, qr_modules(card.url))
        column -= side + 2 * scale
    bottom = _heading(writer, card, column, scale)
    bottom = _prices(writer, card, max(bottom, 13.0 * scale), scale)
    strip = format.height - (_PADDING + _STRIP) * scale
    if card.ingredients:
        top = max(bottom, (_PADDING + _QR_SIDE + 2) * scale if card.url else 0)
        _small_print(writer, card.ingredients, top, strip, right - _PADDING * scale, scale)
    _foot(writer, card, strip, right, scale)


def _heading(writer: pdf.PdfWriter, card: Card, width: float, scale: float) -> float:
    x, y = _PADDING * scale, (_PADDING + 3) * scale
    size = 8.5 * scale
    for line in pdf.wrapped(card.name, width, 2, size=size, bold=True):
        writer.text(x, y, line, size=size, bold=True)
        y += _LINE * scale
    # The variant first: what must be cut off is rather the end of the brand.
    below = _BETWEEN.join(filter(None, (card.variant, card.brand)))
    for line in pdf.wrapped(below, width, 1, size=6.5 * scale):
        writer.text(x, y - 0.4 * scale, line, size=6.5 * scale, grey=True)
        y += 2.9 * scale
    return y


def _prices(writer: pdf.PdfWriter, card: Card, y: float, scale: float) -> float:
    x = _PADDING * scale
    if card.price:
        y += 3.2 * scale
        writer.text(x, y, card.price, size=13 * scale, bold=True)
    if card.price and card.unit_price:
        y += 3 * scale
        writer.text(x, y, card.unit_price, size=6 * scale, grey=True)
    return y + 2.6 * scale


def _small_print(
    writer: pdf.PdfWriter, text: str, top: float, end: float, width: float, scale: float
) -> None:
    size = 5 * scale
    line_height = size * _LINE_OF_POINT
    most = int((end - top) / line_height)
    y = top
    for line in pdf.wrapped(text, width, max(most, 0), size=size):
        writer.text(_PADDING * scale, y, line, size=size)
        y += line_height


def _foot(writer: pdf.PdfWriter, card: Card, y: float, right: float, scale: float) -> None:
    size = 6 * scale
    digits = ean13(card.barcode)
    if digits is not None:
        step = _MODULE * scale
        modules = ean13_modules(digits)
        # The padding is part of the quiet zone.
        x = max(_PADDING * scale, _QUIET_LEFT * step)
        writer.bars(x, y, len(modules) * step, _BAR_HEIGHT * scale, modules)
        middle = x + len(modules) * step / 2
        base = y + (_BAR_HEIGHT + 2.4) * scale
        writer.text(middle, base, _spaced(digits), size=size, align="center")
        left = x + (len(modules) + _QUIET_RIGHT) * step
    else:
        left = _PADDING * scale
        if card.barcode:
            writer.text(left, y + 4 * scale, card.barcode, size=size)
    base = y + (_BAR_HEIGHT + 2.4) * scale
    if digits is None:
        writer.text(left, base, card.sku, size=size, grey=True)
        return
    for line in pdf.wrapped(card.sku, right - left, 1, size=size):
        writer.text(right, base, line, size=size, grey=True, align="right")


def _spaced(digits: str) -> str:
    """As people read it off the bars: `4 006381 333931`."""
    parts: Sequence[str] = (digits[0], digits[1:7], digits[7:])
    return " ".join(parts)
