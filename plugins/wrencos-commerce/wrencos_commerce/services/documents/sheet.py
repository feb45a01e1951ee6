"""A document on A4: its head, texts side by side, a table over several pages, and the foot.

Lengths are millimetres, `y` counts from the top. A document is drawn twice, as the first page says
already how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from wrencos_commerce.services.documents.words import Say
from wrencos_core.api import pdf

LEFT, RIGHT = 18.0, 192.0
_TOP, _BOTTOM, _FOOT = 20.0, 274.0, 283.0
LINE = 4.3
SIZE, SMALL = 8.5, 7.5
_LEAST = 4.5
_FACTS = 120.0
_PADDING = 2.2
_MOST_LINES = 3


class Column(NamedTuple):
    """A column of a table, `width` wide; numbers are aligned to the right."""

    title: str
    width: float
    align: pdf.Align = "right"


class Cell(NamedTuple):
    """What stands in a cell: a text, and a smaller one in grey below it. `box`: one to tick."""

    text: str
    below: str = ""
    bold: bool = False
    box: bool = False


class Block(NamedTuple):
    """A titled text, `width` wide; the first line stands out where it `names` somebody."""

    title: str
    lines: Sequence[str]
    width: float
    names: bool = True


class Frame(NamedTuple):
    """What stands on every page: the shop and the document above, the business below."""

    shop: str
    title: str
    number: str
    foot: str
    author: str


class Sheet:
    """Draws one document from top to bottom; `y` is where it has come to."""

    def __init__(self, writer: pdf.PdfWriter, frame: Frame, say: Say, pages: int) -> None:
        self._writer = writer
        self._frame = frame
        self._say = say
        self._pages = pages
        self.y = _TOP

    def text(self, x: float, text: str, **style: object) -> None:
        """One line at `y`, as the writer's `text`."""
        self._writer.text(x, self.y, text, **{"size": SIZE, **style})  # type: ignore[arg-type]

    def begin(self, seller: Sequence[str], facts: Sequence[tuple[str, str]]) -> None:
        """The first page: who sells on the left, the title and the facts on the right."""
        self._next_page()
        self.y = _TOP + 3
        self.text(LEFT, _one(self._frame.shop, 95, 15, bold=True), size=15, bold=True)
        self.text(RIGHT, self._frame.title, size=17, bold=True, align="right")
        start = self.y = self.y + 7
        for line in seller:
            self._paragraph(LEFT, line, 95, most=2, grey=True)
        end, self.y = self.y, start
        for label, value in facts:
            self.text(_FACTS, label, grey=True)
            room = RIGHT - _FACTS - pdf.text_width(label, SIZE) - 3
            fitting_text(self._writer, RIGHT, self.y, value, room, bold=True)
            self.y += LINE
        self.y = max(end, self.y) + 5

    def blocks(self, blocks: Sequence[Block]) -> None:
        """Titled texts side by side."""
        start, end, x = self.y, self.y, LEFT
        for block in blocks:
            self.y = start
            self.text(x, block.title, size=SMALL, grey=True)
            self.y += LINE + 0.4
            for index, line in enumerate(block.lines):
                bold = block.names and index == 0
                self._paragraph(x, line, block.width - 5, most=3, bold=bold)
            end, x = max(end, self.y), x + block.width
        self.y = end + 3

    def code(self, x: float, top: float, side: float, modules: Sequence[Sequence[int]]) -> None:
        """A square code with its corner there, wherever `y` is."""
        self._writer.squares(x, top, side, modules)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """Rows under titles that every page repeats; a row is never parted."""
        self._titles(columns)
        for row in rows:
            lines = [self._cell_lines(c, cell) for c, cell in zip(columns, row, strict=True)]
            height = max(map(len, lines)) * LINE + _PADDING
            if self.y + height > _BOTTOM:
                self._next_page()
                self._titles(columns)
            x, top = LEFT, self.y
            for column, cell, texts in zip(columns, row, lines, strict=True):
                self._cell(x, top, column, cell, texts)
                x += column.width
            self.y = top + height
            self._writer.line(LEFT, self.y, x, self.y)
        self.y += 8

    def keep_together(self, height: float) -> None:
        """Begin a page unless so much still fits on this one."""
        if self.y + height > _BOTTOM:
            self._next_page()
            self.y += 5

    def amounts(self, x: float, lines: Sequence[tuple[str, str, bool]]) -> None:
        """Labels at `x` and amounts at the right edge; those that are `bold` have a line above."""
        for label, amount, bold in lines:
            if bold:
                self._writer.line(x, self.y - 2.6, RIGHT, self.y - 2.6, width=0.25)
                self.y += 2.6
            size = SIZE + 2 if bold else SIZE
            self.text(x, label, size=size, bold=bold, grey=not bold)
            fitting_text(self._writer, RIGHT - 1.5, self.y, amount, 42, size=size, bold=bold)
            self.y += LINE + (1.8 if bold else 0.6)

    def _titles(self, columns: Sequence[Column]) -> None:
        self._writer.shade(LEFT, self.y, sum(column.width for column in columns), 7)
        x = LEFT
        for column in columns:
            at = x + 1.5 if column.align == "left" else x + column.width - 1.5
            title = pdf.wrapped(column.title, column.width - 1.5, 1, size=SMALL, bold=True)
            for line in title:
                self._writer.text(at, self.y + 4.7, line, size=SMALL, bold=True, align=column.align)
            x += column.width
        self.y += 7

    @staticmethod
    def _cell_lines(column: Column, cell: Cell) -> list[tuple[str, bool]]:
        """The lines of a cell, each with whether it is of the smaller text."""
        if column.align != "left":
            return [
                (text, small) for text, small in ((cell.text, False), (cell.below, True)) if text
            ]
        width = column.width - 3
        above = pdf.wrapped(cell.text, width, _MOST_LINES, size=SIZE, bold=cell.bold)
        below = pdf.wrapped(cell.below, width, 2, size=SMALL)
        return [*((text, False) for text in above), *((text, True) for text in below)]

    def _cell(
        self, x: float, top: float, column: Column, cell: Cell, lines: Sequence[tuple[str, bool]]
    ) -> None:
        if cell.box:
            self._writer.frame(x + column.width - 6, top + 1.6, 4, 4)
        y = top + LINE
        for text, small in lines:
            size = SMALL if small else SIZE
            if column.align == "left":
                self._writer.text(
                    x + 1.5, y, text, size=size, bold=cell.bold and not small, grey=small
                )
            else:
                end, width = x + column.width - 1.5, column.width - 2
                fitting_text(
                    self._writer, end, y, text, width, size=size, bold=cell.bold, grey=small
                )
            y += LINE

    def _paragraph(self, x: float, text: str, width: float, *, most: int, **style: bool) -> None:
        bold = style.get("bold", False)
        for line in pdf.wrapped(text, width, most, size=SIZE, bold=bold):
            self.text(x, line, **style)
            self.y += LINE

    def _next_page(self) -> None:
        writer, frame = self._writer, self._frame
        writer.next_page()
        writer.line(LEFT, _FOOT - 4, RIGHT, _FOOT - 4)
        writer.text(LEFT, _FOOT, _one(frame.foot, 140, SMALL), size=SMALL, grey=True)
        shown = self._say("page").format(writer.pages, self._pages)
        writer.text(RIGHT, _FOOT, shown, size=SMALL, grey=True, align="right")
        self.y = _TOP
        if writer.pages > 1:
            title = f"{frame.title} {frame.number} {self._say('continued')}"
            writer.text(LEFT, _TOP, _one(frame.shop, 80, SIZE, bold=True), size=SIZE, bold=True)
            writer.text(RIGHT, _TOP, title, size=SIZE, grey=True, align="right")
            self.y = _TOP + 5


def drawn(frame: Frame, say: Say, draw: Callable[[Sheet], None]) -> bytes:
    """The document that `draw` draws."""
    pages = 0
    while True:
        writer = pdf.PdfWriter(pdf.A4, f"{frame.title} {frame.number}", frame.author)
        draw(Sheet(writer, frame, say, pages))
        if writer.pages == pages:
            return writer.finish()
        pages = writer.pages


def fitting_text(
    writer: pdf.PdfWriter,
    right: float,
    y: float,
    text: str,
    width: float,
    *,
    size: float = SIZE,
    bold: bool = False,
    grey: bool = False,
) -> None:
    """One line that ends at `right`, in smaller type where it would be wider than `width`."""
    taken = pdf.text_width(text, size, bold)
    if taken > width:
        size = max(_LEAST, size * width / taken)
    writer.text(right, y, text, size=size, bold=bold, grey=grey, align="right")


def _one(text: str, width: float, size: float, bold: bool = False) -> str:
    return "".join(pdf.wrapped(text, width, 1, size=size, bold=bold))
