"""A list of ingredients in one cell: items by `;`, or a line as it is printed on the packaging."""

from __future__ import annotations

from collections.abc import Sequence

from wrencos_commerce.services.csv import cells
from wrencos_commerce.services.ingredients.parsing import parse, printed

_LONGEST = 20_000


def read_ingredients(cell: str) -> list[str]:
    """The ingredients in their order. Raises ValueError for more than 200."""
    if len(cell) > _LONGEST:
        raise ValueError(f"Has more than {_LONGEST} characters.")
    if ";" in cell or "," not in cell:
        return cells.items(cell)
    return cells.items(cells.joined([printed([one]) for one in parse(cell)]))


def shown_ingredients(values: Sequence[str]) -> str:
    """The cell that `read_ingredients` reads as `values`."""
    cell = cells.joined(values)
    return f"{cell};" if len(values) == 1 and "," in cell else cell
