"""PDF pages for print: text in Vietnamese and English, lines, and the squares and bars of codes.

All measures are millimetres from the top left corner, sizes of type are points. It needs the extra
`pdf` (ReportLab, and the Open Sans fonts, which cover Vietnamese), imported when a writer is made.
"""

from __future__ import annotations

import io
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from wrencos_core.errors import FeatureUnavailable
from wrencos_core.money import Money, format_money

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

Align = Literal["left", "center", "right"]

_POINTS = 72 / 25.4
_REGULAR, _BOLD = "OpenSans", "OpenSans-Bold"
_FILES = {_REGULAR: "OPENSANS_REGULAR", _BOLD: "OPENSANS_BOLD"}
# The font has no narrow no-break space, which CLDR sets into amounts of some languages.
_REPLACED = {0x202F: "\u00a0"}
_CUT = "…"
_GREY, _SHADE = 0.35, 0.94


class Paper(NamedTuple):
    """The size of a page in millimetres."""

    width: float
    height: float


A4, A6 = Paper(210, 297), Paper(105, 148)


class PdfWriter:
    """Writes one document page by page; `finish` gives its bytes.

    Raises FeatureUnavailable (501) when the extra `pdf` is not installed.
    """

    def __init__(self, paper: Paper, title: str, author: str = "") -> None:
        self.paper = paper
        self._buffer = io.BytesIO()
        self._canvas = _canvas(self._buffer, paper)
        self._canvas.setTitle(printable(title))
        self._canvas.setAuthor(printable(author))
        self._stamps: set[str] = set()
        self.pages = 0

    def next_page(self) -> None:
        """Begin a page; to be called before the first one too."""
        if self.pages:
            self._canvas.showPage()
        self.pages += 1

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        bold: bool = False,
        grey: bool = False,
        align: Align = "left",
    ) -> None:
        """One line whose baseline is at `y`; `x` is its left end, its middle or its right end."""
        shown = printable(text)
        width = text_width(shown, size, bold) if align != "left" else 0
        x -= {"left": 0, "center": width / 2, "right": width}[align]
        canvas = self._canvas
        canvas.setFillGray(_GREY if grey else 0)
        canvas.setFont(_BOLD if bold else _REGULAR, size)
        canvas.drawString(x * _POINTS, self._up(y), shown)

    def line(self, x1: float, y1: float, x2: float, y2: float, *, width: float = 0.1) -> None:
        """A grey line; `width` in millimetres."""
        self._canvas.setStrokeGray(0.7)
        self._canvas.setLineWidth(width * _POINTS)
        self._canvas.line(x1 * _POINTS, self._up(y1), x2 * _POINTS, self._up(y2))

    def shade(self, x: float, y: float, width: float, height: float) -> None:
        """A light grey area, for what is to stand on it."""
        self._canvas.setFillGray(_SHADE)
        left, wide, high = x * _POINTS, width * _POINTS, height * _POINTS
        self._canvas.rect(left, self._up(y + height), wide, high, stroke=0, fill=1)

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        """A thin black rectangle, such as a box to tick."""
        self._canvas.setStrokeGray(0)
        self._canvas.setLineWidth(0.2 * _POINTS)
        left, wide, high = x * _POINTS, width * _POINTS, height * _POINTS
        self._canvas.rect(left, self._up(y + height), wide, high, stroke=1, fill=0)

    def squares(self, x: float, y: float, side: float, matrix: Iterable[Sequence[int]]) -> None:
        """A square code of `side` millimetres: each module of `matrix` that is not 0 is black."""
        rows = [list(row) for row in matrix]
        step = side / len(rows)
        path = self._canvas.beginPath()
        for number, row in enumerate(rows):
            for first, count in _runs(row):
                left, top = x + first * step, y + number * step
                path.rect(
                    left * _POINTS,
                    self._up(top + step),
                    count * step * _POINTS,
                    step * _POINTS,
                )
        self._fill(path)

    def bars(self, x: float, y: float, width: float, height: float, modules: str) -> None:
        """A bar code: each `1` of `modules` is a black bar, each `0` a space, all equally wide."""
        step = width / len(modules)
        path = self._canvas.beginPath()
        for first, count in _runs([int(module) for module in modules]):
            path.rect(
                (x + first * step) * _POINTS,
                self._up(y + height),
                count * step * _POINTS,
                height * _POINTS,
            )
        self._fill(path)

    def stamp(self, name: str, x: float, y: float, draw: Callable[[], None]) -> None:
        """What `draw` draws from (0, 0) on, put at (x, y).

        Drawn once in the file for each `name`, however often it is put down: for copies.
        """
        canvas = self._canvas
        if name not in self._stamps:
            self._stamps.add(name)
            canvas.beginForm(name, 0, 0, self.paper.width * _POINTS, self.paper.height * _POINTS)
            draw()
            canvas.endForm()
        canvas.saveState()
        canvas.translate(x * _POINTS, -y * _POINTS)
        canvas.doForm(name)
        canvas.restoreState()

    def finish(self) -> bytes:
        """The document; nothing can be drawn after it."""
        self._canvas.save()
        return self._buffer.getvalue()

    def _fill(self, path: object) -> None:
        self._canvas.setFillGray(0)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def _up(self, y: float) -> float:
        """PDF counts points from the bottom."""
        return (self.paper.height - y) * _POINTS


def printable(text: str) -> str:
    """`text` with its letters and marks as one character each, as the fonts have them."""
    return unicodedata.normalize("NFC", text).translate(_REPLACED)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How many millimetres the text takes in one line."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    _register_fonts()
    width: float = stringWidth(printable(text), _BOLD if bold else _REGULAR, size)
    return width / _POINTS


def wrapped(text: str, width: float, most: int, *, size: float, bold: bool = False) -> list[str]:
    """`text` in lines of at most `width` millimetres, at most so many; what is cut ends in `…`."""
    lines: list[str] = []
    words, start = printable(text).split(), 0
    while start < len(words) and len(lines) < most:
        is_last = len(lines) == most - 1
        end = _fitting(words, start, width, size, bold)
        if end == start or (is_last and end < len(words)):
            # A word wider than the line, or the last line of a text that goes on.
            end = len(words) if is_last else start + 1
            lines.append(_cut(" ".join(words[start:end]), width, size, bold))
        else:
            lines.append(" ".join(words[start:end]))
        start = end
    return lines


def money_text(amount: int, currency: str, locale: str) -> str:
    """An amount of minor units for print: `390.000 ₫`, `$29.99`."""
    return printable(format_money(Money(amount, currency), locale))


def _fitting(words: Sequence[str], start: int, width: float, size: float, bold: bool) -> int:
    """The index behind the last word that fits into one line with those from `start` on.

    Widths can be added up: ReportLab sets no letters closer together.
    """
    space, taken = text_width(" ", size, bold), 0.0
    for index in range(start, len(words)):
        taken += text_width(words[index], size, bold) + (space if index > start else 0)
        if taken > width:
            return index
    return len(words)


def _cut(text: str, width: float, size: float, bold: bool) -> str:
    """The longest beginning of `text` that fits with `…` behind it; all of it when that fits."""
    if text_width(text, size, bold) <= width:
        return text

    def cut_at(length: int) -> str:
        return text[:length].rstrip() + _CUT

    lengths = range(len(text))
    too_wide = bisect_right(lengths, width, key=lambda n: text_width(cut_at(n), size, bold))
    return cut_at(max(0, too_wide - 1))


def _runs(row: Sequence[int]) -> Iterable[tuple[int, int]]:
    """The first index and the length of each run of modules that are not 0."""
    first = None
    for index, module in enumerate([*row, 0]):
        if module and first is None:
            first = index
        elif not module and first is not None:
            yield first, index - first
            first = None


def _canvas(buffer: io.BytesIO, paper: Paper) -> Canvas:
    _register_fonts()
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    # Bytes as they are: its text form would be a quarter larger, and slow to make.
    rl_config.useA85 = 0

    size = (paper.width * _POINTS, paper.height * _POINTS)
    return Canvas(buffer, pagesize=size, pageCompression=1, invariant=1)


@cache
def _register_fonts() -> None:
    try:
        import ttf_opensans
        from reportlab.pdfbase.pdfmetrics import registerFont
        from reportlab.pdfbase.ttfonts import TTFont
    except ImportError as error:
        raise FeatureUnavailable("Printing needs `pip install wrencos-core[pdf]`.") from error
    for name, attribute in _FILES.items():
        registerFont(TTFont(name, str(getattr(ttf_opensans, attribute).path)))
