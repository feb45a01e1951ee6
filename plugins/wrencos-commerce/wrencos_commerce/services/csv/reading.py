"""From rows to products: the own format's groups, and what the cells of a group say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wrencos_commerce.models.product import MAX_MEDIA, MAX_VARIANTS
from wrencos_commerce.services.csv.category_index import CategoryIndex
from wrencos_commerce.services.csv.cells import unquoted
from wrencos_commerce.services.csv.columns import BY_NAME, COLUMNS, Column
from wrencos_commerce.services.csv.parsed import (
    PICTURE,
    Group,
    ParsedProduct,
    ParsedVariant,
    Problem,
)
from wrencos_commerce.services.csv.tables import CsvRow, Numbered

# More rows of one product are not kept, only counted.
MOST_ROWS = MAX_VARIANTS + MAX_MEDIA
WRONG_WIDTH = "Has more or fewer cells than there are columns."


def own_groups(rows: Iterable[Numbered]) -> Iterator[Group]:
    """The products of a file in the own format, without holding more than one."""
    group: Group | None = None
    for row in rows:
        if row.cells is None:
            if group:
                yield group
            group = None
            yield bad_row(row.number)
            continue
        handle = (row.cells.get("handle") or "").strip() or None
        if group is None or handle is None or handle != group.handle:
            if group:
                yield group
            group = Group(handle, first_row=row.number)
        add_row(group, row.number, row.cells)
    if group:
        yield group


def add_row(group: Group, number: int, cells: CsvRow) -> None:
    """Put a row of a variant into the group of its product."""
    group.last_row = number
    group.size += 1
    if len(group.rows) < MAX_VARIANTS:
        group.rows.append((number, cells))
    elif len(group.problems) < 1:
        words = f"A product has {MAX_VARIANTS} variants at most."
        group.problems.append(Problem(number, "handle", words))


def bad_row(number: int) -> Group:
    """A row that nothing can be read of."""
    problem = Problem(number, "row", WRONG_WIDTH)
    return Group(None, first_row=number, last_row=number, size=1, problems=[problem])


class Reader:
    """Reads the cells of a product; categories are looked up in `categories`."""

    def __init__(self, names: Iterable[str], categories: CategoryIndex) -> None:
        present = set(names)
        columns = [column for column in COLUMNS if column.name in present]
        self._of_product = [c for c in columns if not c.of_variant and c.name != "handle"]
        self._of_variant = [c for c in columns if c.of_variant]
        self._categories = categories

    def read(self, group: Group) -> ParsedProduct:
        """What the group says; every mistake is among its `problems`, none raises."""
        problems = list(group.problems)
        if not group.rows:
            return ParsedProduct(group, {}, [], {}, problems)
        number, first = group.rows[0]
        told = self._of_product
        # Rows of a handle that comes again tell of variants only.
        if group.handle and not any(first.get(c.name, "").strip() for c in told):
            told = []
        values = self._cells(told, number, first, problems)
        for other, cells in group.rows[1:]:
            problems.extend(self._differing(first, other, cells))
        if group.handle:
            try:
                BY_NAME["handle"].read(group.handle)
            except ValueError as error:
                problems.append(Problem(number, "handle", str(error)))
        variants = [
            ParsedVariant(row, self._variant(row, cells, group.needs_sku, problems))
            for row, cells in group.rows
        ]
        translations = {
            (name.split(".")[1], name.split(".")[2]): values.pop(name)
            for name in [name for name in values if name.startswith("translations.")]
        }
        self._find_category(values, number, problems)
        if not values.get("currency"):
            values.pop("currency", None)
        return ParsedProduct(group, values, variants, translations, problems)

    def _variant(
        self, row: int, cells: CsvRow, needs_sku: bool, problems: list[Problem]
    ) -> dict[str, Any]:
        columns = self._of_variant
        if not needs_sku and not cells.get("sku"):
            columns = [column for column in columns if column.name != "sku"]
        values = self._cells(columns, row, cells, problems)
        return {**values, "picture_url": cells[PICTURE]} if PICTURE in cells else values

    @staticmethod
    def _cells(
        columns: Iterable[Column], number: int, cells: CsvRow, problems: list[Problem]
    ) -> dict[str, Any]:
        values = {}
        for column in columns:
            if column.name not in cells:
                continue
            cell = cells[column.name].strip()
            if not cell and column.tells_by_content:
                continue
            try:
                values[column.field] = column.read(unquoted(cell) if column.is_text else cell)
            except ValueError as error:
                problems.append(Problem(number, column.name, str(error)))
        return values

    def _differing(self, first: CsvRow, number: int, cells: CsvRow) -> Iterator[Problem]:
        """A later row says nothing of the product, or the same."""
        for column in self._of_product:
            cell = cells.get(column.name, "").strip()
            if cell and cell != first.get(column.name, "").strip():
                words = "Differs from the first row of the same handle."
                yield Problem(number, column.name, words)

    def _find_category(self, values: dict[str, Any], number: int, problems: list[Problem]) -> None:
        if wanted := values.get("category_id"):
            values["category_id"] = self._categories.find(wanted)
            if values["category_id"] is None:
                words = f"There is no category {wanted}."
                problems.append(Problem(number, "category", words))


def by_row(problems: Iterable[Problem]) -> Mapping[int, list[Problem]]:
    """The problems of each row that has any."""
    rows: dict[int, list[Problem]] = {}
    for problem in problems:
        rows.setdefault(problem.row, []).append(problem)
    return rows
