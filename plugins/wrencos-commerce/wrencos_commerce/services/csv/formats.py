"""Which format a file has, its header checked, and its rows as products."""

from __future__ import annotations

from collections.abc import Iterator

from wrencos_commerce.services.csv import shopify_columns
from wrencos_commerce.services.csv.category_index import CategoryIndex
from wrencos_commerce.services.csv.columns import NAMES
from wrencos_commerce.services.csv.options import ImportOptions
from wrencos_commerce.services.csv.parsed import Group, ParsedProduct, Problem
from wrencos_commerce.services.csv.reading import Reader, own_groups
from wrencos_commerce.services.csv.shopify import ShopifyGroups
from wrencos_commerce.services.csv.tables import Numbered, Table
from wrencos_core.api import Invalid

_WRONG = "The columns of the file are not right."


class ProductFile:
    """A file whose header is right; raises Invalid for another, which says what is wrong."""

    def __init__(self, table: Table, options: ImportOptions, categories: CategoryIndex) -> None:
        self._table = table
        self.skips_bad = options.skip_bad
        self.names = _names(table.header, options)
        present = [name for name in self.names if name is not None]
        self.format = options.format or (
            "shopify" if shopify_columns.is_shopify(present) else "own"
        )
        self.ignored: list[str] = []
        self._shopify: ShopifyGroups | None = None
        if self.format == "shopify":
            self._shopify = ShopifyGroups(present, categories)
            self.ignored = self._shopify.ignored
            self._reader = Reader(self._shopify.own_names, categories)
        else:
            _check(present)
            self._reader = Reader(present, categories)

    def products(self) -> Iterator[ParsedProduct]:
        """The products of the file from its beginning, one at a time."""
        for group in self._groups():
            parsed = self._reader.read(group)
            if self._shopify is not None:
                parsed.problems = [self._in_shopify(problem) for problem in parsed.problems]
            yield parsed

    def in_file(self, problem: Problem) -> Problem:
        """The problem with the column's name in this file."""
        return self._in_shopify(problem) if self._shopify else problem

    @property
    def unknown_tags(self) -> list[str]:
        """Tags that are neither a skin type nor a concern, as far as it was read; some of them."""
        return self._shopify.unknown_tags if self._shopify else []

    def _in_shopify(self, problem: Problem) -> Problem:
        assert self._shopify is not None
        return Problem(problem.row, self._shopify.header_of(problem.column), problem.words)

    def _groups(self) -> Iterator[Group]:
        rows = self._rows()
        return self._shopify.groups(rows) if self._shopify else own_groups(rows)

    def _rows(self) -> Iterator[Numbered]:
        wanted = [
            (old, new)
            for old, new in zip(self._table.header, self.names, strict=True)
            if new is not None
        ]
        for row in self._table.rows():
            if row.cells is None or not row.cells.keys() >= {old for old, _ in wanted}:
                yield Numbered(row.number, None)
            else:
                yield Numbered(row.number, {new: row.cells[old] for old, new in wanted})


def _names(header: tuple[str, ...], options: ImportOptions) -> list[str | None]:
    """The header by the mapping; None where a column is ignored."""
    absent = [name for name in options.columns if name not in header]
    if absent:
        errors = {name: ["The mapping names it, and there is no such column."] for name in absent}
        raise Invalid(_WRONG, errors=errors)
    ignored = set(options.ignore)
    names = [
        None if name in ignored or not name else options.columns.get(name, name) for name in header
    ]
    present = [name for name in names if name is not None]
    if twice := sorted({name for name in present if present.count(name) > 1}):
        raise Invalid(_WRONG, errors={name: ["Two columns stand for it."] for name in twice})
    return names


def _check(names: list[str]) -> None:
    errors = {} if "sku" in names else {"sku": ["This column is needed."]}
    unknown = sorted(set(names) - set(NAMES))
    errors |= {name: ["There is no such column; map it or ignore it."] for name in unknown}
    if errors:
        raise Invalid(_WRONG, errors=errors)
