"""How a file is to be read and imported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from wrencos_core.api import Invalid

FORMATS = ("own", "shopify")


@dataclass(frozen=True)
class ImportOptions:
    """`columns` maps names in the file to those of its format, `ignore` names columns to leave out.

    Without a `format` the header tells which it is. `skip_bad` imports the products that are
    right although others are not; `create_categories` makes those that there are not.
    """

    format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    skip_bad: bool = False
    create_categories: bool = False

    def stored(self) -> dict[str, Any]:
        """As a document keeps it; names of columns may hold dots."""
        return {**asdict(self), "columns": list(self.columns.items()), "ignore": list(self.ignore)}

    @staticmethod
    def of_stored(row: Mapping[str, Any]) -> ImportOptions:
        return ImportOptions(
            **{**row, "columns": dict(row["columns"]), "ignore": tuple(row["ignore"])}
        )


def parse_columns(pairs: Iterable[str]) -> dict[str, str]:
    """`Tên=name` and so on as a mapping; the last `=` counts. Raises Invalid."""
    found = {}
    for pair in pairs:
        name, sign, column = pair.rpartition("=")
        if not (sign and name.strip() and column.strip()):
            raise Invalid(errors={"map": [f"Must look like `Tên=name`, not {pair!r}."]})
        found[name.strip()] = column.strip()
    return found


def read_mapping(text: str) -> tuple[str | None, dict[str, str], tuple[str, ...]]:
    """Format, columns and ignored ones of a saved mapping. Raises Invalid."""
    try:
        found = json.loads(text)
        columns, ignore, format = found["columns"], found.get("ignore", []), found.get("format")
        texts = [*columns, *columns.values(), *ignore]
        fits = format in (None, *FORMATS) and all(isinstance(one, str) for one in texts)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise Invalid('A mapping is JSON such as {"columns": {"Tên": "name"}, "ignore": []}.')
    return format, dict(columns), tuple(ignore)


def written_mapping(options: ImportOptions) -> str:
    """The mapping of these options, as `read_mapping` reads it."""
    saved = {
        "format": options.format,
        "columns": dict(options.columns),
        "ignore": list(options.ignore),
    }
    return json.dumps(saved, ensure_ascii=False, indent=2) + "\n"
