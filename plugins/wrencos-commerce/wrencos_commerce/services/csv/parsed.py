"""What a file says of one product, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wrencos_commerce.services.csv.tables import CsvRow

# Beside the columns: the address of the picture of a variant.
PICTURE = "pictureUrl"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is bad in a row of the file: its number, the column, and words for its owner."""

    row: int
    column: str
    words: str


@dataclass(slots=True)
class Group:
    """Adjacent rows of one product with the columns of the own format.

    `media` are its pictures in order, `url` and `alt`; None when the file tells nothing of them.
    `size` counts its rows, those without a variant too.
    """

    handle: str | None
    rows: list[tuple[int, CsvRow]] = field(default_factory=list)
    first_row: int = 0
    last_row: int = 0
    size: int = 0
    media: list[dict[str, Any]] | None = None
    problems: list[Problem] = field(default_factory=list)
    needs_sku: bool = True


@dataclass(slots=True)
class ParsedVariant:
    row: int
    values: Mapping[str, Any]


@dataclass(slots=True)
class ParsedProduct:
    """`values` are fields of Product, amounts in major units; `translations` by (locale, field)."""

    group: Group
    values: dict[str, Any]
    variants: list[ParsedVariant]
    translations: dict[tuple[str, str], str | None]
    problems: list[Problem]
