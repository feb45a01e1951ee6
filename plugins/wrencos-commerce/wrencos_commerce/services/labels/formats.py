"""Sheets that shelf cards are printed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from wrencos_core.api import pdf


class SheetFormat(NamedTuple):
    """Cards of `width` x `height` mm in rows and columns; `scale` enlarges what is on them."""

    name: str
    paper: pdf.Paper
    columns: int
    rows: int
    left: float
    top: float
    width: float
    height: float
    scale: float
    # Whether there is room for the ingredients.
    has_small_print: bool = False

    @property
    def on_a_page(self) -> int:
        return self.columns * self.rows

    def place(self, number: int) -> tuple[float, float]:
        """The top left corner of card `number` of a page, counted from 0, row by row."""
        row, column = divmod(number, self.columns)
        return self.left + column * self.width, self.top + row * self.height


# 70 x 37 mm and 105 x 57 mm are usual sizes of adhesive labels.
FORMATS: Mapping[str, SheetFormat] = {
    format.name: format
    for format in (
        SheetFormat("a4-3x8", pdf.A4, 3, 8, 0, 0.5, 70, 37, 1.0),
        SheetFormat("a4-2x5", pdf.A4, 2, 5, 0, 6, 105, 57, 1.5),
        SheetFormat("a6", pdf.A6, 1, 1, 0, 0, 105, 148, 1.5, has_small_print=True),
    )
}
